"""The words of companies' names: what names are searched, sorted and compared by."""

from __future__ import annotations

import re

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
