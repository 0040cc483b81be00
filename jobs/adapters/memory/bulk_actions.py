"""Bulk actions in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from jobs.domain.bulk_action import MOST_REFUSALS, BulkAction, RefusedJob
from jobs.domain.listing import Cursor, Page
from jobs.domain.wrong_use import UnknownBulkAction
from jobs.ports import Clock


class MemoryBulkActionRepository:
    """``jobs.ports.BulkActionRepository`` over dictionaries."""

    def __init__(self, clock: Clock) -> None:
        self._actions: dict[str, BulkAction] = {}
        self._refused: dict[str, dict[str, RefusedJob]] = {}
        self._clock = clock
        self._lock = threading.RLock()

    def add(self, action: BulkAction) -> BulkAction:
        with self._lock:
            return self._actions.setdefault(action.id, action)

    def get(self, action_id: str) -> BulkAction:
        if action_id not in self._actions:
            raise UnknownBulkAction(action_id)
        return self._actions[action_id]

    def latest(self, by: str | None, cursor: Cursor | None, limit: int) -> Page[BulkAction]:
        """There are no previous pages."""
        found = [each for each in sorted(self._actions, reverse=True) if by in (None, self._actions[each].by)]
        ids = [each for each in found if cursor is None or each < cursor.id]
        following = Cursor(id=ids[limit - 1]) if len(ids) > limit else None
        return Page(items=[replace(self._actions[each], job_ids=()) for each in ids[:limit]], next=following)

    def claim(self, owner: str, lease_seconds: float) -> BulkAction | None:
        with self._lock:
            now = self._clock()
            waiting = [(until, action.id) for until, action in self._leases() if until <= now]
            if not waiting:
                return None
            action = self._actions[min(waiting)[1]]
            until = now + timedelta(seconds=lease_seconds)
            claimed = replace(action, owner=owner, lease_until=until, fence=action.fence + 1)
            return self._put(claimed)

    def next_expiry(self) -> datetime | None:
        with self._lock:
            return min((until for until, _ in self._leases()), default=None)

    def _leases(self) -> list[tuple[datetime, BulkAction]]:
        return [(each.lease_until, each) for each in self._actions.values() if each.is_running and each.lease_until]

    def renew(self, action: BulkAction, lease_seconds: float) -> BulkAction | None:
        with self._lock:
            stored = self._actions[action.id]
            if stored.fence != action.fence or not stored.is_running:
                return None
            return self._put(replace(stored, lease_until=self._clock() + timedelta(seconds=lease_seconds)))

    def save(self, action: BulkAction, refused: Sequence[RefusedJob] = ()) -> bool:
        with self._lock:
            stored = self._actions[action.id]
            if stored.fence != action.fence or not stored.is_running:
                return False
            kept = self._refused.setdefault(action.id, {})
            for each in refused[: max(0, MOST_REFUSALS - len(kept))]:
                kept.setdefault(each.job_id, each)
            until = action.lease_until if action.is_running else None
            self._put(replace(action, stop_requested_at=stored.stop_requested_at, lease_until=until))
            return True

    def request_stop(self, action_id: str) -> BulkAction:
        with self._lock:
            action = self.get(action_id)
            if action.is_running and action.stop_requested_at is None:
                action = self._put(replace(action, stop_requested_at=self._clock()))
            return action

    def refusals(self, action_id: str) -> Iterator[RefusedJob]:
        yield from (row for _, row in sorted(self._refused.get(action_id, {}).items()))

    def _put(self, action: BulkAction) -> BulkAction:
        self._actions[action.id] = action
        return action
