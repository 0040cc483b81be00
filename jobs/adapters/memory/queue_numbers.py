"""The numbers from which completions are estimated, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.adapters.memory.jobs import MemoryJobRepository
from jobs.adapters.memory.runs import MemoryRunRepository
from jobs.domain.expectation import Waiting
from jobs.domain.job import UNFINISHED, Job, JobStatus, Run
from jobs.ports import Clock


class MemoryQueueNumbers:
    """``jobs.ports.QueueNumbers`` over the repositories in memory."""

    def __init__(self, jobs: MemoryJobRepository, runs: MemoryRunRepository, clock: Clock) -> None:
        self._jobs, self._runs, self._clock = jobs, runs, clock

    def first_due(self, limit: int) -> Sequence[Waiting]:
        due = [job for job in reversed(self._jobs.newest_first()) if job.is_due(self._clock())]
        due.sort(key=lambda job: (-job.priority, job.turn, job.created_at))
        return [
            Waiting(id=job.id, priority=job.priority, turn=job.turn, runs=job.runs, due_at=job.due_at)
            for job in due[:limit]
        ]

    def held(self, limit: int) -> Sequence[int]:
        now = self._clock()
        held = [job for job in self._jobs.newest_first() if job.lease_expires_at and job.lease_expires_at > now]
        return [job.runs for job in held[:limit]]

    def last_runs(self, limit: int) -> Sequence[Run]:
        return self._runs.ended()[:limit]

    def last_of_list(self, list_id: str) -> Job | None:
        now = self._clock()
        unfinished = [job for job in self._jobs.newest_first() if job.list_id == list_id and job.status in UNFINISHED]
        delayed = [
            (job.run_after, job)
            for job in unfinished
            if job.status is JobStatus.PENDING and job.run_after and job.run_after > now
        ]
        latest = max(delayed, key=lambda each: each[0], default=None)
        return latest[1] if latest else next(iter(unfinished), None)
