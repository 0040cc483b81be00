"""The text of pages in MongoDB, found by its text index."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pymongo import DESCENDING, ReplaceOne
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.document_records import to_document
from jobs.adapters.mongo.facts import MongoFacts, about, content_of, contents_in, key_of, overwrite
from jobs.adapters.mongo.paging import in_time
from jobs.adapters.mongo.records import known
from jobs.domain.document import Document, DocumentStatus
from jobs.domain.errors import TooSlow
from jobs.domain.filings.masking import mask_pan
from jobs.domain.search import Content, PageFilter, PageFound, PagesFound, Query

MOST_PAGES = 2_000
LONGEST_PAGE = 20_000  # characters
_AT_ONCE = 100
#: The time in which the server may find all pages, and that in which pages are compared here otherwise.
_BY_INDEX_SECONDS, _COMPARING_SECONDS = 2.0, 1.0
#: So many pages are compared at first; then more at a time, up to the most.
_PORTION, _LARGEST_PORTION = 250, 1_000
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_SCORE = {"$meta": "textScore"}
SHOWN = {"content": True, "page": True, "text": True}
ID_ONLY = {"_id": True}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How many pages to read: ``limit``, or ``enough`` of them if more would take long."""

    limit: int
    enough: int


class Rows(NamedTuple):
    """Pages, and whether there may be more."""

    rows: list[Record]
    is_limited: bool


