"""The port for the number of orders that a person may place in a month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from jobs.domain.allowances import Allowance


class Allowances(Protocol):
    """One record per person, of the last month in which orders were counted."""

    def of(self, by: str) -> Allowance:
        """The person's record; an empty one if there is none."""

    def change(self, by: str, changed: Callable[[Allowance], Allowance]) -> Allowance:
        """Replace the record, atomically. If others replace it meanwhile, ``changed`` is called again.

        Returns the new record. If ``changed`` raises, nothing changes.
        """

    def ordered(self, by: str, since: datetime, limit: int) -> int:
        """The number of the person's orders since then that still exist, up to ``limit``."""

    def role(self, by: str) -> str:
        """The role that was noted last; "" for none."""

    def note_role(self, by: str, role: str) -> None:
        """Remember a person's role for programs that cannot read accounts. Idempotent."""
