"""The text of pages on DocumentDB, the engine of Azure's MongoDB.

It reads every page that matches before it sorts, about 0.1 ms each, and takes quoted words as alternatives. So pages
are read as the index yields them, and ranked here. A negated exclusion is a condition: the index is walked along the
rarest word, and the other terms are only checked.
"""

from __future__ import annotations

import re

from pymongo.database import Database

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.facts import MongoFacts, about
from jobs.adapters.mongo.facts_documentdb import DocumentDbFacts
from jobs.adapters.mongo.pages import ID_ONLY, SHOWN, MongoPages, by_relevance, excluded, of_company
from jobs.domain.search import PageFilter, Query

#: A word on fewer pages is rare.
_RARE = 100
#: So many pages are read one by one rather than by the index of words, if the sought words are common.
_FEW = 4_000
_MOST_PROBES = 8


class DocumentDbPages(MongoPages):
    """``jobs.ports.PageIndex`` on DocumentDB."""

    def _facts_in(self, database: Database[Record]) -> MongoFacts:
        return DocumentDbFacts(database)

    def read(self, query: Query, wanted: PageFilter, limit: int) -> list[Record]:
        narrowed = about(wanted)
        word, is_rare = self._rarest(query, is_needed=bool(narrowed))
        if not word:
            return []
        if narrowed and not is_rare and (among := self._few(wanted)):
            filter_ = {**among, **narrowed, "$and": _conditions(query)}
        else:
            others = [f'--"{term}"' for term in query.terms if term.lower() != word]
            filter_ = {"$text": {"$search": " ".join([f'"{word}"', *others, *excluded(query)])}, **narrowed}
        return by_relevance(query, self._pages.find(filter_, SHOWN, limit=limit))

    def leading_word(self, query: Query) -> str:
        return self._rarest(query, is_needed=True)[0] or super().leading_word(query)

    def _rarest(self, query: Query, *, is_needed: bool) -> tuple[str, bool]:
        """The word on the fewest pages, and whether it is rare. Empty if a word is on none."""
        words = sorted({word.lower() for term in query.terms for word in term.split()}, key=lambda word: -len(word))
        if len(words) == 1 and not is_needed:
            return words[0], False
        counts: dict[str, int] = {}
        for word in words[:_MOST_PROBES]:
            found = self._pages.find({"$text": {"$search": f'"{word}"'}}, ID_ONLY, limit=_RARE)
            counts[word] = len(list(found))
            if not counts[word]:
                return "", True
        rarest = min(counts, key=lambda word: counts[word])
        return rarest, counts[rarest] < _RARE

    def _few(self, wanted: PageFilter) -> Record:
        """Selects the company's pages, or those of a form and year if they are few; empty if they are many."""
        if wanted.cin:
            return of_company(wanted.cin)
        selected = about(wanted)
        return selected if len(list(self._pages.find(selected, ID_ONLY, limit=_FEW))) < _FEW else {}


def _conditions(query: Query) -> list[Record]:
    """At least all pages that match: words of other scripts are left to the caller."""
    excluded_ = [term for term in query.excluded if term.isascii()]
    return [
        *({"text": {"$regex": _pattern(term), "$options": "i"}} for term in query.terms),
        *({"text": {"$not": {"$regex": _pattern(term), "$options": "i"}}} for term in excluded_),
    ]


def _pattern(term: str) -> str:
    words = [re.escape(word) for word in term.split()]
    return r"\b" + r"\W+".join(words) + r"\b" if term.isascii() else max(words, key=len)
