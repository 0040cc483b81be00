"""Translates MongoDB's filters and sort orders into SQL for the embedded server, so that SQLite can use indexes.

It knows the collections in ``validators`` and the indexes in ``indexes``. The server itself answers the rest, slowly.

A document is the JSON text in the column ``data``; its ``_id`` is also a column of text. A date is stored as
``{"$date": "2026-01-31T12:00:00"}`` without a time zone. This text sorts by time, with and without microseconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import IndexModel

from jobs.adapters.mongo.indexes import INDEXES
from jobs.adapters.mongo.validators import VALIDATORS

_COMPARISONS = {"$eq": "=", "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_HIGHEST = "\U0010ffff"

Spec = Mapping[str, Any]
Sort = Sequence[tuple[str, int]]


def expires(collection: str) -> bool:
    """Whether documents expire, which only the server's own code handles."""
    return any("expireAfterSeconds" in index.document for index in INDEXES.get(collection, ()))


def has_text(collection: str) -> bool:
    """Whether texts are searched in this collection, which is left to the server."""
    return any("text" in index.document["key"].values() for index in INDEXES[collection])


#: The collections whose queries are translated.
TRANSLATED = frozenset(name for name in VALIDATORS if not expires(name) and not has_text(name))


class Untranslatable(Exception):
    """The server's own code must answer."""


@dataclass(frozen=True)
class Where:
    """A condition. ``fields`` are compared, ``equal`` with one value; ``present`` must only be there."""

    sql: str
    values: tuple[Any, ...] = ()
    fields: frozenset[str] = frozenset()
    equal: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()

    def is_in(self, index: IndexModel) -> bool:
        return self.fields <= (keys := {*index.document["key"]}) and self.present <= keys | presence(index)


def _and(parts: Sequence[Where]) -> Where:
    names = ((part.fields, part.equal, part.present) for part in parts)
    return Where(
        " AND ".join(part.sql for part in parts) or "1",
        tuple(value for part in parts for value in part.values),
        *(frozenset().union(*each) for each in zip(*names, strict=True)),
    )


# --- fields


def _kind(collection: str, field: str) -> str:
    """``array``, ``scalar``, or an empty text if the schema does not know the field or it is an object."""
    schema: Spec = VALIDATORS[collection]
    for name in field.split("."):
        schema = schema.get("properties", {}).get(name, {})
    kinds = schema.get("bsonType", "string" if "enum" in schema else "")
    names = {kinds} if isinstance(kinds, str) else {*kinds}
    if names == {"array"}:
        return "array"
    return "" if names & {"object", "array", "binData", ""} else "scalar"


def column(collection: str, field: str) -> str:
    """The SQL expression of a field. Raises Untranslatable unless it is a scalar."""
    if field != "_id" and _kind(collection, field) != "scalar":
        raise Untranslatable(field)
    return _extract(field)


def _extract(field: str) -> str:
    if not re.fullmatch(r"_id|[A-Za-z]+(\.[A-Za-z]+)*", field):
        raise Untranslatable(field)
    return field if field == "_id" else f"json_extract(data, '$.{field}')"


