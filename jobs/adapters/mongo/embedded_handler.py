"""The embedded server's handler: it answers commands with SQLite's indexes where they can be translated.

nx-27017 0.8.1 itself decodes every document for most filters, sorts in Python, compares times by the second, inserts
each document in a transaction of its own, and hides the errors of findAndModify. It still answers what is not
translated. Each translated command is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neosqlite._sqlite import sqlite3
from nx_27017.handler import NeoSQLiteHandler

from jobs.adapters.mongo.embedded_commands import ACTS, DUPLICATE_KEY, Command, Reply, Request
from jobs.adapters.mongo.embedded_sql import TRANSLATED, Untranslatable

_TIME_LIMIT = 50


class Handler(NeoSQLiteHandler):  # type: ignore[misc]
    """Handles commands on the translated collections, and passes on all others."""

    def handle_insert(self, msg: dict[str, Any]) -> tuple[int, Reply]:
        command = _command(msg)
        documents = [*command.get("documents", ())]
        for kind, section in msg["sections"]:
            if kind == "payload_docs":
                documents += section
            elif kind == "payload":
                documents += section.get("documents", ())
        return self._answer(msg, "insert", lambda each: each.insert(documents), super().handle_insert)

    def handle_command(self, msg: dict[str, Any]) -> tuple[int, Reply]:
        name = next(iter(_command(msg)), "")
        act = ACTS.get(name)
        if name == "createIndexes" and self._has_text_index(_command(msg)):
            return msg["request_id"], {"ok": 1}
        if act is None:
            reply: tuple[int, Reply] = super().handle_command(msg)
            return reply
        return self._answer(msg, name, act, super().handle_command)

    def _has_text_index(self, command: Command) -> bool:
        """Whether these are one text index that exists. The server would fill it again, and fail at the first row."""
        keys = [field for index in command["indexes"] for field, kind in index["key"].items() if kind == "text"]
        if len(keys) != 1 or len(command["indexes"]) != 1:
            return False
        collection = self.get_database(command.get("$db", "test"))[command["createIndexes"]]
        found = "SELECT 1 FROM sqlite_master WHERE name = ?"
        return collection.db.execute(found, [f"{collection.name}_{keys[0]}_fts"]).fetchone() is not None

    def _answer(
        self,
        msg: dict[str, Any],
        name: str,
        act: Callable[[Request], Reply],
        otherwise: Callable[[dict[str, Any]], tuple[int, Reply]],
    ) -> tuple[int, Reply]:
        command = _command(msg)
        database = command.get("$db", "test")
        if command.get(name) not in TRANSLATED:
            return otherwise(msg)
        with self._lock_for(database):
            request = Request(self, command, msg, self.get_database(database)[command[name]])
            try:
                with request.limited(), request.transaction():
                    return msg["request_id"], act(request)
            except Untranslatable:
                return otherwise(msg)
            except sqlite3.IntegrityError as error:
                return msg["request_id"], {"ok": 0, "code": DUPLICATE_KEY, "errmsg": str(error)}
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return otherwise(msg)
                if "interrupted" in str(error):
                    return msg["request_id"], {"ok": 0, "code": _TIME_LIMIT, "errmsg": "operation exceeded time limit"}
                raise


def _command(msg: dict[str, Any]) -> Command:
    return next((section for kind, section in msg["sections"] if kind == "body"), {})
