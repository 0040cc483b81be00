"""The text of pages found by Atlas Search, which ranks all that match by an index of its own.

https://www.mongodb.com/docs/atlas/atlas-search/compound/. The index follows the collection with some delay. Whenever it
cannot be queried, the server's own text index is searched.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from pymongo.database import Database
from pymongo.errors import ExecutionTimeout, OperationFailure

from jobs.adapters.mongo.atlas_index import problem_of
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.facts import about
from jobs.adapters.mongo.pages import SHOWN, Asked, MongoPages, Rows, up_to
from jobs.adapters.mongo.records import known
from jobs.domain.search import PageFilter, Query

logger = logging.getLogger(__name__)

#: For so long, an index that could be queried is not asked again whether it can.
_SURE_SECONDS = 60.0


class AtlasPages(MongoPages):
    """``jobs.ports.PageIndex`` on an Atlas Search index with this name. ``own`` searches without it."""

    def __init__(self, database: Database[Record], name: str, own: MongoPages) -> None:
        super().__init__(database)
        self.facts = own.facts
        self._name, self._own = name, own
        self._sure_until = float("-inf")

    def read(self, query: Query, wanted: PageFilter, asked: Asked) -> Rows:
        """Atlas finds nothing in an index that does not exist or is not built yet, so then its state is asked."""
        try:
            rows = list(self._pages.aggregate(stages(self._name, query, wanted, asked.limit)))
            problem = None if rows else self._problem()
        except ExecutionTimeout:
            raise
        except OperationFailure as error:
            rows, problem = [], str(error)
        if problem:
            logger.warning("Text index used instead of Atlas Search", extra={"reason": problem})
            return self._own.read(query, wanted, asked)
        # Pages with the same score have no order of their own.
        return up_to(asked.limit, sorted(rows, key=lambda row: (-row["score"], row["content"], row["page"])))

    def _problem(self) -> str | None:
        if time.monotonic() < self._sure_until:
            return None
        problem = problem_of(self._pages, self._name)
        if not problem:
            self._sure_until = time.monotonic() + _SURE_SECONDS
        return problem

    def leading(self, query: Query) -> str:
        return self._own.leading(query)


def stages(index: str, query: Query, wanted: PageFilter, limit: int) -> list[Record]:
    """The best pages with all terms, and their scores."""
    clauses = {
        "must": [_clause(term) for term in query.terms],
        "mustNot": [_clause(term) for term in query.excluded] or None,
        "filter": [{"equals": {"path": path, "value": value}} for path, value in about(wanted).items()] or None,
    }
    return [
        {"$search": {"index": index, "compound": known(clauses)}},
        {"$limit": limit},
        {"$project": {**SHOWN, "score": {"$meta": "searchScore"}}},
    ]


def _clause(term: str) -> dict[str, Any]:
    return {"phrase" if " " in term else "text": {"path": "text", "query": term}}