def value_of(value: Any) -> Any:
    """A value as SQLite compares it. Raises Untranslatable."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float | str):
        return value
    if isinstance(value, datetime):
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return f'{{"$date":"{naive.isoformat()}"}}'
    if type(value).__name__ == "ObjectId":
        return str(value)
    raise Untranslatable(repr(value))


def choices(collection: str, field: str) -> Sequence[str]:
    """All values that a field can have; empty if they are not known."""
    return tuple(VALIDATORS[collection].get("properties", {}).get(field, {}).get("enum", ()))


# --- filters


@dataclass(frozen=True)
class Table:
    """A collection's table. ``is_common`` returns whether a statement's FROM and WHERE clauses match many rows."""

    name: str
    is_common: Callable[[str, tuple[str, str]], bool]


def where(table: Table, filter_: Spec) -> Where:
    """The condition of a filter. Raises Untranslatable."""
    return _and([part for field, wanted in filter_.items() for part in _parts(table, field, wanted)])


def _parts(table: Table, field: str, wanted: Any) -> Iterator[Where]:
    if field == "$and":
        yield from (where(table, each) for each in wanted)
    elif field == "$or":
        each = [where(table, one) for one in wanted]
        yield Where("(" + " OR ".join(f"({one.sql})" for one in each) + ")", _and(each).values)
    elif field.startswith("$"):
        raise Untranslatable(field)
    elif not isinstance(wanted, Mapping):
        yield _compared(table, field, "$eq", wanted)
    elif "$regex" in wanted:
        yield _begins(table, field, wanted)
    else:
        yield from (_compared(table, field, operator, each) for operator, each in wanted.items())


def _compared(table: Table, field: str, operator: str, wanted: Any) -> Where:
    compared = frozenset({field})
    if operator == "$exists":  # of a field of any kind
        return Where(f"{_extract(field)} IS {'NOT' * bool(wanted)} NULL", present=compared if wanted else frozenset())
    if operator == "$eq" and wanted is not None and _kind(table.name, field) == "array":
        operator, wanted = "$in", [wanted]  # one of its elements
    if operator == "$in" and _kind(table.name, field) == "array":
        some = f"SELECT id FROM {elements(table.name, field)} WHERE value IN (SELECT value FROM json_each(?))"
        return Where(f"_id IN ({some})", (json.dumps([*map(value_of, wanted)]),))
    expression = column(table.name, field)
    if operator in ("$in", "$nin"):
        return _in(expression, field, wanted, negated=operator == "$nin")
    if wanted is None and operator in ("$eq", "$ne"):
        return Where(f"{expression} IS {'NOT ' if operator == '$ne' else ''}NULL")
    if operator == "$ne":  # matches a missing field
        return Where(f"{expression} IS NOT ?", (value_of(wanted),))
    if operator not in _COMPARISONS:
        raise Untranslatable(operator)
    equal = compared if operator == "$eq" else frozenset()
    return Where(f"{expression} {_COMPARISONS[operator]} ?", (value_of(wanted),), compared, equal)


def _in(expression: str, field: str, wanted: Sequence[Any], *, negated: bool) -> Where:
    values = [value_of(each) for each in wanted]
    if len(values) == 1 and not negated:
        return Where(f"{expression} = ?", (values[0],), frozenset({field}), frozenset({field}))
    found = f"{expression} {'NOT ' if negated else ''}IN (SELECT value FROM json_each(?))"
    if negated:
        return Where(f"({found} OR {expression} IS NULL)", (json.dumps(values),))
    return Where(found, (json.dumps(values),), frozenset({field}))


def _begins(table: Table, field: str, wanted: Spec) -> Where:
    """The beginning of one of an array's texts."""
    beginning = re.sub(r"\\(.)", r"\1", str(wanted["$regex"])[1:])
    if wanted != {"$regex": f"^{re.escape(beginning)}"} or _kind(table.name, field) != "array":
        raise Untranslatable(f"{field} {wanted}")
    some = f"FROM {elements(table.name, field)} WHERE value >= ? AND value < ?"
    values = (beginning, beginning + _HIGHEST)
    if table.is_common(some, values):  # looked up for each document, instead of collecting all their ids
        return Where(f"EXISTS (SELECT 1 {some} AND id = {table.name}._id)", values)
    return Where(f"_id IN (SELECT id {some})", values)


# --- projections


@dataclass(frozen=True)
class Only:
    """A few fields of a document, read without decoding the others."""

    fields: tuple[str, ...]

    @property
    def sql(self) -> str:
        paths = ", ".join(f"'$.{field}'" for field in (*self.fields, "_id"))
        return f"json_extract(data, {paths})"

    def document(self, values: Sequence[Any]) -> dict[str, Any]:
        return {name: value for name, value in zip((*self.fields, "_id"), values, strict=True) if value is not None}


def only(fields: Spec) -> Only | None:
    """None unless the projection names fields at the top, and includes ``_id``."""
    names = tuple(name for name in fields if name != "_id")
    plain = all(name.isalpha() for name in names) and all(value in (1, True) for value in fields.values())
    return Only(names) if names and plain else (Only(("_id",)) if fields and plain else None)


