"""Commands on the embedded server's collections, in SQL. Raise Untranslatable if the server's own code must answer."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from neosqlite._sqlite import sqlite3
from neosqlite.collection.json_helpers import neosqlite_json_dumps, neosqlite_json_loads
from neosqlite.objectid import ObjectId

from jobs.adapters.mongo import embedded_sql as sql
from jobs.adapters.mongo.embedded_indexes import Indexes
from jobs.adapters.mongo.embedded_sql import Untranslatable, Where

Command = dict[str, Any]
Reply = dict[str, Any]
Rows = list[tuple[int, str]]

DUPLICATE_KEY = 11000
#: SQLite's steps between two looks at the time.
_LOOK = 2_000
#: So many documents are sorted quickly.
_FEW = 2_000


class Request:
    """One command on one collection."""

    def __init__(self, handler: Any, command: Command, msg: dict[str, Any], collection: Any) -> None:
        self._handler, self._msg, self._collection = handler, msg, collection
        self._command: Command = handler._convert_objectids(command)
        self._name: str = collection.name
        self._table = sql.Table(self._name, self._is_common)
        self._db: sqlite3.Connection = collection.db
        self._indexes = Indexes(self._db, self._name)
        self._ends = time.monotonic() + command.get("maxTimeMS", 3_600_000) / 1000

    # --- limits

    @contextlib.contextmanager
    def limited(self) -> Iterator[None]:
        """Interrupt SQLite when the time is up."""
        self._db.set_progress_handler(lambda: time.monotonic() > self._ends, _LOOK)
        try:
            yield
        finally:
            self._db.set_progress_handler(None, 0)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """A savepoint, since a transaction may have begun already."""
        self._db.execute("SAVEPOINT command")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO command")
            raise
        finally:
            self._db.execute("RELEASE command")

    # --- reading

    def find(self) -> Reply:
        command, fields = self._command, self._command.get("projection") or {}
        limit, skip = abs(command.get("limit", 0)), command.get("skip", 0)
        few = sql.only(fields)
        rows = self._rows(command.get("filter", {}), command.get("sort"), limit, skip, few.sql if few else "data")
        if few:
            return self._cursor([few.document(neosqlite_json_loads(text)) for _, text in rows])
        return self._cursor([self._projected(neosqlite_json_loads(text), fields) for _, text in rows])

    def _cursor(self, documents: list[dict[str, Any]]) -> Reply:
        database = self._command.get("$db", "test")
        space, size = f"{database}.{self._name}", self._handler._first_batch_size(self._command)
        owner = self._msg.get("_conn_id")
        first, cursor = self._handler._split_first_batch(documents, size, space, database, owner=owner)
        return {"ok": 1, "cursor": {"id": cursor, "ns": space, "firstBatch": first}}

    def _projected(self, document: dict[str, Any], fields: Mapping[str, Any] | None) -> dict[str, Any]:
        if not fields:
            return document
        projected: dict[str, Any] = self._collection.query_engine.helpers._apply_projection(fields, document)
        return projected

    def _rows(
        self, filter_: sql.Spec, sort: Mapping[str, int] | None, limit: int = 0, skip: int = 0, wanted: str = "data"
    ) -> Rows:
        found = sql.where(self._table, filter_)
        order = [(field, way) for field, way in (sort or {}).items() if field not in found.equal]
        index = sql.ordered_index(self._name, found, order) if order else None
        rest = f" ORDER BY {sql.order_by(self._name, order)}" if order else ""
        rest += f" LIMIT {int(limit) or -1} OFFSET {int(skip)}" if limit or skip else ""
        by = f" INDEXED BY {index.name}" if index and (index.complete or self._has_many(found, limit)) else ""
        # A plus keeps SQLite from an index that finds many documents, which it would all have to sort.
        newest = index is None and [field for field, _ in order] == ["_id"] and self._has_many(found, limit)
        condition = f"+({found.sql})" if newest else found.sql
        statement = f"SELECT id, {wanted} FROM {self._name}{by} WHERE {condition}{rest}"
        rows: Rows = self._db.execute(statement, found.values).fetchall()
        return rows

    def _has_many(self, found: Where, limit: int) -> bool:
        """Whether reading an index in order finds enough documents soon, although it lacks a compared field."""
        return 0 < limit <= _FEW and self._counted(found, _FEW) == _FEW

    def _is_common(self, some: str, values: tuple[str, str]) -> bool:
        return bool(self._db.execute(f"SELECT 1 {some} LIMIT 1 OFFSET {_FEW}", values).fetchone())

    def count(self) -> Reply:
        return {"ok": 1, "n": self._count(self._command.get("query", {}), self._command.get("limit", 0))}

    def _count(self, filter_: sql.Spec, limit: int, hint: str | None = None) -> int:
        return self._counted(sql.where(self._table, filter_), limit, hint)

    def _counted(self, found: Where, limit: int, hint: str | None = None) -> int:
        by = f" INDEXED BY {self._indexes.hinted(hint)}" if hint else ""
        some = f"SELECT 1 FROM {self._name}{by} WHERE {found.sql} LIMIT {int(limit) or -1}"
        (number,) = self._db.execute(f"SELECT COUNT(*) FROM ({some})", found.values).fetchone()
        return int(number)

    def distinct(self) -> Reply:
        """Jumps from value to value in the index."""
        if self._command.get("query"):
            raise Untranslatable
        field = sql.column(self._name, self._command["key"])
        least = f"SELECT MIN({field}) FROM {self._name}"
        values = f"""WITH RECURSIVE found(value) AS (
            {least} UNION ALL SELECT ({least} WHERE {field} > found.value) FROM found WHERE value IS NOT NULL
        ) SELECT value FROM found WHERE value IS NOT NULL"""
        return {"ok": 1, "values": [value for (value,) in self._db.execute(values)]}

    def aggregate(self) -> Reply:
        """Counts, as pymongo's ``count_documents`` sends them, and counts by a field."""
        stages = [(stage, body) for each in self._command["pipeline"] for stage, body in each.items()]
        filter_ = stages.pop(0)[1] if stages and stages[0][0] == "$match" else {}
        limit = stages.pop(0)[1] if stages and stages[0][0] == "$limit" else 0
        if len(stages) != 1 or stages[0][0] != "$group":
            raise Untranslatable
        by, *others = stages[0][1].items()
        if len(others) > 1 or any(each != {"$sum": 1} for _, each in others):
            raise Untranslatable
        if isinstance(by[1], int) and others:
            number = self._count(filter_, limit)
            return self._cursor([{"_id": by[1], others[0][0]: number}] if number else [])
        return self._cursor(self._groups(filter_, by[1], [name for name, _ in others]))

    def _groups(self, filter_: sql.Spec, by: Any, names: Sequence[str]) -> list[dict[str, Any]]:
        if not isinstance(by, str) or by[:1] != "$" or by == "$_id":
            raise Untranslatable
        found, field = sql.where(self._table, filter_), sql.column(self._name, by[1:])
        choices = sql.choices(self._name, by[1:])
        if choices:  # SQLite reads compared fields from an index, but grouped ones from each document
            hint = self._command.get("hint")
            numbers = {each: self._count({"$and": [filter_, {by[1:]: each}]}, 0, hint) for each in choices}
            return [{"_id": each, **dict.fromkeys(names, number)} for each, number in numbers.items() if number]
        groups = f"SELECT {field}, COUNT(*) FROM {self._name} WHERE {found.sql} GROUP BY 1"
        return [
            {"_id": value, **dict.fromkeys(names, number)} for value, number in self._db.execute(groups, found.values)
        ]

    # --- writing

    def insert(self, documents: Sequence[dict[str, Any]]) -> Reply:
        number, failures = 0, []
        for index, document in enumerate(documents):
            try:
                self._add(self._handler._convert_objectids(document))
                number += 1
            except sqlite3.IntegrityError as error:
                failures.append({"index": index, "code": DUPLICATE_KEY, "errmsg": str(error)})
                if self._command.get("ordered", True):
                    break
        return {"ok": 1, "n": number, **({"writeErrors": failures} if failures else {})}

    def _add(self, document: dict[str, Any]) -> None:
        if "_id" not in document:
            raise Untranslatable
        row = (str(document["_id"]), neosqlite_json_dumps(document))
        self._db.execute(f"INSERT INTO {self._name} (_id, data) VALUES (?, ?)", row)

    def update(self) -> Reply:
        matched = modified = 0
        upserted = []
        for index, each in enumerate([*self._command.get("updates", ()), *self._section("updates")]):
            if each.get("arrayFilters") or not isinstance(each["u"], Mapping):
                raise Untranslatable
            rows = self._rows(each["q"], None, 0 if each.get("multi") else 1)
            if not rows and each.get("upsert"):
                upserted.append({"index": index, "_id": self._upsert(each["q"], each["u"])["_id"]})
            matched += len(rows)
            modified += sum(self._change(row, each["u"])[1] for row in rows)
        reply = {"ok": 1, "n": matched + len(upserted), "nModified": modified}
        return {**reply, "upserted": upserted} if upserted else reply

    def _change(self, row: tuple[int, str], change: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        key, text = row
        before = neosqlite_json_loads(text)
        if _is_change(change):
            return self._updated(key, change, before)
        after = {"_id": before["_id"], **change}
        self._db.execute(f"UPDATE {self._name} SET data = ? WHERE id = ?", (neosqlite_json_dumps(after), key))
        return after, after != before

    def _updated(self, key: int, change: Mapping[str, Any], document: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        helpers = self._collection.query_engine.helpers
        changed: tuple[dict[str, Any], bool] = helpers._perform_python_update(key, change, document)
        return changed

    def _upsert(self, filter_: sql.Spec, change: Mapping[str, Any]) -> dict[str, Any]:
        """Insert what the filter's plain values and the change make."""
        plain = {name: value for name, value in filter_.items() if name[:1] != "$" and not isinstance(value, Mapping)}
        base = {"_id": plain.get("_id", ObjectId()), **plain}
        # For the key 0, the server changes the document without storing it.
        document = self._updated(0, change, base)[0] if _is_change(change) else {"_id": base["_id"], **change}
        self._add(document)
        return document

    def find_and_modify(self) -> Reply:
        command, change = self._command, self._command.get("update")
        if command.get("remove") or command.get("arrayFilters") or not isinstance(change, Mapping):
            raise Untranslatable
        rows = self._rows(command.get("query", {}), command.get("sort"), 1)
        if rows:
            before, (after, _) = neosqlite_json_loads(rows[0][1]), self._change(rows[0], change)
            found = after if command.get("new") else before
        elif command.get("upsert"):
            after = self._upsert(command.get("query", {}), change)
            found = after if command.get("new") else None
        else:
            found = None
        return {"ok": 1, "value": self._projected(found, command.get("fields")) if found else None}

    def delete(self) -> Reply:
        number = 0
        for each in [*self._command.get("deletes", ()), *self._section("deletes")]:
            found = sql.where(self._table, each["q"])
            some = f"SELECT id FROM {self._name} WHERE {found.sql} LIMIT {int(each.get('limit', 0)) or -1}"
            number += self._db.execute(f"DELETE FROM {self._name} WHERE id IN ({some})", found.values).rowcount
        return {"ok": 1, "n": number}

    def _section(self, name: str) -> list[dict[str, Any]]:
        sections = [section for kind, section in self._msg["sections"] if kind == "payload" and name in section]
        found: list[dict[str, Any]] = self._handler._convert_objectids([each for one in sections for each in one[name]])
        return found

    # --- indexes

    def create_indexes(self) -> Reply:
        self._collection.create()
        self._indexes.create(self._command["indexes"])
        return {"ok": 1, "createdCollectionAutomatically": False}

    def list_indexes(self) -> Reply:
        return self._cursor(self._indexes.all())

    def drop_indexes(self) -> Reply:
        self._indexes.drop(self._command["index"])
        return {"ok": 1}

    def drop(self) -> Reply:
        """The collection's indexes are forgotten with it."""
        self._collection.drop()
        mine = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB ?"
        for (table,) in self._db.execute(mine, (f"filesure_{self._name}_*",)).fetchall():
            self._db.execute(f"DROP TABLE {table}")
        self._indexes.forget()
        return {"ok": 1}


def _is_change(update: Any) -> bool:
    return isinstance(update, Mapping) and bool(update) and all(name.startswith("$") for name in update)


ACTS: dict[str, Callable[[Request], Reply]] = {
    "find": Request.find,
    "count": Request.count,
    "distinct": Request.distinct,
    "aggregate": Request.aggregate,
    "update": Request.update,
    "delete": Request.delete,
    "findAndModify": Request.find_and_modify,
    "createIndexes": Request.create_indexes,
    "listIndexes": Request.list_indexes,
    "dropIndexes": Request.drop_indexes,
    "drop": Request.drop,
}
