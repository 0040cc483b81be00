"""Repeats writes that failed only because several callers raced for one record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from pymongo import InsertOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure
from pymongo.results import BulkWriteResult, DeleteResult, InsertManyResult, InsertOneResult, UpdateResult

T = TypeVar("T")
Record = dict[str, Any]

# DocumentDB's error code for one of several callers that race for a record; nothing was written for that caller.
DEADLOCK = 16908292
DUPLICATE_KEY = 11000
_TRIES = 10
_COUNTS = ("nInserted", "nMatched", "nModified", "nRemoved", "nUpserted")
_LISTS = ("upserted", "writeErrors", "writeConcernErrors")


def unblocked(write: Callable[[], T]) -> T:
    """Repeat a write that DocumentDB rejected because of a deadlock."""
    for _ in range(_TRIES - 1):
        try:
            return write()
        except OperationFailure as error:
            if error.code != DEADLOCK:
                raise
    return write()


def settled(write: Callable[[], T]) -> T:
    """Repeat an upsert of a new record: of several callers, all but one can fail with a duplicate key."""
    for _ in range(_TRIES - 1):
        try:
            return write()
        except DuplicateKeyError:
            continue
    return write()


def duplicates(error: BulkWriteError) -> list[int]:
    """The positions of the records rejected by a unique key. Re-raises any other failure."""
    failures = error.details["writeErrors"]
    if error.details.get("writeConcernErrors") or any(failure["code"] != DUPLICATE_KEY for failure in failures):
        raise error
    return [failure["index"] for failure in failures]


class UnblockedDatabase(Database[Record]):
    """A database that repeats writes that DocumentDB rejected because of a deadlock."""

    def __getitem__(self, name: str) -> Collection[Record]:
        return UnblockedCollection(self, name)


class UnblockedCollection(Collection[Record]):
    """A collection of an ``UnblockedDatabase``."""

    def insert_one(self, *what: Any, **options: Any) -> InsertOneResult:
        return unblocked(lambda: super(UnblockedCollection, self).insert_one(*what, **options))

    def update_one(self, *what: Any, **options: Any) -> UpdateResult:
        return unblocked(lambda: super(UnblockedCollection, self).update_one(*what, **options))

    def update_many(self, *what: Any, **options: Any) -> UpdateResult:
        return unblocked(lambda: super(UnblockedCollection, self).update_many(*what, **options))

    def replace_one(self, *what: Any, **options: Any) -> UpdateResult:
        return unblocked(lambda: super(UnblockedCollection, self).replace_one(*what, **options))

    def find_one_and_update(self, *what: Any, **options: Any) -> Any:
        return unblocked(lambda: super(UnblockedCollection, self).find_one_and_update(*what, **options))

    def delete_one(self, *what: Any, **options: Any) -> DeleteResult:
        return unblocked(lambda: super(UnblockedCollection, self).delete_one(*what, **options))

    def delete_many(self, *what: Any, **options: Any) -> DeleteResult:
        return unblocked(lambda: super(UnblockedCollection, self).delete_many(*what, **options))

    def insert_many(self, documents: Iterable[Record], ordered: bool = True, **options: Any) -> InsertManyResult:  # type: ignore[override]
        rows = list(documents)
        self.bulk_write([InsertOne(row) for row in rows], ordered, **options)
        return InsertManyResult([row["_id"] for row in rows], acknowledged=True)

    def bulk_write(self, requests: Sequence[Any], ordered: bool = True, **options: Any) -> BulkWriteResult:  # type: ignore[override]
        """Repeats only what was rejected, and with ``ordered`` what follows it."""
        done: Record = {**dict.fromkeys(_COUNTS, 0), **{name: [] for name in _LISTS}}
        left = list(range(len(requests)))
        for try_ in range(_TRIES):
            part = self._part([requests[index] for index in left], ordered=ordered, **options)
            blocked = [each["index"] for each in part["writeErrors"] if each["code"] == DEADLOCK and try_ < _TRIES - 1]
            part["writeErrors"] = [each for each in part["writeErrors"] if each["index"] not in blocked]
            _add(part, left, done)
            left = left[blocked[0] :] if blocked and ordered else [left[index] for index in blocked]
            if not left:
                break
        if done["writeErrors"] or done["writeConcernErrors"]:
            raise BulkWriteError(done)
        return BulkWriteResult(done, acknowledged=True)

    def _part(self, requests: Sequence[Any], **options: Any) -> Record:
        """The counts and failures of one attempt."""
        try:
            return super().bulk_write(requests, **options).bulk_api_result
        except BulkWriteError as error:
            return dict(error.details)


def _add(part: Record, positions: Sequence[int], done: Record) -> None:
    """Add the result of a part, whose requests had these positions in the whole."""
    for name in _COUNTS:
        done[name] += part[name]
    for name in _LISTS:
        done[name] += [{**each, "index": positions[each["index"]]} if "index" in each else each for each in part[name]]
