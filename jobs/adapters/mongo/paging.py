"""Reads pages of a collection with keyset pagination, within a time limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import pymongo
from bson import ObjectId
from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.errors import ExecutionTimeout, NetworkTimeout, OperationFailure, PyMongoError

from jobs.adapters.mongo.connection import Document as Record
from jobs.domain.errors import TooSlow
from jobs.domain.listing import Cursor, Page

T = TypeVar("T")
R = TypeVar("R")

#: Reads at most so many rows that match a filter, in this order.
Read = Callable[[Record, Sequence[tuple[str, int]], int], list[Record]]

SEARCH_SECONDS, COUNT_SECONDS = 4.0, 1.5
_PING_SECONDS = 0.5
_CANCELLED = "statement timeout"


def in_time(collection: Collection[Record], query: Callable[[], T], seconds: float = SEARCH_SECONDS) -> T:
    """Run a query within a time limit, which is sent to the server as maxTimeMS. Raises TooSlow.

    The connection's ``timeoutMS`` would override a ``max_time_ms`` of the query itself.
    """
    try:
        with pymongo.timeout(seconds):
            return query()
    except ExecutionTimeout as error:
        raise TooSlow from error
    except NetworkTimeout as error:  # the server ignores maxTimeMS or stops too late, or is not there at all
        if not _answers(collection):
            raise
        raise TooSlow from error
    except OperationFailure as error:  # DocumentDB's maxTimeMS, as Postgres words it
        if _CANCELLED not in str(error):
            raise
        raise TooSlow from error


def _answers(collection: Collection[Record]) -> bool:
    try:
        with pymongo.timeout(_PING_SECONDS):
            collection.database.client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def page(
    collection: Collection[Record],
    wanted: Record,
    field: str,
    direction: int,
    cursor: Cursor | None,
    limit: int,
    entry: Callable[[Mapping[str, Any]], T],
    read: Read | None = None,
) -> Page[T]:
    """One page. Reads one extra row to find out whether another page follows."""
    back = cursor is not None and cursor.before
    towards = -direction if back else direction
    order = [(field, towards)] if field == "_id" else [(field, towards), ("_id", towards)]
    place = [_past_cursor(field, towards, cursor)] if cursor else []
    filter_ = {"$and": [wanted, *place]} if wanted and place else (place[0] if place else wanted)
    read = read or (lambda filter_, order, count: list(collection.find(filter_, sort=order, limit=count)))
    rows = in_time(collection, lambda: read(filter_, order, limit + 1))
    return page_of(rows, cursor, limit, entry, partial(place_of, field))


def page_of(
    rows: Sequence[R], cursor: Cursor | None, limit: int, entry: Callable[[R], T], place: Callable[..., Cursor]
) -> Page[T]:
    """A page of the rows that follow a cursor, the nearest first, with one more than the limit if there are more.

    ``place`` makes the cursor of a row.
    """
    back = cursor is not None and cursor.before
    more = len(rows) > limit
    rows = rows[:limit][:: -1 if back else 1]
    return Page(
        items=[entry(row) for row in rows],
        next=place(rows[-1], before=False) if rows and (more or back) else None,
        previous=place(rows[0], before=True) if rows and cursor and (more or not back) else None,
    )


def place_of(field: str, row: Mapping[str, Any], *, before: bool) -> Cursor:
    """A job that an earlier version stores during an upgrade has no ``companyKey`` until it is migrated: empty."""
    return Cursor(id=str(row["_id"]), value=None if field == "_id" else row.get(field, ""), before=before)


def _past_cursor(field: str, towards: int, cursor: Cursor) -> Record:
    beyond, id_ = "$gt" if towards == ASCENDING else "$lt", ObjectId(cursor.id)
    if field == "_id":
        return {"_id": {beyond: id_}}
    if cursor.value == "":  # the rows without the field, which come before all others
        same = [{field: None, "_id": {beyond: id_}}]
        return {"$or": [*same, {field: {"$gt": ""}}]} if towards == ASCENDING else same[0]
    others = [{field: None}] if towards != ASCENDING and isinstance(cursor.value, str) else []
    return {"$or": [{field: {beyond: cursor.value}}, {field: cursor.value, "_id": {beyond: id_}}, *others]}
