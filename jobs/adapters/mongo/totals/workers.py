"""The totals of workers' counters. Each part is a separate document, so that 500 workers never contend."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.totals.sums import Sums
from jobs.telemetry.metrics import PREFIX

if TYPE_CHECKING:
    from jobs.ports import Clock

BATCH = 500
_KEPT = timedelta(hours=1)


class MongoTotals(Sums):
    """``jobs.ports.Totals`` on the collections ``parts`` and ``totals``.

    A counted part is kept for an hour to detect repeats: a worker retries storing a part for minutes at most.
    """

    key = "worker_totals"

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        super().__init__(database["totals"])
        self._parts = database["parts"]
        self._clock = clock

    @translated
    def add(self, worker: str, sequence: int, amounts: Mapping[str, float]) -> None:
        """A single insert, whose key rejects a part that is already stored."""
        stored = {name.replace(".", ","): amount for name, amount in amounts.items()}
        with contextlib.suppress(DuplicateKeyError):
            self._parts.insert_one({"_id": f"{worker} {sequence}", "waiting": True, "amounts": stored})

    @translated
    def fold(self) -> int:
        sequence = self._settled()
        parts = list(self._parts.find({"waiting": True}, limit=BATCH))
        rise: Counter[str] = Counter()
        for part in parts:
            rise.update(part["amounts"])
        if not parts or not self._apply(sequence, rise, [part["_id"] for part in parts]):
            return 0
        self._parts.delete_many({"countedAt": {"$lt": self._clock() - _KEPT}})
        return len(parts)

    def _mark(self, sequence: int, batch: Sequence[Any]) -> None:  # noqa: ARG002  a part can be marked again
        update = {"$set": {"countedAt": self._clock()}, "$unset": {"waiting": "", "amounts": ""}}
        self._parts.update_many({"_id": {"$in": list(batch)}}, update)

    @translated
    def read(self) -> Mapping[str, float]:
        return {name.replace(",", "."): sum_ for name, sum_ in self._current().items() if name.startswith(PREFIX)}

    def _first(self) -> Document:
        """The totals of version 0.1, which stored them in another document and without the prefix."""
        before = self._totals.find_one({"_id": "workers"}) or {}
        private = ("_id", "part of ", "seen ")
        return {PREFIX + name: number for name, number in before.items() if not name.startswith(private)}
