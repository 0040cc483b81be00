"""Usage per person and month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One person's orders of one month (``2026-11``, in UTC), and what they have stored and read so far.

    ``documents`` includes files that another order stored, which add no ``bytes``. What is read again counts again.
    """

    month: str
    by: str
    orders: int
    documents: int
    bytes: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class MonthlyStorage:
    """The bytes of originals that all orders stored in a month (in UTC), those deleted, and the total at its end."""

    month: str
    stored: int
    deleted: int
    total: int

    @property
    def growth(self) -> int:
        return self.stored - self.deleted

    @property
    def shrinkage(self) -> int:
        return -self.growth


def storage_by_month(stored: Mapping[str, int], deleted: Mapping[str, int]) -> list[MonthlyStorage]:
    """The months in which something was stored or deleted, the earliest first, with the running total."""
    months = sorted({*stored, *deleted})
    totals = accumulate(stored.get(month, 0) - deleted.get(month, 0) for month in months)
    return [
        MonthlyStorage(month=month, stored=stored.get(month, 0), deleted=deleted.get(month, 0), total=max(0, total))
        for month, total in zip(months, totals, strict=True)
    ]


def months_to(last: str, number: int) -> list[str]:
    """The names of the ``number`` months up to ``last``, such as ``2026-11``, the earliest first."""
    year, month = int(last[:4]), int(last[5:])
    return [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(year * 12 + month - number, year * 12 + month)]


def up_to(months: list[MonthlyStorage], last: str, number: int) -> list[MonthlyStorage]:
    """The ``number`` months up to ``last``, without gaps, beginning with the first in which something was stored.

    ``months``: the earliest first.
    """
    known = {each.month: each for each in months}
    named = months_to(last, number)
    found: list[MonthlyStorage] = []
    before = next((each.total for each in reversed(months) if each.month < named[0]), 0)
    for name in named:
        each = known.get(name) or MonthlyStorage(month=name, stored=0, deleted=0, total=before)
        before = each.total
        if found or each.total or each.stored:
            found.append(each)
    return found
