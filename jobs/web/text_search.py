"""Searches the text and the records of documents, for the page and the API."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.bootstrap import application
from jobs.domain.document import Document
from jobs.domain.record_search import RecordFact, RecordFilter
from jobs.domain.search import Content, PageFilter, parse_query

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
class Hits:
    """The best hits of the pages that were ``compared``; ``is_cut`` if there may be more."""

    hits: list[Hit]
    compared: int
    is_cut: bool


@dataclass(frozen=True, kw_only=True)
class RecordHit:
    """A document that states what was sought, with the facts that match."""

    document: Document
    facts: list[RecordFact]


@dataclass(frozen=True, kw_only=True)
class RecordHits:
    """The best hits; ``is_cut`` if there may be more."""

    hits: list[RecordHit]
    is_cut: bool


def search_records(wanted: RecordFilter) -> RecordHits:
    """Documents that name a person or state an amount. Raises TooSlow."""
    index = application().pages
    found = index.facts.search(wanted, MOST_CANDIDATES)
    by_content: dict[Content, list[RecordFact]] = {}
    for each in found:
        by_content.setdefault(each.content, []).append(each.fact)
    shown = dict(list(by_content.items())[:MOST_HITS])
    documents = index.documents(set(shown))
    hits = [
        RecordHit(document=documents[content], facts=facts[:_MOST_FACTS])
        for content, facts in shown.items()
        if content in documents
    ]
    return RecordHits(hits=hits, is_cut=len(by_content) > MOST_HITS or len(found) == MOST_CANDIDATES)


def search(text: str, wanted: PageFilter) -> Hits:
    """Pages that match all of the query, among those that the server ranks highest. Raises InvalidSearch, TooSlow."""
    query, index = parse_query(text), application().pages
    candidates = index.search(query, wanted, MOST_CANDIDATES)
    matching = [page for page in candidates if query.matches(page.text)]
    shown = matching[:MOST_HITS]
    documents = index.documents({page.content for page in shown})
    hits = [
        Hit(document=documents[page.content], page=page.page, snippet=query.snippet(page.text))
        for page in shown
        if page.content in documents
    ]
    is_cut = len(matching) > MOST_HITS or len(candidates) == MOST_CANDIDATES
    return Hits(hits=hits, compared=len(matching), is_cut=is_cut)
