"""What callers asked for with a key, in MongoDB: the plan first, so that whoever asks again meets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, WriteError

from jobs.adapters.mongo.connection import Document, translated
from jobs.ports import Clock, Plan

# DocumentDB's: of callers who race for a key it turns one away, and has written nothing for that one.
DEADLOCK = 16908292
_TRIES = 5


class MongoIdempotencyStore:
    """``jobs.ports.IdempotencyStore`` on the collection ``idempotency``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._plans = database["idempotency"]
        self._clock = clock

    @translated
    def begin(self, key: str, fingerprint: str, orders: Sequence[Mapping[str, Any]]) -> Plan:
        """See the port: the unique key decides between racing callers."""
        row: dict[str, Any] = {
            "key": key, "fingerprint": fingerprint, "orders": [dict(order) for order in orders], "at": self._clock(),
        }  # fmt: skip
        try:
            self._insert(row)
        except DuplicateKeyError:
            found = self._plans.find_one({"key": key})
            row = found or row  # gone in between: a day has passed, or the order was refused
        return Plan(fingerprint=row["fingerprint"], orders=list(row["orders"]), done="doneAt" in row)

    @translated
    def finish(self, key: str) -> None:
        """See the port."""
        self._plans.update_one({"key": key}, {"$set": {"doneAt": self._clock()}})

    @translated
    def forget(self, key: str) -> None:
        """See the port."""
        self._plans.delete_one({"key": key})

    def _insert(self, row: Document) -> None:
        for tries_left in reversed(range(_TRIES)):
            try:
                self._plans.insert_one(row)
            except WriteError as error:
                if error.code != DEADLOCK or not tries_left:
                    raise
            else:
                return
