"""The words of companies' names: what names are searched, sorted and compared by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.domain.job import Job

MOST_WORDS = 12
_WORD = re.compile(r"[^\W_]+")


def words_of(name: str) -> list[str]:
    """Its words without punctuation and case."""
    return [word.casefold() for word in _WORD.findall(name)]


def company_key(company_name: str) -> str:
    """The key that sorts companies by name, without regard to case."""
    return company_name.casefold()


def words(company_name: str) -> list[str]:
    """The distinct words of a company's name that a search matches, case-folded."""
    return list(dict.fromkeys(words_of(company_name)))[:MOST_WORDS]


def latest_name(orders: Sequence[Job]) -> str | None:
    """The name in the newest order that a person placed; None without orders. ``orders``: the newest first.

    Rechecks and readings repeat a name that was known before, which the company may have changed since.
    """
    placed = (each for each in orders if each.is_order and not each.recheck)
    named = next(placed, orders[0] if orders else None)
    return named.company_name if named else None
