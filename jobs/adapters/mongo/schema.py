"""Creates and updates the collections, validators and indexes declared in ``validators`` and ``indexes``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo import IndexModel, errors
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, is_embedded, translated
from jobs.adapters.mongo.indexes import INDEXES, RETIRED
from jobs.adapters.mongo.pauses import DUE_VIEW, due_view
from jobs.adapters.mongo.validators import VALIDATORS

#: The keys under which servers list a text index.
_TEXT_KEYS = ("_fts", "_ftsx")
NAMESPACE_EXISTS = 48
INDEX_OPTIONS_CONFLICT, INDEX_KEY_SPECS_CONFLICT = 85, 86


@translated
def ensure(database: Database[Document], source: str = "") -> list[str]:
    """Create what is missing and update what differs. Returns one line per change. Idempotent.

    ``source``: the source whose pauses the view of due jobs observes, beside those of the queue.
    """
    lines = [line for name in VALIDATORS for line in _ensure_collection(database, name)]
    # The embedded server has no views; KEDA never counts there.
    return lines if is_embedded(database) else [*lines, _ensure_view(database, source)]


def _ensure_view(database: Database[Document], source: str) -> str:
    """The view may not be dropped and created again: a missing view counts as empty."""
    pipeline = due_view(source)
    try:
        database.command("create", DUE_VIEW, viewOn="pauses", pipeline=pipeline)
    except errors.OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
        database.command("collMod", DUE_VIEW, viewOn="pauses", pipeline=pipeline)
        return f"{DUE_VIEW}: view is current"
    return f"{DUE_VIEW}: view created"


@translated
def drop_retired(database: Database[Document]) -> list[str]:
    """Drop the indexes that no query uses any more, each of which slows writes. Returns one line per index."""
    found = [
        (collection, name)
        for collection, retired in RETIRED.items()
        for name, index in database[collection].index_information().items()
        if tuple(field for field, _ in index["key"]) in retired
    ]
    for collection, name in found:
        database[collection].drop_index(name)
    return [f"{collection}: index {name} dropped" for collection, name in found]


@translated
def missing_indexes(database: Database[Document]) -> list[str]:
    """The missing indexes, as ``collection (field, …)``."""
    return [
        f"{name} ({', '.join(keys)})"
        for name in INDEXES
        for keys in sorted({_keys(index.document) for index in INDEXES[name]} - _present(database, name))
    ]


def _present(database: Database[Document], name: str) -> set[tuple[str, ...]]:
    """The keys of existing indexes; their names differ on the embedded server."""
    found = {tuple(field for field, _ in index["key"]) for index in database[name].index_information().values()}
    return found | {_TEXT_KEYS} if is_embedded(database) else found  # it does not list text indexes


def _keys(index: Mapping[str, Any]) -> tuple[str, ...]:
    keys = index["key"]
    return _TEXT_KEYS if "text" in keys.values() else tuple(keys)


def _ensure_collection(database: Database[Document], name: str) -> Iterator[str]:
    yield f"{name}: {_ensure_validator(database, name)}"
    before = _present(database, name)
    for index in INDEXES[name]:
        changed = _ensure_index(database, name, index)
        if changed or _keys(index.document) not in before:
            yield f"{name}: index {index.document['name']} {'rebuilt' if changed else 'created'}"


def _ensure_validator(database: Database[Document], name: str) -> str:
    validator = {"$jsonSchema": VALIDATORS[name]}
    try:
        database.create_collection(name, validator=validator)
    except errors.CollectionInvalid:
        return _change_validator(database, name, validator)
    except errors.OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
        return _change_validator(database, name, validator)
    return "created"


def _change_validator(database: Database[Document], name: str, validator: dict[str, Any]) -> str:
    database.command("collMod", name, validator=validator)
    return "validator is current"


def _ensure_index(database: Database[Document], collection: str, index: IndexModel) -> bool:
    """Create the index. Returns True if it replaced an index of the same name with another definition."""
    try:
        database[collection].create_indexes([index])
    except errors.OperationFailure as error:
        if error.code not in (INDEX_OPTIONS_CONFLICT, INDEX_KEY_SPECS_CONFLICT):
            raise
        database[collection].drop_index(index.document["name"])
        database[collection].create_indexes([index])
        return True
    return False
