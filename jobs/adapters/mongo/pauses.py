"""Pauses in MongoDB, and the view that KEDA counts.

The collection has at most two records per installation: the latest pause of the queue and that of its source.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.domain.pausing import Pause, current

if TYPE_CHECKING:
    from jobs.ports import Clock

DUE_VIEW = "due_jobs"
#: KEDA needs no higher number than its ``maxReplicaCount``.
MOST_COUNTED = 1_000


class MongoPauseRepository:
    """``jobs.ports.PauseRepository`` on the collection ``pauses``, for workers of one source."""

    def __init__(self, database: Database[Document], clock: Clock, source: str = "") -> None:
        self._pauses = database["pauses"]
        self._clock = clock
        self._scopes = _scopes(source)

    @translated
    def put(self, pause: Pause) -> None:
        self._pauses.replace_one({"_id": _scope(pause.source)}, _to_record(pause), upsert=True)

    @translated
    def end(self, source: str | None) -> Pause | None:
        now = self._clock()
        record = self._pauses.find_one_and_update(
            {"_id": _scope(source), "until": {"$gt": now}},
            {"$set": {"until": now}},
            return_document=ReturnDocument.BEFORE,
        )
        return _to_pause(record) if record else None

    @translated
    def current(self) -> list[Pause]:
        return current(self.latest(), self._clock())

    @translated
    def latest(self) -> list[Pause]:
        return [_to_pause(record) for record in self._pauses.find({"_id": {"$in": self._scopes}})]


def due_view(source: str) -> list[Document]:
    """The pipeline of the view ``due_jobs`` on ``pauses``: no job while a pause lasts, else the jobs that are due.

    One lookup for all jobs, not one per job. ``$facet`` yields one record even if there are no pauses. ``$let``,
    because Azure's MongoDB (DocumentDB) refuses a bare ``$$NOW`` on a collection with indexes.
    """
    current = {"_id": {"$in": _scopes(source)}, "$expr": _compared_to_now("$gt", "until")}
    # $expr takes a missing value or null for less than any date, so a date is required.
    due = {"runAfter": {"$gt": datetime.fromtimestamp(0, UTC)}, "$expr": _compared_to_now("$lte", "runAfter")}
    jobs = [{"$match": due}, {"$limit": MOST_COUNTED}, {"$project": {"runAfter": True}}]
    return [
        {"$facet": {"paused": [{"$match": current}, {"$limit": 1}]}},
        {"$match": {"paused": []}},
        {"$lookup": {"from": "jobs", "pipeline": jobs, "as": "job"}},
        {"$unwind": "$job"},
        {"$replaceRoot": {"newRoot": "$job"}},
    ]


def _compared_to_now(operator: str, field: str) -> Document:
    return {"$let": {"vars": {"now": "$$NOW"}, "in": {operator: [f"${field}", "$$now"]}}}


def _scopes(source: str) -> list[str]:
    return [_scope(None), _scope(source)] if source else [_scope(None)]


def _scope(source: str | None) -> str:
    return f"source {source}" if source else "queue"


def _to_record(pause: Pause) -> Document:
    fields: dict[str, Any] = {
        "source": pause.source,
        "by": pause.by,
        "reason": pause.reason,
        "since": pause.since,
        "until": pause.until,
        "stopRuns": pause.stop_runs,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _to_pause(record: Document) -> Pause:
    return Pause(
        source=record.get("source"),
        by=record["by"],
        reason=record["reason"],
        since=record["since"],
        until=record["until"],
        stop_runs=record["stopRuns"],
    )
