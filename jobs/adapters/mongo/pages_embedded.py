"""The text of pages on the embedded server."""

from __future__ import annotations

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.facts import about
from jobs.adapters.mongo.pages import ID_ONLY, SHOWN, Asked, MongoPages, Rows, by_relevance, up_to
from jobs.domain.search import PageFilter, Query

#: With more pages, the server takes too long to rank them all.
_MANY = 10_000
#: So many pages of a company, form or year are read one by one.
_FEW = 1_000
#: Above all years.
_BEYOND = 100_000


class EmbeddedPages(MongoPages):
    """``jobs.ports.PageIndex`` on the embedded server, which does not understand excluded words."""

    def read(self, query: Query, wanted: PageFilter, asked: Asked) -> Rows:
        """If words are on very many pages, some of these are ranked here."""
        if wanted != PageFilter() and not self._has_more(self.compared(query, wanted), _FEW):
            found: dict[object, Record] = {}
            self.read_portions(query, wanted, _FEW, found)
            return up_to(asked.limit, by_relevance(query, found.values())[: asked.limit])
        matching = self._filter(query, wanted)
        if self._has_more({"$text": matching["$text"]}, _MANY):
            return up_to(asked.limit, by_relevance(query, self._pages.find(matching, SHOWN, limit=asked.limit)))
        return up_to(asked.limit, self._best(matching, asked.limit))

    def _filter(self, query: Query, wanted: PageFilter) -> Record:
        """By an index of years, SQLite would look up each page among those with the words, always from the first."""
        matching = super()._filter(query, wanted)
        return matching if wanted.year is None else {**matching, "year": {"$mod": [_BEYOND, wanted.year]}}

    def compared(self, query: Query, wanted: PageFilter) -> Record:
        narrowed = about(wanted)
        return narrowed if narrowed and not wanted.cin else super().compared(query, wanted)

    def _has_more(self, filter_: Record, count: int) -> bool:
        return bool(list(self._pages.find(filter_, ID_ONLY, skip=count, limit=1)))

    def _terms(self, query: Query) -> list[str]:
        return [f'"{term}"' for term in query.terms]
