"""The list of companies in MongoDB, from the collection ``jobs``, in each of its orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.paging import in_time, page_of, place_of
from jobs.adapters.mongo.queue_filters import EVERY_ID, NO_EXPORT, NOT_DELETING
from jobs.adapters.mongo.records import to_job
from jobs.domain.job import Job, JobStatus
from jobs.domain.listing import CompanyOrder, Cursor, Page

#: Orders that are read for one page, at most, and at once.
LOOKED, AT_ONCE = 1_000, 250
#: So many newer orders are read at once, else those of each company.
NEWER = 2_000
_BY_NAME = [("companyKey", ASCENDING), ("cin", ASCENDING), ("_id", DESCENDING)]
COMPANY = {"companyKey": True, "cin": True, "jobStatus": True, "export": True}


class CompanyLists:
    """Pages of companies, each as its newest order. A company with several names is several."""

    def __init__(self, jobs: Collection[Record]) -> None:
        self._jobs = jobs

    def page(self, order: CompanyOrder, cursor: Cursor | None, limit: int) -> Page[Job]:
        """Raises TooSlow."""
        read = self._by_name if order is CompanyOrder.COMPANY else self._by_latest_order
        return in_time(self._jobs, lambda: read(cursor, limit))

    # --- by name

    def _by_name(self, cursor: Cursor | None, limit: int) -> Page[Job]:
        cin, _, key = str(cursor.value or "").partition(" ") if cursor else ("", "", "")
        rows = self._named(key, cin, limit + 1, back=cursor is not None and cursor.before)
        return page_of(rows, cursor, limit, to_job, _place_by_name)

    def _named(self, key: str, cin: str, count: int, *, back: bool) -> list[Record]:
        """Hop from one company to the next in the index, so the cost does not grow with the number of orders."""
        found: list[Record] = []
        while len(found) < count and (row := self._following(key, cin, back=back)):
            key, cin = row["companyKey"], row["cin"]
            if back or row["jobStatus"] == JobStatus.DELETING:
                row = self._newest_of(row)
            if row:
                found.append(row)
        return found

    def _following(self, key: str, cin: str, *, back: bool) -> Record | None:
        """The newest order of the next company, with the same or the next name; going back, the oldest one."""
        beyond, order = ("$lt", [(field, -way) for field, way in _BY_NAME]) if back else ("$gt", _BY_NAME)
        same = {"companyKey": key, "cin": {beyond: cin}, **NO_EXPORT}
        return self._jobs.find_one(same, sort=order) or self._jobs.find_one(
            {"companyKey": {beyond: key}, **NO_EXPORT}, sort=order
        )

    def _newest_of(self, order: Record) -> Record | None:
        company = {"companyKey": order.get("companyKey"), "cin": order["cin"]}
        return self._jobs.find_one({**company, **NO_EXPORT, **NOT_DELETING}, sort=_BY_NAME)

    # --- by age

    def _by_latest_order(self, cursor: Cursor | None, limit: int) -> Page[Job]:
        """Reads orders by age and leaves out those of companies with a newer one, which may be most of them."""
        back = cursor is not None and cursor.before
        found: list[ObjectId] = []
        place, is_complete = cursor, False
        for _ in range(LOOKED // AT_ONCE):
            rows = self._by_age(place, ASCENDING if back else DESCENDING, AT_ONCE)
            found += self._latest_orders([row for row in rows if is_shown(row)])
            is_complete = len(rows) < AT_ONCE or len(found) > limit
            if is_complete:
                break
            place = Cursor(id=str(rows[-1]["_id"]), before=back)
        page = page_of(self._with_ids(found[: limit + 1]), cursor, limit, to_job, partial(place_of, "_id"))
        ahead, among = (None, None) if is_complete else (place, LOOKED)
        behind = _turned(cursor) if cursor and not page.items else None
        if back:
            return replace(page, previous=page.previous or ahead, next=page.next or behind, among=among)
        return replace(page, next=page.next or ahead, previous=page.previous or behind, among=among)

    def _by_age(self, cursor: Cursor | None, towards: int, count: int) -> list[Record]:
        beyond = "$gt" if towards == ASCENDING else "$lt"
        wanted = {"_id": {beyond: ObjectId(cursor.id)}} if cursor else EVERY_ID
        return list(self._jobs.find(wanted, COMPANY, sort=[("_id", towards)], limit=count))

    def _latest_orders(self, rows: Sequence[Record]) -> list[ObjectId]:
        """The ids of those whose companies have no newer order."""
        if not rows:
            return []
        since = {"_id": {"$gte": min(row["_id"] for row in rows)}}
        newer = {"cin": {"$in": sorted({row["cin"] for row in rows})}, **since}
        found = list(self._jobs.find(newer, COMPANY, limit=NEWER + 1))
        if len(found) > NEWER:
            found = [row for each in rows if (row := self._newest_of(each))]
        newest: dict[tuple[str | None, str], ObjectId] = {}
        for row in filter(is_shown, found):
            company = row.get("companyKey"), row["cin"]
            newest[company] = max(row["_id"], newest.get(company, row["_id"]))
        return [row["_id"] for row in rows if newest.get((row.get("companyKey"), row["cin"])) == row["_id"]]

    def _with_ids(self, ids: Sequence[ObjectId]) -> list[Record]:
        """In this order. Orders that were deleted meanwhile are missing."""
        rows = {row["_id"]: row for row in self._jobs.find({"_id": {"$in": ids}})} if ids else {}
        return [rows[each] for each in ids if each in rows]


def is_shown(row: Record) -> bool:
    """Not in the query, because these conditions would cost DocumentDB the index of the others."""
    return "export" not in row and row["jobStatus"] != JobStatus.DELETING


def _place_by_name(row: Record, *, before: bool) -> Cursor:
    return Cursor(id=str(row["_id"]), value=f"{row['cin']} {row['companyKey']}", before=before)


def _turned(cursor: Cursor) -> Cursor:
    """The place from which a page in the other direction begins with the entry at this one."""
    beside = int(cursor.id, 16) + (1 if cursor.before else -1)
    return Cursor(id=f"{min(max(beside, 0), 16**24 - 1):024x}", before=not cursor.before)
