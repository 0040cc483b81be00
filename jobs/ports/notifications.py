"""Ports for notifications: the outbox of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jobs.domain.events import EndedList, Event


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A record with notes: their events, and the list that may have ended with them."""

    collection: str
    record_id: str
    #: How many notes the record has ever had; one more than before if a note was added meanwhile.
    notes: int
    events: tuple[Event, ...] = ()
    list_id: str | None = None


class Outbox(Protocol):
    """The events that changes have noted and nobody has delivered yet."""

    def waiting(self, limit: int) -> list[Outgoing]:
        """Records with notes, at most ``limit`` of each kind."""

    def remove(self, outgoing: Outgoing) -> None:
        """Remove these notes. If a note was added meanwhile, all remain and are read again. Idempotent."""

    def ended_list(self, list_id: str) -> EndedList | None:
        """A list that is placed, whose orders have all ended, and whose end was not announced yet."""

    def announce(self, ended: EndedList) -> None:
        """Record that the end of a list was announced. Idempotent."""