class MongoPages:
    """``jobs.ports.PageIndex`` on the collection ``pages``."""

    def __init__(self, database: Database[Record]) -> None:
        self._pages = database["pages"]
        self._documents = database["documents"]
        self.facts = self._facts_in(database)

    def _facts_in(self, database: Database[Record]) -> MongoFacts:
        return MongoFacts(database)

    @translated
    def replace(self, content: Content, texts: Sequence[str], *, form: str | None, year: int | None) -> None:
        """Pages are overwritten, not removed first, so that a search meanwhile finds them."""
        key = key_of(content)
        about = known({"content": key, "cin": content.cin, "form": form, "year": year})
        kept = [(at, text[:LONGEST_PAGE]) for at, text in enumerate(texts[:MOST_PAGES], start=1) if text.strip()]
        writes = [
            ReplaceOne(
                {"content": key, "page": number}, {**about, "page": number, "text": _searchable(text)}, upsert=True
            )
            for number, text in kept
        ]
        overwrite(self._pages, writes, _AT_ONCE)
        self._pages.delete_many({"content": key, "page": {"$nin": [number for number, _ in kept]}})

    @translated
    def search(self, query: Query, wanted: PageFilter, limit: int, enough: int | None = None) -> PagesFound:
        asked = Asked(limit=limit, enough=min(enough or limit, limit))
        try:
            rows, is_limited = in_time(self._pages, lambda: self.read(query, wanted, asked), _BY_INDEX_SECONDS)
        except TooSlow:
            return self._compare(query, wanted, limit)
        return PagesFound(pages=[_to_page(row) for row in rows], is_limited=is_limited)

    def _compare(self, query: Query, wanted: PageFilter, limit: int) -> PagesFound:
        """Read pages with some of the words in portions, and compare them here until time is up.

        The server returns nothing of a query that it did not finish; of these, each portion counts.
        """
        found: dict[object, Record] = {}
        is_partial = False
        try:
            in_time(self._pages, lambda: self.read_portions(query, wanted, limit, found), _COMPARING_SECONDS)
        except TooSlow:
            if not found:
                raise
            is_partial = True
        best = by_relevance(query, found.values())[:limit]
        is_limited = is_partial or len(best) == limit
        return PagesFound(pages=[_to_page(row) for row in best], is_limited=is_limited, is_partial=is_partial)

    def read_portions(self, query: Query, wanted: PageFilter, limit: int, found: dict[object, Record]) -> None:
        of_those = about(wanted)
        among = self.compared(query, wanted)
        fields = {**SHOWN, **dict.fromkeys(of_those, True)}
        skipped, size = 0, _PORTION
        while len(found) < limit:
            rows = list(self._pages.find(among, fields, skip=skipped, limit=size))
            for row in rows:
                if of_those.items() <= row.items() and query.matches(row["text"]):
                    found[row["_id"]] = row
            if len(rows) < size:
                break
            skipped, size = skipped + size, min(2 * size, _LARGEST_PORTION)

    def compared(self, query: Query, wanted: PageFilter) -> Record:
        """Selects the pages that are read in portions."""
        return of_company(wanted.cin) if wanted.cin else {"$text": {"$search": self.leading(query)}}

    def leading(self, query: Query) -> str:
        """Finds all pages that match and few others, in the words of ``$text``: the longest word is rare."""
        return f'"{max((word for term in query.terms for word in term.split()), key=len)}"'

    def read(self, query: Query, wanted: PageFilter, asked: Asked) -> Rows:
        return up_to(asked.limit, self._best(self._filter(query, wanted), asked.limit))

    def _filter(self, query: Query, wanted: PageFilter) -> Record:
        return {"$text": {"$search": " ".join(self._terms(query))}, **about(wanted)}

    def _terms(self, query: Query) -> list[str]:
        """Quoted terms must all match."""
        return [*(f'"{term}"' for term in query.terms), *excluded(query)]

    def _best(self, filter_: Record, limit: int) -> list[Record]:
        return list(self._pages.find(filter_, {**SHOWN, "score": _SCORE}, sort=[("score", _SCORE)], limit=limit))

    @translated
    def documents(self, contents: Collection[Content]) -> dict[Content, Document]:
        found: dict[Content, Document] = {}
        if not contents:
            return found
        stored = {**_with(contents), "status": str(DocumentStatus.STORED)}
        for row in self._documents.find(stored, sort=[("_id", DESCENDING)]):
            content = Content(cin=row["cin"], checksum=row["checksum"])
            if content in contents:
                found.setdefault(content, to_document(row))
        return found

    @translated
    def forget(self, contents: Collection[Content]) -> int:
        """A reserved content is about to be that of a stored document."""
        rows = self._documents.find(_with(contents), {"cin": True, "checksum": True})
        gone = set(contents) - {Content(cin=row["cin"], checksum=row["checksum"]) for row in rows}
        if gone:
            self._pages.delete_many({"content": {"$in": [key_of(each) for each in gone]}})
            self.facts.forget(gone)
        return len(gone)

    def contents(self) -> Iterator[Content]:
        yield from contents_in(self._pages)
        yield from self.facts.contents()


def up_to(limit: int, rows: list[Record]) -> Rows:
    """Rows that were read with a limit."""
    return Rows(rows=rows, is_limited=len(rows) == limit)


def by_relevance(query: Query, rows: Iterable[Record]) -> list[Record]:
    return sorted(rows, key=lambda row: query.relevance(row["text"]), reverse=True)


def of_company(cin: str) -> Record:
    """By the index of contents, which begin with the CIN."""
    return {"content": {"$gt": f"{cin} ", "$lt": f"{cin}!"}}


def excluded(query: Query) -> list[str]:
    """In the words of ``$text``."""
    return [f'-"{term}"' if " " in term else f"-{term}" for term in query.excluded]


def _searchable(text: str) -> str:
    """Without PANs, and without what DocumentDB takes for a tag: it does not find words in ``<these>``."""
    return _TAG.sub("< ", mask_pan(text))


def _with(contents: Collection[Content]) -> Record:
    """Selects all documents with these contents, and perhaps a few more."""
    checksums, cins = {each.checksum for each in contents}, {each.cin for each in contents}
    return {"checksum": {"$in": sorted(checksums)}, "cin": {"$in": sorted(cins)}}


def _to_page(row: Record) -> PageFound:
    return PageFound(content=content_of(row["content"]), page=row["page"], text=row["text"])
