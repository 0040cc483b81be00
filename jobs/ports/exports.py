"""The port for lists of exports. Each is a job, which ``JobRepository`` stores and changes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.export import Scope
    from jobs.domain.job import Job
    from jobs.domain.listing import Cursor, Page


class Exports(Protocol):
    """Jobs that are exports. Each method has an index and a limit."""

    def latest(self, cursor: Cursor | None, limit: int) -> Page[Job]:
        """The newest first. Raises TooSlow."""

    def of(self, scope: Scope, of: str, limit: int) -> list[Job]:
        """Those of one order or one company, the newest first."""

    def ended_before(self, time: datetime, limit: int) -> list[str]:
        """The ids of exports that ended before this time, the earliest first."""
