"""Creates the use cases of exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jobs.adapters.mongo.exports import MongoExports
from jobs.services import ExportService

if TYPE_CHECKING:
    from jobs.bootstrap import Application


def export_service(app: Application, new_id: Callable[[], str]) -> ExportService:
    return ExportService(
        jobs=app.jobs,
        exports=MongoExports(app.database),
        service=app.service,
        audit=app.audit,
        blobs=lambda: app.blobs,
        clock=app.clock,
        new_id=new_id,
        max_attempts=app.configuration.max_attempts,
        part_bytes=app.configuration.export_part_mib * 1024 * 1024,
        wake=app.service.wake,
    )
