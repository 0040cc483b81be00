"""Alternatives to the catalogue's queries for DocumentDB, the engine of Azure's MongoDB.

It finds documents by any index, but sorts by that of ``_id`` only: what matches a filter is read as a whole and sorted,
and a limit shortens neither this nor a count. So lists are read in ranges of ids, the nearest first, until a page is
full. A filter that matches few of these ids matches few jobs at all, as a rule, and the rest is read at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database

from jobs.adapters.mongo.catalogue import ORDERS, MongoCatalogue, capped
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.filters import job_filter
from jobs.adapters.mongo.paging import COUNT_SECONDS, SEARCH_SECONDS, in_time, page
from jobs.adapters.mongo.queue_filters import EVERY_ID, both
from jobs.adapters.mongo.records import to_job
from jobs.domain.errors import TooSlow
from jobs.domain.job import LOW_PRIORITY, PRIORITIES, VISIBLE, Job, JobStatus
from jobs.domain.listing import Bucket, Count, Cursor, JobFilter, JobOrder, Page
from jobs.ports import Clock

#: How many times longer the second range is, in time.
_WIDER = 30
#: A filter that matches this share of the newest jobs matches many; a count looks so much further than it must.
_SHARE, _MARGIN = 0.05, 1.2
_LAST = datetime(2106, 2, 7, tzinfo=UTC).timestamp()
_IDS = "_id_"


class DocumentDbCatalogue(MongoCatalogue):
    """``jobs.ports.Catalogue`` on DocumentDB."""

    #: Ids in the first range.
    near: ClassVar[int] = 1_000
    #: Without it, an index on words would be read as a whole.
    _newest_hint = _IDS

    def __init__(self, database: Database[Record], clock: Clock) -> None:
        super().__init__(database, clock)
        self._past: dict[tuple[datetime, datetime], list[Bucket]] = {}

    @translated
    def jobs(self, wanted: JobFilter, order: JobOrder, cursor: Cursor | None, limit: int) -> Page[Job]:
        """Ids sort by creation time."""
        filter_ = job_filter(wanted, self._word, hide=False)
        field, direction = ORDERS[order]
        read = {"_id": self._by_id, "priority": self._by_priority, "companyKey": self._by_company}[field]
        within = partial(read, filter_, cursor)
        return page(self._jobs, filter_, field, direction, cursor, limit, to_job, within)

    def _by_id(
        self, wanted: Record, cursor: Cursor | None, _: Record, order: Sequence[tuple[str, int]], count: int
    ) -> list[Record]:
        towards = order[0][1]
        return self._nearest(wanted, self._ranges(_key(cursor), towards), towards, count)

    def _by_priority(
        self, wanted: Record, cursor: Cursor | None, placed: Record, order: Sequence[tuple[str, int]], count: int
    ) -> list[Record]:
        """One priority after the other, unless so few jobs match that sorting them is faster."""
        at, towards = cursor.value if cursor else None, order[0][1]
        if (cursor and not isinstance(at, int)) or not self._matches_many(wanted):
            return self._read_visible(placed, order, count)
        every = list(self._ranges(None, towards))
        rows: list[Record] = []
        for priority in (LOW_PRIORITY, *PRIORITIES)[::towards]:
            if isinstance(at, int) and (at - priority) * towards > 0:
                continue
            ranges = self._ranges(_key(cursor), towards) if priority == at else every
            rows += self._nearest(both(wanted, {"priority": priority}), ranges, towards, count - len(rows))
            if len(rows) >= count:
                break
        return rows

    def _by_company(
        self, wanted: Record, cursor: Cursor | None, placed: Record, order: Sequence[tuple[str, int]], count: int
    ) -> list[Record]:
        """In ranges of keys that a sample of the jobs divides, unless few jobs match."""
        if not self._matches_many(wanted):
            return self._read_visible(placed, order, count)
        sample = self._jobs.aggregate([{"$sample": {"size": self.near // 2}}, {"$project": {"companyKey": True}}])
        known = sorted({row.get("companyKey", "") for row in sample})
        rows: list[Record] = []
        ascending = order[0][1] == ASCENDING
        for keys in _ranges_of_keys(known, str(cursor.value) if cursor else "", ascending=ascending):
            rows += self._read_visible(both(placed, keys), order, count - len(rows), "companyKey_id")
            if len(rows) >= count:
                break
        return rows

    def _matches_many(self, wanted: Record) -> bool:
        newest, *further = self._ranges(None, DESCENDING)
        return bool(further) and self._jobs.count_documents(both(wanted, newest), hint=_IDS) > self.near * _SHARE

    def _nearest(self, wanted: Record, ranges: Iterable[Record], towards: int, count: int) -> list[Record]:
        """The first matching jobs in these ranges of ids, in the order of ids."""
        rows: list[Record] = []
        for number, ids in enumerate(ranges):
            if len(rows) >= count:
                break
            hint = _IDS if number == 0 or not wanted else None
            rows += self._read_visible(both(wanted, ids), [("_id", towards)], count - len(rows), hint)
        return rows

    def _ranges(self, start: ObjectId | None, towards: int) -> Iterator[Record]:
        """Ranges of ids that follow each other and cover all ids after the start."""
        beyond, until = ("$lt", "$gte") if towards == DESCENDING else ("$gt", "$lte")
        rest = {"_id": {beyond: start}} if start else EVERY_ID
        edge = self._jobs.find_one(rest, {"_id": True}, sort=[("_id", towards)], skip=self.near)
        if edge is None:
            yield rest
            return
        near = edge["_id"]
        yield {"_id": {**rest["_id"], until: near}}
        first = self._jobs.find_one(rest, {"_id": True}, sort=[("_id", towards)])
        begin, end = (key["_id"].generation_time.timestamp() for key in (first or edge, edge))
        far = _moved(near, max(abs(begin - end), 1) * _WIDER * towards)
        yield {"_id": {beyond: near, until: far}}
        yield {"_id": {beyond: far}}

    @translated
    def count(self, wanted: JobFilter, limit: int) -> Count:
        """If many of the newest jobs match, the limit is reached among the next ones, without counting all."""
        return in_time(self._jobs, lambda: self._counted(wanted, limit), COUNT_SECONDS)

    def _counted(self, wanted: JobFilter, limit: int) -> Count:
        first, *further = self._ranges(None, DESCENDING)
        visible, every = job_filter(wanted, self._word), job_filter(wanted, self._word, hide=False)
        if further and (near := self._jobs.count_documents(both(visible, first), hint=_IDS)) > self.near * _SHARE:
            seconds = _seconds(further[0]) / _WIDER
            far = {"_id": {"$gte": _moved(first["_id"]["$gte"], -seconds * _MARGIN * limit / near)}}
            if self._jobs.count_documents(both(visible, far), limit=limit + 1, hint=_hint(wanted)) > limit:
                return Count(number=limit, more=True)
        found = self._jobs.count_documents(every, limit=limit + 1)
        if found <= limit and not wanted.statuses:  # excluding them in the query would cost it its index
            found -= self._jobs.count_documents({**every, "jobStatus": str(JobStatus.DELETING)}, limit=limit)
        return capped(found, limit)

    @translated
    def totals(self, limit: int) -> dict[JobStatus, Count]:
        """As most jobs are completed, these are what the others leave of the number of all jobs."""
        others = [status for status in VISIBLE if status is not JobStatus.COMPLETED]
        branches = [{"jobStatus": str(status)} for status in others]
        counts = in_time(self._jobs, lambda: self._counts(self._jobs, branches, limit), COUNT_SECONDS)
        left = self._jobs.estimated_document_count() - sum(count.number for count in counts)
        if left <= limit:
            return super().totals(limit)
        completed = Count(number=limit, more=True) if any(count.more for count in counts) else Count(number=left)
        found: dict[JobStatus, Count] = dict(zip(others, counts, strict=True))
        return {status: found.get(status, completed) for status in VISIBLE}

    @translated
    def oldest_due_by_priority(self) -> dict[int, datetime]:
        """If few jobs are due, they are compared here."""
        now, fields = self._clock(), {"priority": True, "runAfter": True}
        rows = list(self._jobs.find({"runAfter": {"$lte": now}}, fields, limit=self.near + 1))
        if len(rows) > self.near:
            due = {"runAfter": {"$lte": now, "$exists": True}}  # a partial index needs $exists
            for priority in PRIORITIES:
                one = {"priority": priority, **due}
                rows += self._jobs.find(one, fields, sort=[("runAfter", 1)], limit=1, hint="priority_runAfter")
        ordered = sorted(rows, key=lambda row: row["runAfter"], reverse=True)
        return {row["priority"]: row["runAfter"] for row in ordered if row["priority"] in PRIORITIES}

    @translated
    def ended(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        """Bucket by bucket, the latest first. Keeps past ones, so that after TooSlow, the next call continues."""
        deadline, now = time.monotonic() + SEARCH_SECONDS, self._clock()
        width, found = timedelta(seconds=seconds), []
        begins = datetime.fromtimestamp(int(until.timestamp() - 0.001) // seconds * seconds, UTC)
        while begins + width > since:
            if time.monotonic() > deadline:
                raise TooSlow
            begin, end = max(begins, since), min(begins + width, until)
            counted: list[Bucket] = []
            if (begin, end) not in self._past:
                counted = super().ended(begin, end, seconds)
                if begin == begins and end < now - width:  # a worker may store a job's end just after the bucket's time
                    self._past[begin, end] = counted
            found += self._past.get((begin, end), counted)
            begins -= width
        return found[::-1]


def _key(cursor: Cursor | None) -> ObjectId | None:
    return ObjectId(cursor.id) if cursor else None


def _ranges_of_keys(known: Sequence[str], value: str, *, ascending: bool) -> Iterator[Record]:
    """Ranges that follow each other from a value, ever longer. Jobs without a key come first."""
    if ascending and not value:
        yield {"companyKey": None}
    next_, until = ("$gt", "$lte") if ascending else ("$lt", "$gte")
    begin = {"$gte" if ascending else "$lte": value} if value else {"$gte": ""}
    passed = [key for key in known if not value or (key >= value if ascending else key <= value)]
    for at in (2**step - 1 for step in range(len(passed).bit_length())):
        key = (passed if ascending else passed[::-1])[at]
        yield {"companyKey": {**begin, until: key}}
        begin = {next_: key}
    yield {"companyKey": {"$gte": "", **begin}}
    if not ascending:
        yield {"companyKey": None}


def _hint(wanted: JobFilter) -> str:
    """An index that ends with the id, so that it contains a range of ids in one piece."""
    if wanted.requested_by:
        return "requestedBy_id"
    if wanted.priority is not None:
        return "priority_id"
    return "jobStatus_id" if wanted.statuses else _IDS


def _seconds(ids: Record) -> float:
    begin, end = (ids["_id"][operator].generation_time for operator in ("$gte", "$lt"))
    return float((end - begin).total_seconds())


def _moved(key: ObjectId, seconds: float) -> ObjectId:
    """The smallest id of an earlier or later second, clamped to the range that ids can represent."""
    at = key.generation_time.timestamp() + seconds
    return ObjectId.from_datetime(datetime.fromtimestamp(min(max(at, 0), _LAST), UTC))
