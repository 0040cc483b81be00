"""Limits the orders that a person of a role may place in a calendar month.

Orders are counted before they are stored, in one atomic write, so that two requests cannot exceed the limit together.
They are *held* until they are known to be stored; what was refused is given back. If a process dies in between, the
orders stay counted until ``_HELD_FOR`` has passed: then the next order looks which of them exist, and gives back the
others. A process that sleeps longer than that between the two writes can exceed the limit by its own orders.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from jobs.domain.allowances import Allowance, MonthlyLimit, MonthlyOrders, first_day, month_of, next_first_day
from jobs.ports import Allowances, Clock, JobRepository

#: Longer than any request takes.
_HELD_FOR = timedelta(minutes=10)
#: Orders counted if a limit is set during a month.
_MOST_COUNTED = 100_000


@dataclass(frozen=True, kw_only=True)
class OrderLimits:
    """``by_role``: the limits of roles; others have none. ``zone`` decides when a month begins."""

    allowances: Allowances
    jobs: JobRepository
    clock: Clock
    zone: tzinfo
    by_role: Mapping[str, int]

    def of_role(self, role: str) -> int | None:
        """None: no limit."""
        return self.by_role.get(role)

    def of_person(self, by: str) -> int | None:
        """For programs that cannot read accounts: by the role that was noted last. None: no limit."""
        return self.of_role(self.allowances.role(by)) if self.by_role else None

    def note_role(self, by: str, role: str) -> None:
        """Remember a person's role for ``of_person``."""
        self.allowances.note_role(by, role)

    def state(self, by: str, limit: int) -> MonthlyOrders:
        """The person's orders of this month."""
        return self._state(self._of_month(self.allowances.of(by), self.clock()), limit)

    def hold(self, by: str, job_ids: Sequence[str], limit: int) -> list[str]:
        """Count orders that are about to be stored. Returns those that were not counted before. Raises MonthlyLimit."""
        new: list[str] = []

        def changed(before: Allowance) -> Allowance:
            now = self.clock()
            current = self._without_old(self._of_month(before, now), now)
            new[:] = [job_id for job_id in job_ids if job_id not in current.held]
            if new and current.used + len(new) > limit:
                raise MonthlyLimit(self._state(current, limit), new)
            return current.holding(new, now) if new else current

        self.allowances.change(by, changed)
        return new

    def settle(self, by: str, job_ids: Collection[str]) -> None:
        """Give back those of the counted orders that were not stored. Idempotent."""
        stored = self.jobs.existing(job_ids)
        self.allowances.change(by, lambda before: before.settled(job_ids, stored))

    def _state(self, current: Allowance, limit: int) -> MonthlyOrders:
        return MonthlyOrders(used=current.used, limit=limit, renews=next_first_day(self.clock(), self.zone))

    def _of_month(self, before: Allowance, now: datetime) -> Allowance:
        """The current month's record, which begins with the orders that were placed without being counted."""
        month = month_of(now, self.zone)
        if before.month == month:
            return before
        since = datetime.combine(first_day(now, self.zone), time(), self.zone).astimezone(UTC)
        return Allowance(by=before.by, month=month, used=self.allowances.ordered(before.by, since, _MOST_COUNTED))

    def _without_old(self, current: Allowance, now: datetime) -> Allowance:
        """Settle what dead processes have held."""
        old = [job_id for hold in current.holds if hold.at < now - _HELD_FOR for job_id in hold.job_ids]
        return current.settled(old, self.jobs.existing(old)) if old else current
