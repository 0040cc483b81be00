"""Watches companies: stores watches, orders rechecks when they are due, and records their results.

A recheck is an order of the watch's owner. ``WatchService.step`` can be interrupted after each of its writes, and be
run by several processes at once: the order's id is stored in the watch before the order is placed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta

from jobs.domain.allowances import MonthlyLimit
from jobs.domain.audit import Action, Actor
from jobs.domain.company_names import latest_name
from jobs.domain.errors import WrongUse
from jobs.domain.job import DONE, RECHECK_PRIORITY, UNFINISHED, Job, JobStatus
from jobs.domain.watching import (
    MOST_FAILURES,
    Check,
    CheckOutcome,
    Interval,
    Sight,
    Watch,
    ascending,
    filed_lately,
    first_seen,
    next_time,
    note_of,
    number_seen,
    reason_of,
)
from jobs.domain.wrong_use import AlreadyOrdered, InvalidWatch, UnknownCompany
from jobs.ports import AuditLog, Clock, Companies, DocumentRepository, JobRepository, WatchRepository
from jobs.services.auditing import audited
from jobs.services.ordering import JobService
from jobs.services.orders import Order
from jobs.services.releasing import existing

logger = logging.getLogger(__name__)

#: So many rechecks are unfinished at a time, so that their source is not flooded after an outage.
MOST_AT_ONCE = 50
_SETTLED_AT_ONCE = 1_000
_POSTPONED = timedelta(hours=1)
_LOOKED_AT = 20
_ADDED_AT_ONCE, _RESUMED_AT_ONCE = 100, 500
#: The longest time that a list's companies are added for in one call.
_MOST_TIME = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True)
class Stepped:
    """The result of a step: orders placed, and rechecks whose result was recorded."""

    ordered: int
    settled: int


@dataclass(frozen=True, kw_only=True)
class WatchService:
    """The use cases of watches."""

    watches: WatchRepository
    jobs: JobRepository
    documents: DocumentRepository
    companies: Companies
    service: JobService
    audit: AuditLog
    clock: Clock
    new_id: Callable[[], str]
    #: The number of watches that one user may have.
    most: int = 5_000
    #: How many orders a user may place in a month, rechecks included; None: any number.
    limit_of: Callable[[str], int | None] = lambda _: None

    # --- what people do; each is recorded in the audit log

    def watch(self, cin: str, interval: Interval, actor: Actor) -> Watch:
        """Watch a company that was ordered, or change the interval of the actor's watch.

        Raises UnknownCompany, InvalidWatch.
        """
        with audited(self.audit, self.clock, Action.WATCH, actor, details=f"{cin} {interval}"):
            if found := self.watches.of_user(cin, actor.name):
                return self.watches.change(found, interval, next_time(cin, interval, self.clock()))
            orders = self.companies.orders(cin, _LOOKED_AT)
            if not orders:
                raise UnknownCompany(cin)
            self._check_room(1, actor)
            made = self._made(orders, interval, actor, None)
            self.watches.add([made])
            return self.watches.of_user(cin, actor.name) or made

    def watch_list(self, list_id: str, jobs: Iterable[Job], interval: Interval, actor: Actor) -> int:
        """Watch the companies of a list's jobs. Returns the number of new watches. Raises InvalidWatch.

        Companies that the actor watches already keep their interval, so it can be repeated.
        """
        with audited(self.audit, self.clock, Action.WATCH, actor, details=f"list {list_id} {interval}"):
            cins = dict.fromkeys(job.cin for job in jobs)
            known = self.watches.watched(actor.name, cins)
            wanted = [cin for cin in cins if cin not in known]
            self._check_room(len(wanted), actor)
            added, ends = 0, self.clock() + _MOST_TIME
            for start in range(0, len(wanted), _ADDED_AT_ONCE):
                if self.clock() > ends:
                    raise InvalidWatch(
                        f"Only {added:,} companies could be added in time. Watch the list again to add the others."
                    )
                some = self.companies.orders_of(wanted[start : start + _ADDED_AT_ONCE], _LOOKED_AT)
                made = [self._made(orders, interval, actor, list_id) for orders in some.values()]
                added += self.watches.add(made)
            return added

    def pause(self, watch: Watch, reason: str, actor: Actor) -> Watch:
        """Order no more rechecks. Idempotent. Raises InvalidWatch, UnknownWatch."""
        reason = reason_of(reason)
        with self._audited(Action.PAUSE_WATCH, watch, actor):
            return self.watches.pause(watch.id, reason, actor.name)

    def resume(self, watch: Watch, actor: Actor) -> Watch:
        """Order rechecks again, from the next regular time on. Idempotent. Raises UnknownWatch."""
        with self._audited(Action.RESUME_WATCH, watch, actor):
            return self.watches.resume(watch.id, next_time(watch.cin, watch.interval, self.clock()))

    def pause_list(self, list_id: str, by: str | None, reason: str, actor: Actor) -> int:
        """Pause a list's watches, of one user or of all. Idempotent. Returns how many were active.

        Raises InvalidWatch.
        """
        reason = reason_of(reason)
        with audited(self.audit, self.clock, Action.PAUSE_WATCH, actor, details=_those_of(list_id, by)):
            return self.watches.pause_list(list_id, by, reason, actor.name)

    def resume_list(self, list_id: str, by: str | None, actor: Actor) -> int:
        """Resume what people have paused of a list's watches. If interrupted, repeating it resumes the others.

        Returns their number. Those that paused themselves, or whose owner lost the right, stay as they are.
        """
        with audited(self.audit, self.clock, Action.RESUME_WATCH, actor, details=_those_of(list_id, by)):
            resumed = 0
            while some := self.watches.paused(list_id, by, _RESUMED_AT_ONCE):
                now = self.clock()
                done = self.watches.resume_many({each.id: next_time(each.cin, each.interval, now) for each in some})
                if not done:  # another process resumes the same ones
                    break
                resumed += done
            return resumed

    def end(self, watch: Watch, actor: Actor) -> None:
        """Forget the watch. A recheck in progress continues as an order. Idempotent."""
        with self._audited(Action.UNWATCH, watch, actor):
            self.watches.delete(watch.id)

    def _audited(self, action: Action, watch: Watch, actor: Actor) -> AbstractContextManager[None]:
        details = f"{watch.company_name}, {watch.cin}, watched by {watch.by}"
        return audited(self.audit, self.clock, action, actor, details=details)

    def _check_room(self, wanted: int, actor: Actor) -> None:
        room = self.most - self.watches.count(actor.name, self.most)
        if wanted > room:
            raise InvalidWatch(
                f"You can watch {self.most:,} companies; {room:,} more are possible, and {wanted:,} were requested."
            )

    def _made(self, orders: list[Job], interval: Interval, actor: Actor, list_id: str | None) -> Watch:
        """``orders`` are the company's, the newest first. What they listed is not new, whichever of them ended last."""
        now, newest = self.clock(), orders[0]
        done = [job for job in orders if job.status in DONE and job.reread is None]
        return Watch(
            id=self.new_id(),
            cin=newest.cin,
            company_name=latest_name(orders) or newest.company_name,
            by=actor.name,
            at=now,
            interval=interval,
            list_id=list_id,
            next_at=next_time(newest.cin, interval, now),
            baseline=done[0].id if done else None,
            checked_at=max((job.completed_at for job in done if job.completed_at), default=None),
        )

    # --- what a command does every minute

    def step(self) -> Stepped:
        """Record the results of rechecks that have ended, and order those that are due. Idempotent."""
        waiting = self.watches.unsettled(_SETTLED_AT_ONCE)
        open_ = [watch for watch in waiting if not self._settle(watch)]
        room = MOST_AT_ONCE - len({watch.job_id for watch in open_})  # watches of a company share an order
        ordered = sum(self._begin(watch) for watch in self.watches.due(room)) if room > 0 else 0
        return Stepped(ordered=ordered, settled=len(waiting) - len(open_))

    def _begin(self, watch: Watch) -> bool:
        """However many times were missed, one recheck is ordered."""
        following = next_time(watch.cin, watch.interval, self.clock())
        begun = self.watches.begin(watch, ascending(watch.baseline, self.new_id()), following)
        return begun is not None and self._place(begun)

    def _place(self, watch: Watch) -> bool:
        """Order the recheck that the watch has begun. If the company is being checked, that order does its work."""
        assert watch.job_id  # noqa: S101  it has begun
        try:
            name = latest_name(self.companies.orders(watch.cin, _LOOKED_AT)) or watch.company_name
            order = Order(cin=watch.cin, company_name=name)
            job = self.service.prepare(order, requested_by=watch.by, allow_unknown_codes=True)
            recheck = replace(job, id=watch.job_id, priority=RECHECK_PRIORITY, recheck=True)
            self.service.place([recheck], limit=self.limit_of(watch.by))
        except AlreadyOrdered as error:
            self._join(watch, error.job_id)
            return False
        except MonthlyLimit as error:
            self._wait(watch, watch.job_id, error)
            return False
        except WrongUse as error:
            self._fail(watch, watch.job_id, str(error))
            return False
        self.watches.placed(watch, watch.job_id)
        return True

    def _wait(self, watch: Watch, job_id: str, error: MonthlyLimit) -> None:
        """Not a failure: it is tried again each day, so it succeeds once the month ends or the limit rises."""
        now, orders = self.clock(), error.orders
        reason = f"{watch.by} has ordered {orders.used:,} of {orders.limit:,} this month."
        check = Check(job_id=job_id, at=now, outcome=CheckOutcome.LIMITED, error=reason)
        self.watches.postpone(watch, next_time(watch.cin, Interval.DAILY, now), check)

    def _join(self, watch: Watch, job_id: str | None) -> None:
        """An order that waits, for example for its time, may wait for long."""
        other = existing(self.jobs, job_id) if job_id else None
        now = self.clock()
        if other and (other.status is JobStatus.PROCESSING or other.is_due(now)):
            self.watches.placed(watch, other.id)
        else:
            self.watches.postpone(watch, now + _POSTPONED)

    def _settle(self, watch: Watch) -> bool:
        """Whether the recheck is over. An order that is not there was never placed, or it was deleted."""
        assert watch.job_id  # noqa: S101  the repository selects by it
        job = existing(self.jobs, watch.job_id)
        if job is None:
            if watch.placing:
                self._place(watch)
                return False
            return self._withdraw(watch, watch.job_id)
        if job.status in UNFINISHED:
            if watch.placing:
                self.watches.placed(watch, job.id)
            return False
        if job.status is JobStatus.FAILED:
            return self._fail(watch, job.id, job.last_error.message if job.last_error else "")
        return self._check(watch, job) if job.status in DONE else self._withdraw(watch, job.id)

    def _withdraw(self, watch: Watch, job_id: str) -> bool:
        return self.watches.settle(watch, Check(job_id=job_id, at=self.clock(), outcome=CheckOutcome.WITHDRAWN))

    def _fail(self, watch: Watch, job_id: str, reason: str) -> bool:
        check = Check(job_id=job_id, at=self.clock(), outcome=CheckOutcome.FAILED, error=reason or None)
        paused = None
        if watch.failures + 1 >= MOST_FAILURES:
            paused = f"{MOST_FAILURES} rechecks in a row failed. The last reason: {reason}"
            logger.warning("watch.paused", extra={"cin": watch.cin, "reason": reason})
        return self.watches.settle(watch, check, paused_reason=paused)

    def _check(self, watch: Watch, job: Job) -> bool:
        """A first check has nothing to compare with, so it finds nothing new."""
        ended, since = job.completed_at or self.clock(), watch.checked_at
        at, new = max(ended, since or ended), []  # a clock that was set back does not narrow the sight
        listed, now = self.documents.listed(watch.cin), Sight(job_id=job.id, at=at)
        if watch.baseline and since:
            before = Sight(job_id=watch.baseline, at=since)
            new = first_seen(listed, before, now)
            if self._has_lost(watch, number_seen(listed, before)):
                new = filed_lately(new, since)
        check = Check(job_id=job.id, at=at, outcome=CheckOutcome.CHECKED, new=len(new), since=since)
        seen, named = number_seen(listed, now), replace(watch, company_name=job.company_name)
        return self.watches.settle(watch, check, seen=seen, note=note_of(named, new, at) if new else None)

    def _has_lost(self, watch: Watch, left: int) -> bool:
        """Whether orders were deleted since the last check, and with them the knowledge of what they had listed."""
        if watch.seen is None:
            return watch.baseline is not None and existing(self.jobs, watch.baseline) is None
        return left < watch.seen


def _those_of(list_id: str, by: str | None) -> str:
    return f"list {list_id}, watched by {by or 'everybody'}"
