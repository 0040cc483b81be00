"""Repeats writes that failed only because several callers raced for one record."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

T = TypeVar("T")

# DocumentDB's error code for one of several callers that race for a record; nothing was written for that caller.
DEADLOCK = 16908292
DUPLICATE_KEY = 11000
_TRIES = 10


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
    """Repeat a write that was rejected: the server wrote nothing.

    Of several upserts of a new record, all but one can fail with a duplicate key.
    """
    for _ in range(_TRIES - 1):
        try:
            return unblocked(write)
        except DuplicateKeyError:
            continue
    return unblocked(write)


def duplicates(error: BulkWriteError) -> list[int]:
    """The positions of the records rejected by a unique key. Re-raises any other failure."""
    failures = error.details["writeErrors"]
    if error.details.get("writeConcernErrors") or any(failure["code"] != DUPLICATE_KEY for failure in failures):
        raise error
    return [failure["index"] for failure in failures]
