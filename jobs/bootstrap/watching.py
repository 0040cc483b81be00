"""Creates the use cases of watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jobs.adapters.mongo.watches import MongoWatchRepository
from jobs.services import WatchService

if TYPE_CHECKING:
    from jobs.bootstrap import Application


def watch_service(application: Application, new_id: Callable[[], str]) -> WatchService:
    return WatchService(
        watches=MongoWatchRepository(application.database, application.clock),
        jobs=application.jobs,
        documents=application.documents,
        companies=application.companies,
        service=application.service,
        audit=application.audit,
        clock=application.clock,
        new_id=new_id,
    )
