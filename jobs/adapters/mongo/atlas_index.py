"""The Atlas Search index of pages: its definition, and whether it can be queried.

https://www.mongodb.com/docs/atlas/atlas-search/index-definitions/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure
from pymongo.operations import SearchIndexModel

from jobs.adapters.mongo.connection import Document, product, translated
from jobs.domain.search import LONGEST

_WORDS = "filesureWords"
_NOT_HERE = "this server is not MongoDB, and only MongoDB has Atlas Search"

#: The standard analyzer would keep "40,00,000" and "31.03.2024" as one word each. A search for such a number is one for
#: the phrase of its parts, so text is split into the same words as in ``jobs.domain.search``.
DEFINITION: dict[str, Any] = {
    "analyzer": _WORDS,
    "searchAnalyzer": _WORDS,
    "analyzers": [
        {
            "name": _WORDS,
            "tokenizer": {"type": "regexSplit", "pattern": r"[^\p{L}\p{N}_\u0900-\u0DFF]+"},
            # Lucene refuses words of more than 32,766 bytes, and nobody can search for one longer than a search.
            "tokenFilters": [{"type": "lowercase"}, {"type": "length", "max": LONGEST}],
        }
    ],
    "mappings": {
        "dynamic": False,
        "fields": {
            # Positions are for phrases. Hits are marked here, so the index stores no text.
            "text": {"type": "string", "indexOptions": "positions", "store": False},
            "cin": {"type": "token"},
            "form": {"type": "token"},
            "year": {"type": "number"},
        },
    },
}


@translated
def ensure_index(pages: Collection[Document], name: str) -> str:
    """Create or update the index, which Atlas then builds in the background. Returns a line that reports it."""
    if not could_have(pages.database):
        return f"pages: Atlas Search index {name} not created: {_NOT_HERE}"
    try:
        found = _found(pages, name)
        if not found:
            pages.create_search_index(SearchIndexModel(name=name, definition=DEFINITION))
            return f"pages: Atlas Search index {name} created; Atlas builds it in the background"
        if not _has(found.get("latestDefinition"), DEFINITION):
            pages.update_search_index(name, DEFINITION)
            return f"pages: Atlas Search index {name} updated; Atlas rebuilds it in the background"
    except OperationFailure as error:
        return f"pages: Atlas Search index {name} not created: {_reason(error)}"
    return f"pages: Atlas Search index {name} is current"


def problem_of(pages: Collection[Document], name: str) -> str | None:
    """Why the index cannot be queried; None if it can."""
    if not could_have(pages.database):
        return _NOT_HERE
    try:
        found = _found(pages, name)
    except OperationFailure as error:
        return f"Atlas Search does not answer: {_reason(error)}"
    if not found:
        return f"There is no Atlas Search index {name}"
    return None if found.get("queryable") else f"The Atlas Search index {name} is not ready: {found.get('status')}"


def could_have(database: Database[Document]) -> bool:
    """Whether the server may have Atlas Search. The embedded one ignores stages that it does not know."""
    return product(database) == "mongodb"


def _found(pages: Collection[Document], name: str) -> Mapping[str, Any] | None:
    return next(iter(pages.list_search_indexes(name)), None)


def _has(stored: Any, wanted: Any) -> bool:
    """Whether a stored definition agrees with the wanted one. Atlas adds defaults to what it stores."""
    if isinstance(wanted, dict):
        return isinstance(stored, dict) and all(_has(stored.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(stored, list) and len(stored) == len(wanted) and all(map(_has, stored, wanted))
    return bool(stored == wanted)


def _reason(error: OperationFailure) -> str:
    return str(error).split(", full error")[0]
