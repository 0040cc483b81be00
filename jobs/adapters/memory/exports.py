"""Lists of exports in memory."""

from __future__ import annotations

from datetime import datetime

from jobs.adapters.memory.jobs import MemoryJobRepository
from jobs.domain.export import Scope
from jobs.domain.job import Job, JobStatus
from jobs.domain.listing import Cursor, Page


class MemoryExports:
    """``jobs.ports.Exports`` over the jobs of a ``MemoryJobRepository``."""

    def __init__(self, jobs: MemoryJobRepository) -> None:
        self._jobs = jobs

    def _all(self) -> list[Job]:
        return [job for job in self._jobs.newest_first() if job.export and job.status is not JobStatus.DELETING]

    def latest(self, cursor: Cursor | None, limit: int) -> Page[Job]:
        """There are no previous pages."""
        found = [job for job in self._all() if cursor is None or job.id < cursor.id]
        following = Cursor(id=found[limit - 1].id) if len(found) > limit else None
        return Page(items=found[:limit], next=following)

    def of(self, scope: Scope, of: str, limit: int) -> list[Job]:
        return [job for job in self._all() if job.export and (job.export.scope, job.export.of) == (scope, of)][:limit]

    def ended_before(self, time: datetime, limit: int) -> list[str]:
        ended = [(job.completed_at, job.id) for job in self._all() if job.completed_at]
        return [job_id for at, job_id in sorted(ended) if at < time][:limit]
