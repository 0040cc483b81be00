"""Lists of exports in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
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
        """By their own index, which DocumentDB would not choose. Exports are kept for a week, so it is small."""

        def read(filter_: Document, order: Sequence[tuple[str, int]], count: int) -> list[Document]:
            return list(self._jobs.find(filter_, sort=order, limit=count, hint="exports"))

        return page(self._jobs, {**_IS_EXPORT, **NOT_DELETING}, "_id", DESCENDING, cursor, limit, to_job, read)

    @translated
    def of(self, scope: Scope, of: str, limit: int) -> list[Job]:
        wanted = {"export.of": of, "export.scope": str(scope), **NOT_DELETING}
        rows = self._jobs.find(wanted, sort=[("_id", DESCENDING)], limit=limit, hint="export.of_id")
        return [to_job(row) for row in rows]

    @translated
    def ended_before(self, time: datetime, limit: int) -> list[str]:
        ended = {**_IS_EXPORT, "completedAt": {"$lt": time}}
        rows = self._jobs.find(ended, {"_id": True}, sort=[("completedAt", ASCENDING)], limit=limit)
        return [str(row["_id"]) for row in rows]