# --- orders


def order_by(collection: str, sort: Sort) -> str:
    """Raises Untranslatable."""
    return ", ".join(f"{column(collection, field)} {'ASC' if way > 0 else 'DESC'}" for field, way in sort)


@dataclass(frozen=True)
class OrderedIndex:
    """An index that returns matching documents in order. ``complete``: it contains all compared fields."""

    name: str
    complete: bool


def ordered_index(collection: str, found: Where, sort: Sort) -> OrderedIndex | None:
    """The best index for a sort order without the fields that equal one value."""
    usable = [
        OrderedIndex(index_name(collection, index.document["name"]), found.is_in(index))
        for index in INDEXES[collection]
        if presence(index) <= found.fields | found.present
        and _sorts(list(index.document["key"].items()), found.equal, sort)
    ]
    return max(usable, key=lambda index: index.complete, default=None)


def _sorts(keys: Sort, equal: frozenset[str], sort: Sort) -> bool:
    """Whether an index with these keys, read forwards or backwards, has the order."""
    rest = [key for place, key in enumerate(keys) if not {field for field, _ in keys[: place + 1]} <= equal]
    same = [field for field, _ in rest[: len(sort)]] == [field for field, _ in sort]
    return same and len({way == wanted for (_, way), (_, wanted) in zip(rest, sort, strict=False)}) == 1


# --- indexes


def presence(index: IndexModel) -> frozenset[str]:
    """The fields that documents must have to be in a partial or sparse index."""
    sparse = [*index.document["key"]][:1] if index.document.get("sparse") else []
    partial = index.document.get("partialFilterExpression", {}).items()
    return frozenset([*sparse, *(field for field, condition in partial if condition == {"$exists": True})])


def index_name(collection: str, name: str) -> str:
    return f"filesure_{collection}_{name.replace('.', '_')}"


def elements(collection: str, field: str) -> str:
    """The table that contains the elements of an array."""
    return f"filesure_{collection}_{field}"


def index_statements(collection: str, index: IndexModel) -> list[str]:
    """The statements that create an index. An index of an array is a table that triggers keep up to date."""
    keys = index.document["key"]
    (first, *_) = keys
    if first != "_id" and _kind(collection, first) == "array":
        return _array_statements(collection, first)
    columns = ", ".join(f"{column(collection, field)} {'ASC' if way > 0 else 'DESC'}" for field, way in keys.items())
    unique = "UNIQUE " if index.document.get("unique") else ""
    present = " AND ".join(f"{column(collection, field)} IS NOT NULL" for field in sorted(presence(index)))
    partial = f" WHERE {present}" if present else ""
    name = index_name(collection, index.document["name"])
    return [f"CREATE {unique}INDEX IF NOT EXISTS {name} ON {collection} ({columns}){partial}"]


def _array_statements(collection: str, field: str) -> list[str]:
    table = elements(collection, field)
    new = f"INSERT OR IGNORE INTO {table} SELECT value, new._id FROM json_each(new.data, '$.{field}');"
    old = f"DELETE FROM {table} WHERE id = old._id;"
    changed = f"json_extract(old.data, '$.{field}') IS NOT json_extract(new.data, '$.{field}')"
    existing = f"SELECT value, {collection}._id FROM {collection}, json_each({collection}.data, '$.{field}')"
    begin = f"CREATE TRIGGER IF NOT EXISTS {table}"
    return [
        f"CREATE TABLE IF NOT EXISTS {table} (value TEXT, id TEXT, PRIMARY KEY (value, id)) WITHOUT ROWID",
        f"CREATE INDEX IF NOT EXISTS {table}_id ON {table} (id)",
        f"{begin}_added AFTER INSERT ON {collection} BEGIN {new} END",
        f"{begin}_removed AFTER DELETE ON {collection} BEGIN {old} END",
        f"{begin}_changed AFTER UPDATE OF data ON {collection} WHEN {changed} BEGIN {old} {new} END",
        f"INSERT OR IGNORE INTO {table} {existing} WHERE NOT EXISTS (SELECT 1 FROM {table})",
    ]
