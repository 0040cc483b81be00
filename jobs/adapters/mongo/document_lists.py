"""The list of documents in each of its orders.

All documents are read from an order's index, in one or two ranges that follow each other. With filters, only the newest
matches are sorted: an index for each filter and order would slow down every write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.document_records import to_document
from jobs.adapters.mongo.id_ranges import newest_page
from jobs.adapters.mongo.paging import in_time, page_of
from jobs.domain.document import Document
from jobs.domain.listing import Cursor, DocumentOrder, Page
from jobs.domain.wrong_use import InvalidCursor

ORDERS: Mapping[DocumentOrder, tuple[str, int]] = {
    DocumentOrder.NEWEST: ("_id", DESCENDING),
    DocumentOrder.OLDEST: ("_id", ASCENDING),
    DocumentOrder.COMPANY: ("companyKey", ASCENDING),
    DocumentOrder.FORM: ("documentType", ASCENDING),
    DocumentOrder.FILED: ("filedOn", DESCENDING),
    DocumentOrder.FILED_FIRST: ("filedOn", ASCENDING),
    DocumentOrder.LARGEST: ("fileSize", DESCENDING),
    DocumentOrder.SMALLEST: ("fileSize", ASCENDING),
}
#: So many of the newest matches are sorted. More would take longer than a page may.
AMONG = 1_000
#: Fields whose indexes have the matches by id.
_WITH_INDEX = ("status", "documentType", "reading.state", "error.kind")
_LEAST: Mapping[str, Any] = {
    "companyKey": "",
    "documentType": "",
    "filedOn": datetime(1, 1, 1, tzinfo=UTC),
    "fileSize": 0,
}


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Documents that follow each other in an order.

    ``wanted`` is one value, None for the documents without a value, or a range of values; ``after``, the last id before
    those with the same value.
    """

    field: str
    towards: int
    wanted: Any
    after: ObjectId | None = None

    @property
    def filter(self) -> Record:
        beyond = "$gt" if self.towards == ASCENDING else "$lt"
        return {self.field: self.wanted, **({"_id": {beyond: self.after}} if self.after else {})}

    @property
    def order(self) -> list[tuple[str, int]]:
        return [(self.field, self.towards), ("_id", self.towards)]


class DocumentLists:
    """Pages of the collection ``documents``."""

    def __init__(self, documents: Collection[Record]) -> None:
        self._documents = documents

    def page(self, found: Record, order: DocumentOrder, cursor: Cursor | None, limit: int) -> Page[Document]:
        """One page of those that match. Documents without the value come last. Raises InvalidCursor, TooSlow."""
        field, direction = ORDERS[order]
        bounds, others = found.get(field, {}), {name: wanted for name, wanted in found.items() if name != field}
        if field == "documentType" and bounds:  # the same of all
            field = "_id"
        if field == "_id" and (direction == DESCENDING or _has_index(found)):
            return newest_page(self._documents, found, cursor, limit, to_document, direction)
        if others:
            return self._sorted_page(found, field, direction, cursor, limit)
        parts = segments(field, direction, bounds, cursor)
        rows = in_time(self._documents, lambda: self._rows(parts, limit + 1))
        return page_of(rows, cursor, limit, to_document, partial(_place, field))

    def _rows(self, parts: Sequence[Segment], count: int) -> list[Record]:
        rows: list[Record] = []
        for part in parts:
            if len(rows) < count:
                rows += self._read(part, count - len(rows))
        return rows

    def _read(self, part: Segment, count: int) -> list[Record]:
        return list(self._documents.find(part.filter, sort=part.order, limit=count))

    def _sorted_page(
        self, found: Record, field: str, direction: int, cursor: Cursor | None, limit: int
    ) -> Page[Document]:
        """Of the newest matches, whose values are sorted here."""
        newest = in_time(self._documents, lambda: self._newest(found, {field: True}, AMONG))
        places = [_place(field, row, before=False) for row in newest]
        here = Cursor(id=cursor.id, value=cursor.value) if cursor else None
        if here and here.value is not None:
            _stored(field, here.value)
        ordered = _in_order({*places, here} - {None}, direction)  # type: ignore[arg-type]
        at = ordered.index(here) if here else -1
        around = ordered[max(0, at - limit - 1) : at][::-1] if cursor and cursor.before else ordered[at + 1 :]
        shown = page_of(around[: limit + 1], cursor, limit, lambda place: place, replace)
        wanted = [ObjectId(place.id) for place in shown.items]
        rows = in_time(self._documents, lambda: list(self._documents.find({"_id": {"$in": wanted}})))
        rows.sort(key=lambda row: wanted.index(row["_id"]))
        return Page(
            items=[to_document(row) for row in rows],
            next=shown.next,
            previous=shown.previous,
            among=AMONG if len(newest) == AMONG else None,
        )

    def _newest(self, found: Record, fields: Record, count: int) -> list[Record]:
        return list(self._documents.find(found, fields, sort=[("_id", DESCENDING)], limit=count))


def _has_index(found: Record) -> bool:
    """Whether an index has the matches by id. Else the first may be far from the oldest document, like new filings."""
    return not found or (len(found) == 1 and next(iter(found)) in _WITH_INDEX)


def segments(field: str, direction: int, bounds: Record, cursor: Cursor | None) -> list[Segment]:
    """What follows a cursor, or all. ``bounds``: the range that a filter allows for the field. Raises InvalidCursor."""
    back = cursor is not None and cursor.before
    part = partial(Segment, field=field, towards=-direction if back else direction)
    every = {"$gte": _LEAST[field], **bounds}
    without = [] if bounds else [part(wanted=None)]
    if cursor is None:
        return [part(wanted=every), *without]
    after = ObjectId(cursor.id)
    if cursor.value is None:
        return [part(wanted=None, after=after), *([part(wanted=every)] if back else [])]
    value = _stored(field, cursor.value)
    same = part(wanted=value, after=after)
    return [same, part(wanted=_beyond(value, every, same.towards)), *([] if back else without)]


def _beyond(value: Any, every: Record, towards: int) -> Record:
    """The part of a range that follows a value in it. Raises InvalidCursor."""
    if value < every["$gte"] or ("$lt" in every and value >= every["$lt"]):
        raise InvalidCursor
    if towards == ASCENDING:
        return {"$gt": value, **{name: end for name, end in every.items() if name != "$gte"}}
    return {"$gte": every["$gte"], "$lt": value}


def _place(field: str, row: Mapping[str, Any], *, before: bool) -> Cursor:
    value = row.get(field) if field != "_id" else None
    return Cursor(
        id=str(row["_id"]), value=f"{value:%Y-%m-%d}" if isinstance(value, datetime) else value, before=before
    )


def _stored(field: str, value: str | int) -> Any:
    """A cursor's value as it is stored. Raises InvalidCursor."""
    if not isinstance(value, int if field == "fileSize" else str):
        raise InvalidCursor
    if field != "filedOn":
        return value
    try:
        return datetime.combine(date.fromisoformat(str(value)), time(), UTC)
    except ValueError as error:
        raise InvalidCursor from error


def _in_order(places: set[Cursor], direction: int) -> list[Cursor]:
    """Days in ISO format sort as text."""
    back = direction == DESCENDING
    known = sorted((each for each in places if each.value is not None), key=_key, reverse=back)
    return known + sorted((each for each in places if each.value is None), key=lambda each: each.id, reverse=back)


def _key(place: Cursor) -> tuple[Any, str]:
    return place.value, place.id
