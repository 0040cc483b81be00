"""The indexes of the embedded server's collections: SQLite's indexes, and a table with their declarations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from neosqlite._sqlite import sqlite3
from pymongo import IndexModel

from jobs.adapters.mongo import embedded_sql as sql

_DECLARED = "CREATE TABLE IF NOT EXISTS filesure_indexes (collection, name, key, PRIMARY KEY (collection, name))"


class Indexes:
    """The indexes of one collection."""

    def __init__(self, database: sqlite3.Connection, collection: str) -> None:
        self._db = database
        self._collection = collection

    def create(self, declared: Iterable[Mapping[str, Any]]) -> None:
        """Drops an index of the same fields that the server made itself, as earlier versions let it do."""
        self._db.execute(_DECLARED)
        for given in declared:
            index = IndexModel([*given["key"].items()], **{name: each for name, each in given.items() if name != "key"})
            statements = sql.index_statements(self._collection, index)
            self._drop_other(sql.index_name(self._collection, given["name"]), statements[0])
            for statement in statements:
                self._db.execute(statement)
            fields = "_".join(field.replace(".", "_") for field in given["key"])
            self._db.execute(f"DROP INDEX IF EXISTS idx_{self._collection}_{fields}")
            row = (self._collection, given["name"], json.dumps(given["key"]))
            self._db.execute("INSERT OR REPLACE INTO filesure_indexes VALUES (?, ?, ?)", row)

    def _drop_other(self, name: str, statement: str) -> None:
        """Drop an index of the same name with another definition."""
        rows = self._db.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?", (name,))
        if any(statement.split(" IF NOT EXISTS ")[1] not in text for (text,) in rows):
            self._db.execute(f"DROP INDEX {name}")

    def hinted(self, name: str) -> str:
        """SQLite's name of an index. Raises Untranslatable if it is not declared."""
        if name not in [each["name"] for each in self.all()]:
            raise sql.Untranslatable(name)
        return sql.index_name(self._collection, name)

    def all(self) -> list[dict[str, Any]]:
        rows = self._db.execute("SELECT name, key FROM filesure_indexes WHERE collection = ?", (self._collection,))
        known = [{"v": 2, "name": name, "key": json.loads(key)} for name, key in rows]
        return [{"v": 2, "name": "_id_", "key": {"_id": 1}}, *known]

    def drop(self, name: object) -> None:
        """Drop a declared index, whose name is thereby safe in SQL. Raises Untranslatable for other names."""
        self._db.execute(f"DROP INDEX IF EXISTS {self.hinted(str(name))}")
        self._db.execute("DELETE FROM filesure_indexes WHERE collection = ? AND name = ?", (self._collection, name))

    def forget(self) -> None:
        """The collection was dropped, and its indexes with it."""
        if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'filesure_indexes'").fetchone():
            self._db.execute("DELETE FROM filesure_indexes WHERE collection = ?", (self._collection,))
