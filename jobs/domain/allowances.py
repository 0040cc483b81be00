"""How many orders one person may place in a calendar month."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from jobs.domain.errors import WrongUse


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Orders that are counted, but not yet known to be stored."""

    at: datetime
    job_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """One person's orders of one month, such as ``2026-11``; "" if none were counted. ``used`` includes held ones."""

    by: str
    month: str = ""
    used: int = 0
    holds: tuple[Hold, ...] = ()

    @property
    def held(self) -> set[str]:
        return {job_id for hold in self.holds for job_id in hold.job_ids}

    def holding(self, job_ids: Collection[str], at: datetime) -> Allowance:
        """With these orders counted, and held until they are known to be stored."""
        hold = Hold(at=at, job_ids=tuple(job_ids))
        return replace(self, used=self.used + len(job_ids), holds=(*self.holds, hold))

    def settled(self, job_ids: Collection[str], stored: Collection[str]) -> Allowance:
        """Without holding these orders. Those that were held and are not stored are given back."""
        wanted = self.held & set(job_ids)
        left = (
            replace(hold, job_ids=tuple(each for each in hold.job_ids if each not in wanted)) for hold in self.holds
        )
        back = len(wanted - set(stored))
        return replace(self, used=self.used - back, holds=tuple(hold for hold in left if hold.job_ids))


@dataclass(frozen=True, kw_only=True)
class MonthlyOrders:
    """How many orders a person has placed this month, of how many, and the first day of the next month."""

    used: int
    limit: int
    renews: date

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def percent(self) -> int:
        return min(100, 100 * self.used // self.limit)


class MonthlyLimit(WrongUse):
    """The orders would exceed what a person may order in a month. ``job_ids``: the orders that were refused."""

    kind = "monthly_limit"

    def __init__(self, orders: MonthlyOrders, job_ids: Collection[str]) -> None:
        more = f"; this list has {len(job_ids):,}" if len(job_ids) > 1 else ""
        super().__init__(
            f"You have ordered {orders.used:,} of {orders.limit:,} this month{more}."
            f" The next month begins on {orders.renews:%-d %B %Y}."
        )
        self.orders = orders
        self.job_ids = frozenset(job_ids)


def month_of(now: datetime, zone: tzinfo) -> str:
    return f"{now.astimezone(zone):%Y-%m}"


def first_day(now: datetime, zone: tzinfo) -> date:
    """The first day of the month in this zone."""
    return now.astimezone(zone).date().replace(day=1)


def next_first_day(now: datetime, zone: tzinfo) -> date:
    """The first day of the next month in this zone."""
    first = first_day(now, zone)
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
