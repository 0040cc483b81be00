"""Searches the text and the records of documents, for the page and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from jobs.bootstrap import application
from jobs.domain.company_id import as_stored, fault_of
from jobs.domain.document import Document
from jobs.domain.errors import TooSlow
from jobs.domain.record_search import RecordFact, RecordFilter
from jobs.domain.search import Content, PageFilter, PageFound, parse_query
from jobs.domain.wrong_use import InvalidCursor, InvalidSearch
from jobs.web.request_context import whole_number

T = TypeVar("T")

MOST_CANDIDATES = 400
MOST_HITS = 50
_MOST_FACTS = 5


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A page that matches. ``snippet`` is in pieces, each with whether it was sought."""

    document: Document
    page: int
    snippet: list[tuple[str, bool]]


@dataclass(frozen=True, kw_only=True)
class RecordHit:
    """A document that states what was sought, with the facts that match."""

    document: Document
    facts: list[RecordFact]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which results to show: ``limit`` of them after the first ``skipped``. Each place is a search of its own."""

    skipped: int = 0
    limit: int = MOST_HITS

    @classmethod
    def parse(cls, cursor: str, limit: int = MOST_HITS) -> Self:
        """The place in a URL; an empty one is the first. Raises InvalidCursor."""
        skipped = whole_number(cursor or "0", most_digits=len(str(MOST_CANDIDATES)))
        if skipped is None or skipped >= MOST_CANDIDATES:
            raise InvalidCursor
        return cls(skipped=skipped, limit=limit)

    def of(self, found: Sequence[T]) -> Sequence[T]:
        return found[self.skipped : self.skipped + self.limit]


@dataclass(frozen=True, kw_only=True)
class Results(Generic[T]):
    """The ``items`` at a place, of the ``compared`` results, the best first.

    ``is_limited``: there may be more than were compared; ``is_partial``: because the time limit was reached.
    ``next`` and ``previous`` are the cursors of the places beside this one.
    """

    items: list[T]
    place: Place
    compared: int
    is_limited: bool
    is_partial: bool = False

    @property
    def first(self) -> int:
        """The number of the first result shown, from 1."""
        return self.place.skipped + 1

    @property
    def last(self) -> int:
        return min(self.place.skipped + self.place.limit, self.compared)

    @property
    def next(self) -> str | None:
        return str(self.last) if self.first <= self.last < self.compared else None

    @property
    def previous(self) -> str | None:
        return str(max(0, self.place.skipped - self.place.limit)) if self.place.skipped else None

    @property
    def is_cut(self) -> bool:
        """Whether there are, or may be, more results after these."""
        return self.next is not None or self.is_limited


def parse_company(text: str) -> str:
    """The CIN, LLPIN or FCRN of a company to search, as it is stored; empty for all. Raises InvalidSearch."""
    cin = as_stored(text)
    if cin and (fault := fault_of(cin)):
        raise InvalidSearch(fault)
    return cin


def search_records(wanted: RecordFilter, place: Place) -> Results[RecordHit]:
    """Documents that name a person or state an amount. Raises TooSlow."""
    index = application().pages
    found = index.facts.search(wanted, MOST_CANDIDATES)
    by_content: dict[Content, list[RecordFact]] = {}
    for each in found:
        by_content.setdefault(each.content, []).append(each.fact)
    shown = place.of(list(by_content))
    documents = index.documents(set(shown))
    hits = [
        RecordHit(document=documents[content], facts=by_content[content][:_MOST_FACTS])
        for content in shown
        if content in documents
    ]
    is_limited = len(found) == MOST_CANDIDATES
    return Results(items=hits, place=place, compared=len(by_content), is_limited=is_limited)


def search(text: str, wanted: PageFilter, place: Place) -> Results[Hit]:
    """Pages that match all of the query, among those that the server ranks highest. Raises InvalidSearch, TooSlow."""
    query, index = parse_query(text), application().pages
    found = index.search(query, wanted, MOST_CANDIDATES, enough=place.skipped + place.limit + 1)
    matching = [page for page in found.pages if query.matches(page.text)]
    if found.is_partial and not matching:
        raise TooSlow
    shown: Sequence[PageFound] = place.of(matching)
    documents = index.documents({page.content for page in shown})
    hits = [
        Hit(document=documents[page.content], page=page.page, snippet=query.snippet(page.text))
        for page in shown
        if page.content in documents
    ]
    return Results(
        items=hits,
        place=place,
        compared=len(matching),
        is_limited=found.is_limited,
        is_partial=found.is_partial,
    )
