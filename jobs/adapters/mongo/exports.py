"""Lists of exports in MongoDB."""

from __future__ import annotations

from datetime import datetime

from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.paging import page
from jobs.adapters.mongo.queue_filters import NOT_DELETING
from jobs.adapters.mongo.records import to_job
from jobs.domain.export import Scope
from jobs.domain.job import Job
from jobs.domain.listing import Cursor, Page

_IS_EXPORT = {"export.scope": {"$exists": True}}


class MongoExports:
    """``jobs.ports.Exports`` on the collection ``jobs``."""

    def __init__(self, database: Database[Document]) -> None:
        self._jobs = database["jobs"]

    @translated
    def latest(self, cursor: Cursor | None, limit: int) -> Page[Job]:
        return page(self._jobs, {**_IS_EXPORT, **NOT_DELETING}, "_id", DESCENDING, cursor, limit, to_job)

    @translated
    def of(self, scope: Scope, of: str, limit: int) -> list[Job]:
        wanted = {"export.of": of, "export.scope": str(scope), **NOT_DELETING}
        return [to_job(row) for row in self._jobs.find(wanted, sort=[("_id", DESCENDING)], limit=limit)]

    @translated
    def ended_before(self, time: datetime, limit: int) -> list[str]:
        ended = {**_IS_EXPORT, "completedAt": {"$lt": time}}
        rows = self._jobs.find(ended, {"_id": True}, sort=[("completedAt", ASCENDING)], limit=limit)
        return [str(row["_id"]) for row in rows]
