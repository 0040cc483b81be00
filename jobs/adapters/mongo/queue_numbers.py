"""The numbers from which completions are estimated, in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database

from jobs.adapters.mongo.claiming import CLAIM_ORDER
from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.paging import COUNT_SECONDS, in_time
from jobs.adapters.mongo.queue_filters import due
from jobs.adapters.mongo.records import to_job
from jobs.adapters.mongo.runs import to_run
from jobs.domain.expectation import Waiting
from jobs.domain.job import UNFINISHED, Job, JobStatus, Run
from jobs.ports import Clock

_WAITING = {"priority": True, "turn": True, "runs": True, "dueAt": True}
_TIMES = [timedelta(minutes=10) * 6**step for step in range(5)]
_ANY_TIME = {"$gt": datetime.fromtimestamp(0, UTC)}


class MongoQueueNumbers:
    """``jobs.ports.QueueNumbers`` on the collections ``jobs`` and ``runs``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._jobs, self._runs = database["jobs"], database["runs"]
        self._clock = clock

    @translated
    def first_due(self, limit: int) -> Sequence[Waiting]:
        """The query of the claim, whose order makes every server read the same index."""
        rows = self._jobs.find(due(self._clock()), _WAITING, sort=CLAIM_ORDER, limit=limit)
        return [
            Waiting(
                id=str(row["_id"]),
                priority=row["priority"],
                turn=row.get("turn", 0),
                runs=row["runs"],
                due_at=row.get("dueAt"),
            )
            for row in in_time(self._jobs, lambda: list(rows), COUNT_SECONDS)
        ]

    @translated
    def held(self, limit: int) -> Sequence[int]:
        held = {"leaseExpiresAt": {"$gt": self._clock()}}
        rows = self._jobs.find(held, {"runs": True}, sort=[("leaseExpiresAt", ASCENDING)], limit=limit)
        return [row["runs"] for row in rows]

    @translated
    def last_runs(self, limit: int) -> Sequence[Run]:
        """In ever longer times, since DocumentDB sorts all runs of the time that is asked for."""
        now, rows = self._clock(), []
        for time in (*({"$gt": now - each} for each in _TIMES), _ANY_TIME):
            rows = list(self._runs.find({"finishedAt": time}, sort=[("finishedAt", DESCENDING)], limit=limit))
            if len(rows) == limit:
                break
        return [to_run(row) for row in rows]

    @translated
    def last_of_list(self, list_id: str) -> Job | None:
        delayed = {"listId": list_id, "jobStatus": str(JobStatus.PENDING), "runAfter": {"$gt": self._clock()}}
        unfinished = {"listId": list_id, "jobStatus": {"$in": sorted(UNFINISHED)}}
        row = in_time(
            self._jobs,
            lambda: (
                self._jobs.find_one(delayed, sort=[("runAfter", DESCENDING)])
                or self._jobs.find_one(unfinished, sort=[("_id", DESCENDING)])
            ),
            COUNT_SECONDS,
        )
        return to_job(row) if row else None
