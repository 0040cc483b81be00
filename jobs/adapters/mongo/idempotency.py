"""Plans of orders by idempotency key, in MongoDB. A plan is stored before its jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.ports import Clock, Plan


class MongoIdempotencyStore:
    """``jobs.ports.IdempotencyStore`` on the collection ``idempotency``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._plans = database["idempotency"]
        self._clock = clock

    @translated
    def begin(self, key: str, fingerprint: str, orders: Sequence[Mapping[str, Any]]) -> Plan:
        """The unique key decides between racing callers."""
        row: dict[str, Any] = {
            "key": key,
            "fingerprint": fingerprint,
            "orders": [dict(order) for order in orders],
            "at": self._clock(),
        }
        try:
            self._plans.insert_one(row)
        except DuplicateKeyError:
            found = self._plans.find_one({"key": key})
            row = found or row  # deleted in between: a day has passed, or the order was refused
        return Plan(fingerprint=row["fingerprint"], orders=list(row["orders"]), done="doneAt" in row)

    @translated
    def finish(self, key: str) -> None:
        self._plans.update_one({"key": key}, {"$set": {"doneAt": self._clock()}})
