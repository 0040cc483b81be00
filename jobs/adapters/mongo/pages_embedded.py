"""The text of pages on the embedded server."""

from __future__ import annotations

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.facts import about
from jobs.adapters.mongo.pages import ID_ONLY, SHOWN, MongoPages, by_relevance, of_company
from jobs.domain.search import PageFilter, Query

#: With more pages, the server takes too long to rank them all.
_MANY = 10_000
#: So many pages of a company are read one by one: the server reads common words of all companies.
_FEW = 1_000


class EmbeddedPages(MongoPages):
    """``jobs.ports.PageIndex`` on the embedded server, which does not understand excluded words."""

    def read(self, query: Query, wanted: PageFilter, limit: int) -> list[Record]:
        """If words are on very many pages, some of these are ranked here."""
        if wanted.cin:
            among = {**of_company(wanted.cin), **about(wanted)}
            rows = list(self._pages.find(among, SHOWN, limit=_FEW + 1))
            if len(rows) <= _FEW:
                return by_relevance(query, (row for row in rows if query.matches(row["text"])))[:limit]
        matching = self._filter(query, wanted)
        if set(matching) == {"$text"} and list(self._pages.find(matching, ID_ONLY, skip=_MANY, limit=1)):
            return by_relevance(query, self._pages.find(matching, SHOWN, limit=limit))
        return self._best(matching, limit)

    def _terms(self, query: Query) -> list[str]:
        return [f'"{term}"' for term in query.terms]
