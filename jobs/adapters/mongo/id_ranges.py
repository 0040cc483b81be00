"""Reads collections in the order of ids on DocumentDB, the engine of Azure's MongoDB.

It finds documents by any index, but sorts by that of ``_id`` only: what matches a filter is read as a whole and sorted,
and a limit shortens neither this nor a count. So lists are read in ranges of ids, the nearest first, until a page is
full. If the nearest do not fill it, the filter may match few documents at all, whose ids are then found by its index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, TypeVar

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import sorts_by_index
from jobs.adapters.mongo.paging import page
from jobs.adapters.mongo.queue_filters import EVERY_ID, both
from jobs.domain.listing import Cursor, Page

T = TypeVar("T")

IDS = "_id_"
#: How many times longer the second range is, in time, and each one after it.
WIDER = 8
_WIDENING, _STEPS = 4, 4
#: A filter that matches a larger share of the nearest ids matches many.
_SHARE = 0.002
#: If it matches this share, ids are read one after the other: its own index would give all matches in a range.
_COMMON = 0.1
_LAST = datetime(2106, 2, 7, tzinfo=UTC).timestamp()

#: Reads at most so many rows that match a filter, in this order, with the index of this name.
ReadWith = Callable[[Record, Sequence[tuple[str, int]], int, str | None], list[Record]]


class IdRanges:
    """The ranges of a collection's ids."""

    #: Ids in the first range.
    near: ClassVar[int] = 1_000
    #: So many that match a filter are found by its index and sorted here, rather than sought in ranges.
    few: ClassVar[int] = 4_000

    def __init__(
        self, collection: Collection[Record], read: ReadWith | None = None, fields: Record | None = None
    ) -> None:
        self._collection, self._fields = collection, fields
        self._read = read or self._find

    def _find(
        self, filter_: Record, order: Sequence[tuple[str, int]], count: int, hint: str | None = None
    ) -> list[Record]:
        return list(self._collection.find(filter_, self._fields, sort=order, limit=count, hint=hint))

    def page(
        self, wanted: Record, cursor: Cursor | None, _: Record, order: Sequence[tuple[str, int]], count: int
    ) -> list[Record]:
        """A ``paging.Read``, once its first two arguments are given."""
        towards = order[0][1]
        return self.nearest(wanted, self.ranges(key_of_cursor(cursor), towards), towards, count)

    def newest(self, wanted: Record, count: int) -> list[Record]:
        """The newest that match."""
        return self.nearest(wanted, self.ranges(None, DESCENDING), DESCENDING, count)

    def nearest(self, wanted: Record, ranges: Iterable[Record], towards: int, count: int) -> list[Record]:
        """The first that match in these ranges, in the order of ids."""
        rows: list[Record] = []
        is_common = False
        for number, ids in enumerate(ranges):
            if len(rows) >= count:
                break
            is_rare = number == 1 and bool(wanted) and len(rows) <= self.near * _SHARE
            if is_rare and (few := self._few(wanted)) is not None:
                return rows + self._first_of(few, ids, towards, count - len(rows))
            is_common |= number == 1 and len(rows) > self.near * _COMMON
            hint = IDS if number == 0 or not wanted or is_common else None
            rows += self._read(both(wanted, ids), [("_id", towards)], count - len(rows), hint)
        return rows

    def _few(self, wanted: Record) -> list[ObjectId] | None:
        """The ids of all that match, in no order, as an index finds them; None if they are many."""
        rows = self._collection.find(wanted, {"_id": True}, limit=self.few + 1, batch_size=self.few + 1)
        found = [row["_id"] for row in rows]
        return found if len(found) <= self.few else None

    def _first_of(self, few: Sequence[ObjectId], beyond: Record, towards: int, count: int) -> list[Record]:
        """The first rows of some ids beyond the beginning of a range. Reading may leave some out."""
        if towards == DESCENDING:
            left = sorted((each for each in few if each < beyond["_id"]["$lt"]), reverse=True)
        else:
            left = sorted(each for each in few if each > beyond["_id"]["$gt"])
        rows: list[Record] = []
        while left and len(rows) < count:
            chunk, left = left[:count], left[count:]
            rows += self._read({"_id": {"$in": chunk}}, [("_id", towards)], count - len(rows), IDS)
        return rows

    def ranges(self, start: ObjectId | None, towards: int) -> Iterator[Record]:
        """Ranges of ids that follow each other and cover all ids after the start."""
        beyond, until = ("$lt", "$gte") if towards == DESCENDING else ("$gt", "$lte")
        rest = {"_id": {beyond: start}} if start else EVERY_ID
        edge = self._collection.find_one(rest, {"_id": True}, sort=[("_id", towards)], skip=self.near)
        if edge is None:
            yield rest
            return
        near = edge["_id"]
        yield {"_id": {**rest["_id"], until: near}}
        first = self._collection.find_one(rest, {"_id": True}, sort=[("_id", towards)])
        begin, end = (key["_id"].generation_time.timestamp() for key in (first or edge, edge))
        seconds = max(abs(begin - end), 1) * WIDER
        for _ in range(_STEPS):
            far = moved(near, seconds * towards)
            yield {"_id": {beyond: near, until: far}}
            near, seconds = far, seconds * _WIDENING
        yield {"_id": {beyond: near}}


def newest_page(
    collection: Collection[Record],
    wanted: Record,
    cursor: Cursor | None,
    limit: int,
    entry: Callable[[Mapping[str, Any]], T],
    direction: int = DESCENDING,
) -> Page[T]:
    """One page of those that match, the newest or oldest first; in ranges unless the server sorts by any index."""
    read = None if sorts_by_index(collection.database) else partial(IdRanges(collection).page, wanted, cursor)
    return page(collection, wanted, "_id", direction, cursor, limit, entry, read)


def key_of_cursor(cursor: Cursor | None) -> ObjectId | None:
    return ObjectId(cursor.id) if cursor else None


def moved(key: ObjectId, seconds: float) -> ObjectId:
    """The smallest id of an earlier or later second, clamped to the range that ids can represent."""
    at = key.generation_time.timestamp() + seconds
    return ObjectId.from_datetime(datetime.fromtimestamp(min(max(at, 0), _LAST), UTC))
