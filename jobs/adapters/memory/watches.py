"""Watches in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from jobs.domain.events import Note
from jobs.domain.listing import Cursor, Page
from jobs.domain.watching import Check, CheckOutcome, Interval, Watch
from jobs.domain.wrong_use import UnknownWatch
from jobs.ports import Clock


class MemoryWatchRepository:
    """``jobs.ports.WatchRepository`` over a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._watches: dict[str, Watch] = {}
        self._clock = clock
        #: The ids of watches with their notes.
        self.notes: list[tuple[str, Note]] = []

    def add(self, watches: Sequence[Watch]) -> int:
        before = len(self._watches)
        for each in watches:
            if self.of_user(each.cin, each.by) is None:
                self._watches[each.id] = each
        return len(self._watches) - before

    def get(self, watch_id: str) -> Watch:
        if watch_id not in self._watches:
            raise UnknownWatch(watch_id)
        return self._watches[watch_id]

    def of_user(self, cin: str, by: str) -> Watch | None:
        return next((each for each in self._watches.values() if (each.cin, each.by) == (cin, by)), None)

    def watched(self, by: str, cins: Collection[str]) -> set[str]:
        return {each.cin for each in self._watches.values() if each.by == by and each.cin in cins}

    def of_company(self, cin: str, limit: int) -> list[Watch]:
        return [each for _, each in sorted(self._watches.items()) if each.cin == cin][:limit]

    def latest(self, by: str | None, list_id: str | None, cursor: Cursor | None, limit: int) -> Page[Watch]:
        """There are no previous pages."""
        found = [
            each
            for key, each in sorted(self._watches.items(), reverse=True)
            if by in (None, each.by) and list_id in (None, each.list_id) and (cursor is None or key < cursor.id)
        ]
        following = Cursor(id=found[limit - 1].id) if len(found) > limit else None
        return Page(items=found[:limit], next=following)

    def count(self, by: str, limit: int) -> int:
        return min(limit, sum(each.by == by for each in self._watches.values()))

    def due(self, limit: int) -> list[Watch]:
        now = self._clock()
        timed = [(each.next_at, each) for each in self._watches.values() if each.next_at and each.job_id is None]
        return [each for at, each in sorted(timed, key=lambda pair: pair[0]) if at <= now][:limit]

    def unsettled(self, limit: int) -> list[Watch]:
        found = [(each.job_id, each) for each in self._watches.values() if each.job_id]
        return [each for _, each in sorted(found, key=lambda pair: pair[0])][:limit]

    def begin(self, watch: Watch, job_id: str, next_at: datetime) -> Watch | None:
        stored = self._watches.get(watch.id)
        if stored is None or stored.job_id or stored.next_at is None or stored.next_at != watch.next_at:
            return None
        self._watches[watch.id] = replace(stored, job_id=job_id, placing=True, next_at=next_at)
        return self._watches[watch.id]

    def placed(self, watch: Watch, job_id: str) -> None:
        self._rechecked(watch, lambda stored: replace(stored, job_id=job_id, placing=False))

    def postpone(self, watch: Watch, until: datetime, check: Check | None = None) -> None:
        def postponed(stored: Watch) -> Watch:
            next_at = None if stored.is_paused else until
            return replace(stored, job_id=None, placing=False, next_at=next_at, last=check or stored.last)

        self._rechecked(watch, postponed)

    def settle(
        self,
        watch: Watch,
        check: Check,
        *,
        seen: int | None = None,
        note: Note | None = None,
        paused_reason: str | None = None,
    ) -> bool:
        def settled(stored: Watch) -> Watch:
            checked = check.outcome is CheckOutcome.CHECKED
            return replace(
                stored,
                job_id=None,
                placing=False,
                last=check,
                found=check if check.new else stored.found,
                baseline=check.job_id if checked else stored.baseline,
                checked_at=check.at if checked else stored.checked_at,
                seen=seen if checked else stored.seen,
                failures=0 if checked else watch.failures + (check.outcome is CheckOutcome.FAILED),
                paused_reason=paused_reason or stored.paused_reason,
                next_at=None if paused_reason else stored.next_at,
            )

        done = self._rechecked(watch, settled)
        if done and note:
            self.notes.append((watch.id, note))
        return done

    def _rechecked(self, watch: Watch, changed: Callable[[Watch], Watch]) -> bool:
        stored = self._watches.get(watch.id)
        if stored is None or stored.job_id != watch.job_id:
            return False
        self._watches[watch.id] = changed(stored)
        return True

    def change(self, watch: Watch, interval: Interval, next_at: datetime) -> Watch:
        stored = self.get(watch.id)
        at = None if stored.is_paused else next_at
        self._watches[watch.id] = replace(stored, interval=interval, next_at=at)
        return self._watches[watch.id]

    def pause(self, watch_id: str, reason: str, by: str) -> Watch:
        self._watches[watch_id] = replace(self.get(watch_id), paused_reason=reason, paused_by=by, next_at=None)
        return self._watches[watch_id]

    def pause_all(self, by: str, reason: str) -> None:
        for each in list(self._watches.values()):
            if each.by == by:
                kept = each.paused_reason or reason
                self._watches[each.id] = replace(each, paused_reason=kept, paused_by=None, next_at=None)

    def resume(self, watch_id: str, next_at: datetime) -> Watch:
        stored = self.get(watch_id)
        if stored.is_paused:
            resumed = replace(stored, paused_reason=None, paused_by=None, next_at=next_at, failures=0)
            self._watches[watch_id] = resumed
        return self._watches[watch_id]

    def pause_list(self, list_id: str, by: str | None, reason: str, paused_by: str) -> int:
        found = [each for each in self._of_list(list_id, by) if not each.is_paused]
        for each in found:
            self.pause(each.id, reason, paused_by)
        return len(found)

    def paused(self, list_id: str, by: str | None, limit: int) -> list[Watch]:
        return [each for each in self._of_list(list_id, by) if each.paused_by][:limit]

    def resume_many(self, times: Mapping[str, datetime]) -> int:
        found = [each for each in times if each in self._watches and self._watches[each].is_paused]
        for each in found:
            self.resume(each, times[each])
        return len(found)

    def _of_list(self, list_id: str, by: str | None) -> list[Watch]:
        return [each for each in self._watches.values() if each.list_id == list_id and by in (None, each.by)]

    def delete(self, watch_id: str) -> None:
        self._watches.pop(watch_id, None)
