"""The steps of a claim.

MongoDB and the embedded server read the next job from an index. DocumentDB uses an index to find documents, but none
except that of ``_id`` to sort them, so it would sort all due jobs for each claim. There, a claim looks first among the
turns that are not far beyond those that are served now, and among all jobs of higher priorities, which are few as a
rule. A job with an earlier turn, for example after a retry, is among these, so the order of claims is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document, sorts_by_index
from jobs.adapters.mongo.records import job_update, to_job
from jobs.adapters.mongo.totals.counting import counted
from jobs.domain import changes
from jobs.domain.job import LOW_PRIORITY, Job
from jobs.domain.pausing import Pause
from jobs.domain.waiting import waited

CLAIM_ORDER = [("priority", DESCENDING), ("turn", ASCENDING), ("createdAt", ASCENDING)]

#: Turns beyond the latest served one that are asked for first: each has at most one job per requester.
_AHEAD = 10
_ANY_TURN: Document = {"turn": {"$not": {"$gt": 2**53}}}
#: Jobs that workers hold; more do not run at once.
_HELD = 1_000


@dataclass(frozen=True)
class Claim:
    """A worker's wish for a due job. ``pauses``: the latest ones."""

    worker: str
    lease_seconds: float
    now: datetime
    pauses: Sequence[Pause]


class Claims:
    """Takes due jobs for workers."""

    def __init__(self, jobs: Collection[Document]) -> None:
        self._jobs = jobs
        self._one_step: bool | None = None
        #: Priority → the latest turn that is served.
        self._served: dict[int, int] = {}

    def next(self, due: Document, claim: Claim) -> Job | None:
        """The next job in CLAIM_ORDER. ``due``: the filter of all due jobs."""
        taken = (self.take(step, claim, sort=CLAIM_ORDER) for step in self._steps(due))
        job = next(filter(None, taken), None)
        if job:
            self._served[job.priority] = job.turn
        return job

    def take(self, wanted: Document, claim: Claim, **options: Any) -> Job | None:
        """A matching job. It is read as it was before, which shows how long it waited."""
        change = changes.claimed(claim.worker, claim.now, claim.lease_seconds, new_run=True)
        record = self._jobs.find_one_and_update(wanted, counted(job_update(change)), **options)
        if record is None:
            return None
        before = to_job(record)
        return replace(change.applied(before), waited=waited(before, claim.pauses, claim.now))

    def _steps(self, due: Document) -> Iterator[Document]:
        """The filters of a claim, in order. The first job that a filter finds, in CLAIM_ORDER, is the next one."""
        if self._one_step is None:
            self._one_step = sorts_by_index(self._jobs.database)
            self._served = {} if self._one_step else self._held()
        if self._one_step:
            yield due
            return
        # DocumentDB uses the index of claims only with $exists and a turn. $not includes jobs without a turn.
        due = {"runAfter": {**due["runAfter"], "$exists": True}}
        above: Document = {}
        for priority in sorted(self._served, reverse=True):
            near = {"priority": priority, "turn": {"$not": {"$gt": self._served[priority] + _AHEAD}}, **due}
            yield {"$or": [{"priority": {"$gt": priority, **above}, **_ANY_TURN, **due}, near]}
            above = {"$lte": priority}
        yield {"priority": {"$gte": LOW_PRIORITY, **above}, **_ANY_TURN, **due}

    def _held(self) -> dict[int, int]:
        served: dict[int, int] = {}
        held = {"leaseExpiresAt": {"$exists": True}}
        for job in self._jobs.find(held, {"priority": True, "turn": True}, limit=_HELD):
            served[job["priority"]] = max(served.get(job["priority"], 0), job.get("turn", 0))
        return served
