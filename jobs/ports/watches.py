"""The port for watched companies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.domain.events import Note
    from jobs.domain.listing import Cursor, Page
    from jobs.domain.watching import Check, Interval, Watch


class WatchRepository(Protocol):
    """Watches. A user has at most one watch of a company.

    A recheck takes three writes, of which each can be repeated: ``begin`` chooses the order's id, ``placed`` records
    that the order is stored, and ``settle`` how it ended.
    """

    def add(self, watches: Sequence[Watch]) -> int:
        """Store watches; a company that its user watches already is left out. Returns the number stored."""

    def get(self, watch_id: str) -> Watch:
        """Raises UnknownWatch."""

    def of_user(self, cin: str, by: str) -> Watch | None:
        """The user's watch of a company."""

    def watched(self, by: str, cins: Collection[str]) -> set[str]:
        """The companies among these that the user watches."""

    def of_company(self, cin: str, limit: int) -> list[Watch]:
        """The watches of a company, the earliest first."""

    def latest(self, by: str | None, list_id: str | None, cursor: Cursor | None, limit: int) -> Page[Watch]:
        """One page of watches, of a user and of a list if these are given, the newest first."""

    def count(self, by: str, limit: int) -> int:
        """The number of a user's watches, counted up to ``limit``."""

    def due(self, limit: int) -> list[Watch]:
        """Watches whose time has come and that have no unfinished recheck, the longest due first."""

    def unsettled(self, limit: int) -> list[Watch]:
        """Watches with a recheck that is not settled."""

    def begin(self, watch: Watch, job_id: str, next_at: datetime) -> Watch | None:
        """Start a recheck with this order; None if another caller has, or if the watch is paused or gone."""

    def placed(self, watch: Watch, job_id: str) -> None:
        """Record that the recheck's order is stored, or that another order does its work."""

    def postpone(self, watch: Watch, until: datetime, check: Check | None = None) -> None:
        """Give up the recheck that was begun, and try again then. ``check`` records why."""

    def settle(
        self,
        watch: Watch,
        check: Check,
        *,
        seen: int | None = None,
        note: Note | None = None,
        paused_reason: str | None = None,
    ) -> bool:
        """Record how the recheck ended, with the note of an event, in one write. A reason pauses the watch.

        False if it is settled already.
        """

    def change(self, watch: Watch, interval: Interval, next_at: datetime) -> Watch:
        """Change the interval. A paused watch stays paused. Raises UnknownWatch."""

    def pause(self, watch_id: str, reason: str, by: str) -> Watch:
        """Idempotent; a recheck in progress continues. Raises UnknownWatch."""

    def pause_all(self, by: str, reason: str) -> None:
        """Pause the user's watches. ``paused`` no longer finds those that people had paused. Idempotent."""

    def resume(self, watch_id: str, next_at: datetime) -> Watch:
        """Idempotent: the time of a watch that is not paused stays. Raises UnknownWatch."""

    def pause_list(self, list_id: str, by: str | None, reason: str, paused_by: str) -> int:
        """Pause a list's watches that are not paused, of one user or of all. Idempotent. Returns their number."""

    def paused(self, list_id: str, by: str | None, limit: int) -> list[Watch]:
        """A list's watches that people have paused; those that paused themselves are not among them."""

    def resume_many(self, times: Mapping[str, datetime]) -> int:
        """Resume watches, by id with their next times, as ``resume``. Unknown ids are skipped. Returns the number."""

    def delete(self, watch_id: str) -> None:
        """Idempotent."""
