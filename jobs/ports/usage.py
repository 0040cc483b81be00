"""The port for usage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.usage import Usage


class UsageSums(Protocol):
    """Sums per person and month. The ledger adds to them, so they are as recent as its last fold."""

    def since(self, month: str, by: str | None, limit: int) -> list[Usage]:
        """The sums of a person, or of everybody, from this month on: the latest month first, then by name."""
