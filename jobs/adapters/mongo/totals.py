"""What workers counted, in one document: a part and the proof that it was added are one write."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import timedelta

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.ports import Clock

WORKERS = {"_id": "workers"}
_PART, _SEEN = "part of ", "seen "
_SILENT = timedelta(hours=1)


class MongoTotals:
    """``jobs.ports.Totals``. Names are flat, for the embedded server counts only at the top of a document."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._totals = database["totals"]
        self._clock = clock

    @translated
    def add(self, worker: str, sequence: int, amounts: Mapping[str, float]) -> None:
        """See the port: matches only where the worker's last part is the one before."""
        last = _PART + worker
        before = {last: {"$exists": False}} if sequence == 1 else {last: sequence - 1}
        update = {
            "$inc": {name.replace(".", ","): amount for name, amount in amounts.items()},
            "$set": {last: sequence, _SEEN + worker: self._clock()},
        }
        if not self._totals.update_one({**WORKERS, **before}, update).matched_count and sequence == 1:
            self._begin()
            self._totals.update_one({**WORKERS, **before}, update)

    def _begin(self) -> None:
        with contextlib.suppress(DuplicateKeyError):  # it is there: the part was added before, or is now
            self._totals.insert_one({**WORKERS})

    @translated
    def read(self) -> Mapping[str, float]:
        """See the port."""
        totals = self._totals.find_one(WORKERS) or {}
        self._forget_silent(totals)
        private = ("_id", _PART, _SEEN)
        return {name.replace(",", "."): number for name, number in totals.items() if not name.startswith(private)}

    def _forget_silent(self, totals: Document) -> None:
        """A worker adds a part again for minutes at most; after an hour its proofs are of no use."""
        silent = self._clock() - _SILENT
        for name, seen_at in totals.items():
            if name.startswith(_SEEN) and seen_at < silent:
                gone = {name: "", _PART + name.removeprefix(_SEEN): ""}
                self._totals.update_one({**WORKERS, name: seen_at}, {"$unset": gone})
