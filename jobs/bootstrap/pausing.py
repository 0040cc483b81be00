"""Creates the use cases of pauses."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jobs.services import PauseService

if TYPE_CHECKING:
    from jobs.bootstrap import Application


def pause_service(app: Application) -> PauseService:
    return PauseService(
        pauses=app.pauses,
        breakers=app.breakers,
        jobs=app.jobs,
        audit=app.audit,
        clock=app.clock,
        source=app.configuration.source,
        probe_time=timedelta(seconds=app.configuration.source_probe_seconds),
    )
