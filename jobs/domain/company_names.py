"""The words of companies' names: what names are searched, sorted and compared by."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")


def words_of(name: str) -> list[str]:
    """Its words without punctuation and case."""
    return [word.casefold() for word in _WORD.findall(name)]
