"""A document of sums to which each batch is added exactly once, whichever process dies in between."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

if TYPE_CHECKING:
    from jobs.adapters.mongo.connection import Document


class Sums:
    """Adds a batch in three steps. Each step can be repeated, and the process can die after any of them:

    1. add the batch to the sums and store the batch with them, unless they changed since they were read;
    2. mark the members of the batch as counted;
    3. remove the batch from the sums.

    The next caller finishes the batch of a dead process. A delayed step has no effect, as its ``sequence`` is outdated.
    Field names are flat because the embedded server can increment only top-level fields.
    """

    key: str

    def __init__(self, totals: Collection[Document]) -> None:
        self._totals = totals

    def _mark(self, sequence: int, batch: Sequence[Any]) -> None:
        """Step 2: mark the members of the batch as counted."""
        raise NotImplementedError

    def _first(self) -> Document:
        """The sums before the first batch."""
        return {}

    def _current(self) -> Document:
        return self._totals.find_one({"_id": self.key}) or {}

    def _settled(self) -> int:
        """The sequence of the sums, after finishing any batch in progress."""
        sums = self._current() or self._begun()
        if sums.get("batch"):
            self._settle(sums["sequence"], sums["batch"])
        return int(sums["sequence"])

    def _begun(self) -> Document:
        sums = {"_id": self.key, "sequence": 0, **self._first()}
        with contextlib.suppress(DuplicateKeyError):  # another caller was faster
            self._totals.insert_one({**sums})
        return sums

    def _apply(self, sequence: int, rise: Mapping[str, float], batch: Sequence[Any]) -> bool:
        """Add a batch; False if another caller was faster."""
        added = {name: number for name, number in rise.items() if number}
        unchanged = {"_id": self.key, "sequence": sequence, "batch": {"$exists": False}}
        update = {"$inc": {"sequence": 1, **added}, "$set": {"batch": list(batch)}}
        if not self._totals.update_one(unchanged, update).matched_count:
            return False
        self._settle(sequence + 1, batch)
        return True

    def _settle(self, sequence: int, batch: Sequence[Any]) -> None:
        self._mark(sequence, batch)
        self._totals.update_one({"_id": self.key, "sequence": sequence}, {"$unset": {"batch": ""}})
