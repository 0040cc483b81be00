"""Orders per person and month in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from jobs.adapters.memory.jobs import MemoryJobRepository
from jobs.domain.allowances import Allowance


class MemoryAllowances:
    """``jobs.ports.Allowances`` over dictionaries."""

    def __init__(self, jobs: MemoryJobRepository) -> None:
        self._jobs = jobs
        self._found: dict[str, Allowance] = {}
        self._roles: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, by: str) -> Allowance:
        return self._found.get(by, Allowance(by=by))

    def change(self, by: str, changed: Callable[[Allowance], Allowance]) -> Allowance:
        with self._lock:
            self._found[by] = changed(self.of(by))
            return self._found[by]

    def ordered(self, by: str, since: datetime, limit: int) -> int:
        mine = (job for job in self._jobs.newest_first() if job.is_order and job.requested_by == by)
        return min(limit, sum(job.created_at >= since for job in mine))

    def role(self, by: str) -> str:
        return self._roles.get(by, "")

    def note_role(self, by: str, role: str) -> None:
        self._roles[by] = role
