"""The text of pages on DocumentDB, the engine of Azure's MongoDB.

It reads every page that matches before it sorts, about 0.1 ms each, and takes quoted words as alternatives. So pages
are read as the index yields them, and ranked here. A negated exclusion is a condition: the index is walked along the
rarest word, and a few other terms are only checked in it. The rest are compared with the text of the pages found.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo.database import Database

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.facts import MongoFacts, about
from jobs.adapters.mongo.facts_documentdb import DocumentDbFacts
from jobs.adapters.mongo.pages import (
    ID_ONLY,
    SHOWN,
    Asked,
    MongoPages,
    Rows,
    by_relevance,
    excluded,
    of_company,
    up_to,
)
from jobs.domain.search import PageFilter, Query

#: A word on fewer pages is rare.
_RARE = 100
#: So many pages are read one by one rather than by the index of words, if the sought words are common.
_FEW = 16_000
_MOST_PROBES = 8
#: The index takes as long for each further word as the server for comparing the pages themselves.
_MOST_LEADING = 3
#: If reading took longer so far, no more pages are read; otherwise so many times as many.
_QUICK_SECONDS, _MORE = 0.04, 3


class DocumentDbPages(MongoPages):
    """``jobs.ports.PageIndex`` on DocumentDB."""

    def _facts_in(self, database: Database[Record]) -> MongoFacts:
        return DocumentDbFacts(database)

    def read(self, query: Query, wanted: PageFilter, asked: Asked) -> Rows:
        narrowed = about(wanted)
        words, is_rare = self._by_rarity(query, is_needed=bool(narrowed))
        if not words:
            return Rows(rows=[], is_limited=False)
        if narrowed and not is_rare and (among := self._few(wanted)):
            filter_ = {**among, **narrowed, "$and": _conditions(query)}
        else:
            terms = [*map(str.lower, query.terms)] if is_rare else _leading_terms(words, query)
            others = [term for term in query.terms if term.lower() not in terms]
            terms += [term for term in others if not term.isascii()]
            conditions = [_has(term) for term in others if term.isascii()]
            search = " ".join([_walked(words[0], terms), *excluded(query)])
            filter_ = {"$text": {"$search": search}, **narrowed, **({"$and": conditions} if conditions else {})}
        rows, is_limited = self._quickly(filter_, asked)
        return Rows(rows=by_relevance(query, rows), is_limited=is_limited)

    def _quickly(self, filter_: Record, asked: Asked) -> Rows:
        """Enough pages, then more if that was quick: each number is a query of its own."""
        begun, count = time.monotonic(), asked.enough
        while True:
            found = up_to(count, list(self._pages.find(filter_, SHOWN, limit=count)))
            if not found.is_limited or count == asked.limit or time.monotonic() - begun > _QUICK_SECONDS:
                return found
            count = min(count * _MORE, asked.limit)

    def leading(self, query: Query) -> str:
        words, _ = self._by_rarity(query, is_needed=True)
        return _walked(words[0], words[1:_MOST_LEADING]) if words else super().leading(query)

    def _by_rarity(self, query: Query, *, is_needed: bool) -> tuple[list[str], bool]:
        """The words, those on the fewest pages first, and whether the first is rare. Empty if a word is on none.

        The index yields pages in about the order in which they were stored: the later the last, the rarer the word.
        """
        words = sorted({word.lower() for term in query.terms for word in term.split()}, key=lambda word: -len(word))
        if len(words) == 1 and not is_needed:
            return words, False
        reached: dict[str, Any] = {}
        for word in words[:_MOST_PROBES]:
            found = list(self._pages.find({"$text": {"$search": f'"{word}"'}}, ID_ONLY, limit=_RARE))
            if len(found) < _RARE:
                return ([word, *(each for each in words if each != word)] if found else []), True
            reached[word] = max(page["_id"] for page in found)
        return [*sorted(reached, key=lambda word: reached[word], reverse=True), *words[_MOST_PROBES:]], False

    def _few(self, wanted: PageFilter) -> Record:
        """Selects the company's pages, or those of a form and year if they are few; empty if they are many."""
        if wanted.cin:
            return of_company(wanted.cin)
        selected = about(wanted)
        return {} if list(self._pages.find(selected, ID_ONLY, skip=_FEW, limit=1)) else selected


def _leading_terms(words: Sequence[str], query: Query) -> list[str]:
    """Some of the terms, or adjacent words of a long phrase, which few pages have. ``words``: the rarest first."""
    ranks = {word: rank for rank, word in enumerate(words)}
    terms = [_rarest_part(term.lower().split(), ranks) for term in query.terms]
    leading: list[str] = []
    for term in sorted(terms, key=lambda term: (-len(term), min(ranks[word] for word in term))):
        if not leading or len(" ".join([*leading, *term]).split()) <= _MOST_LEADING:
            leading.append(" ".join(term))
    return leading


def _rarest_part(phrase: list[str], ranks: Mapping[str, int]) -> list[str]:
    parts = [phrase[at : at + _MOST_LEADING] for at in range(max(1, len(phrase) - _MOST_LEADING + 1))]
    return min(parts, key=lambda part: sorted(ranks[word] for word in part))


def _walked(word: str, terms: Iterable[str]) -> str:
    """In the words of ``$text``: pages with all of them, found along the word."""
    return " ".join([f'"{word}"', *(f'--"{term}"' for term in terms if term.lower() != word)])


def _conditions(query: Query) -> list[Record]:
    """At least all pages that match: words of other scripts are left to the caller."""
    excluded_ = [term for term in query.excluded if term.isascii()]
    return [*map(_has, query.terms), *({"text": {"$not": _has(term)["text"]}} for term in excluded_)]


def _has(term: str) -> Record:
    return {"text": {"$regex": _pattern(term), "$options": "i"}}


def _pattern(term: str) -> str:
    words = [re.escape(word) for word in term.split()]
    return r"\b" + r"\W+".join(words) + r"\b" if term.isascii() else max(words, key=len)
