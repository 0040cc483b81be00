"""Alternatives to the catalogue's queries for DocumentDB, the engine of Azure's MongoDB, see ``id_ranges``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.database import Database

from jobs.adapters.mongo import buckets
from jobs.adapters.mongo.buckets import bucket, periods
from jobs.adapters.mongo.catalogue import ORDERS, MongoCatalogue, capped
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.document_lists_documentdb import DocumentDbDocumentLists
from jobs.adapters.mongo.filters import job_filter
from jobs.adapters.mongo.id_ranges import IDS, WIDER, IdRanges, key_of_cursor, moved
from jobs.adapters.mongo.key_ranges import ranges_of_companies
from jobs.adapters.mongo.paging import COUNT_SECONDS, in_time, page
from jobs.adapters.mongo.queue_filters import both
from jobs.adapters.mongo.records import to_job
from jobs.domain.job import LOW_PRIORITY, PRIORITIES, VISIBLE, Job, JobStatus
from jobs.domain.listing import Bucket, Count, Cursor, JobFilter, JobOrder, Page
from jobs.ports import Clock

#: A filter that matches this share of the newest jobs matches many; a count looks so much further than it must.
_SHARE, _MARGIN = 0.05, 1.2
_TYPES_AMONG = 2_000
#: The length of buckets that may have thousands of jobs.
_LONG_SECONDS = 600


class DocumentDbCatalogue(MongoCatalogue):
    """``jobs.ports.Catalogue`` on DocumentDB."""

    _document_lists = DocumentDbDocumentLists
    #: Without it, an index on words would be read as a whole.
    _newest_hint = IDS

    def __init__(self, database: Database[Record], clock: Clock) -> None:
        super().__init__(database, clock)
        self._ids = IdRanges(self._jobs, self._read_visible)
        self._types: set[str] = set()

    @translated
    def jobs(self, wanted: JobFilter, order: JobOrder, cursor: Cursor | None, limit: int) -> Page[Job]:
        """Ids sort by creation time."""
        filter_ = job_filter(wanted, self._word, hide=False)
        field, direction = ORDERS[order]
        read = {"_id": self._ids.page, "priority": self._by_priority, "companyKey": self._by_company}[field]
        within = partial(read, filter_, cursor)
        return page(self._jobs, filter_, field, direction, cursor, limit, to_job, within)

    def _by_priority(
        self, wanted: Record, cursor: Cursor | None, placed: Record, order: Sequence[tuple[str, int]], count: int
    ) -> list[Record]:
        """One priority after the other, unless so few jobs match that sorting them is faster."""
        at, towards = cursor.value if cursor else None, order[0][1]
        if (cursor and not isinstance(at, int)) or not self._matches_many(wanted):
            return self._read_visible(placed, order, count)
        every = list(self._ids.ranges(None, towards))
        rows: list[Record] = []
        for priority in (LOW_PRIORITY, *PRIORITIES)[::towards]:
            if isinstance(at, int) and (at - priority) * towards > 0:
                continue
            ranges = self._ids.ranges(key_of_cursor(cursor), towards) if priority == at else every
            rows += self._ids.nearest(both(wanted, {"priority": priority}), ranges, towards, count - len(rows))
            if len(rows) >= count:
                break
        return rows

    def _by_company(
        self, wanted: Record, cursor: Cursor | None, placed: Record, order: Sequence[tuple[str, int]], count: int
    ) -> list[Record]:
        """In ranges of keys, unless few jobs match."""
        if not self._matches_many(wanted):
            return self._read_visible(placed, order, count)
        rows: list[Record] = []
        begin = str(cursor.value) if cursor else ""
        for keys in ranges_of_companies(self._jobs, begin, ascending=order[0][1] == ASCENDING):
            rows += self._read_visible(both(placed, keys), order, count - len(rows), "companyKey_id")
            if len(rows) >= count:
                break
        return rows

    def _matches_many(self, wanted: Record) -> bool:
        newest, *further = self._ids.ranges(None, DESCENDING)
        return bool(further) and self._jobs.count_documents(both(wanted, newest), hint=IDS) > self._ids.near * _SHARE

    def _latest(self, collection: Collection[Record], wanted: Record, fields: Record, limit: int) -> list[Record]:
        return IdRanges(collection, fields=fields).newest(wanted, limit)

    @translated
    def document_types(self) -> list[str]:
        """Those of the newest documents, now or at an earlier call: for all, DocumentDB would read every document."""
        newest = self._latest(self._documents, {}, {"documentType": True}, _TYPES_AMONG)
        self._types |= {row["documentType"] for row in newest}
        return sorted(self._types)

    @translated
    def count(self, wanted: JobFilter, limit: int) -> Count:
        """If many of the newest jobs match, the limit is reached among the next ones, without counting all."""
        return in_time(self._jobs, lambda: self._counted(wanted, limit), COUNT_SECONDS)

    def _counted(self, wanted: JobFilter, limit: int) -> Count:
        first, *further = self._ids.ranges(None, DESCENDING)
        visible, every = job_filter(wanted, self._word), job_filter(wanted, self._word, hide=False)
        if further and (near := self._jobs.count_documents(both(visible, first), hint=IDS)) > self._ids.near * _SHARE:
            seconds = _seconds(further[0]) / WIDER
            far = {"_id": {"$gte": moved(first["_id"]["$gte"], -seconds * _MARGIN * limit / near)}}
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
        rows = list(self._jobs.find({"runAfter": {"$lte": now}}, fields, limit=self._ids.near + 1))
        if len(rows) > self._ids.near:
            due = {"runAfter": {"$lte": now, "$exists": True}}  # a partial index needs $exists
            for priority in PRIORITIES:
                one = {"priority": priority, **due}
                rows += self._jobs.find(one, fields, sort=[("runAfter", 1)], limit=1, hint="priority_runAfter")
        ordered = sorted(rows, key=lambda row: row["runAfter"], reverse=True)
        return {row["priority"]: row["runAfter"] for row in ordered if row["priority"] in PRIORITIES}

    @translated
    def ended(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        """Long buckets are counted one by one, which is faster than grouping all that ended in them."""
        if seconds < _LONG_SECONDS:
            return super().ended(since, until, seconds)
        counted = ((begins, self._numbers_of(within)) for begins, within in periods(since, until, seconds))
        return [bucket(begins, numbers) for begins, numbers in counted if numbers]

    @translated
    def longest_waits(self, since: datetime, until: datetime, seconds: int) -> dict[datetime, float]:
        """Like the ends, those of long buckets are read one by one."""
        if seconds < _LONG_SECONDS:
            return super().longest_waits(since, until, seconds)
        return in_time(self._runs, lambda: buckets.longest_waits(self._runs, since, until, seconds))

    def _numbers_of(self, within: Record) -> dict[str, int]:
        """By state. Most jobs are completed: their number is what remains of all."""
        number = in_time(self._jobs, lambda: self._jobs.count_documents(within))
        if not number:
            return {}
        others = [str(status) for status in JobStatus if status is not JobStatus.COMPLETED]
        by_status: list[Record] = [
            {"$match": {**within, "jobStatus": {"$in": others}}},
            {"$group": {"_id": "$jobStatus", "n": {"$sum": 1}}},
        ]
        groups = in_time(self._jobs, lambda: list(self._jobs.aggregate(by_status)))
        numbers = {group["_id"]: group["n"] for group in groups}
        numbers[str(JobStatus.COMPLETED)] = max(0, number - sum(numbers.values()))
        return numbers


def _hint(wanted: JobFilter) -> str:
    """An index that ends with the id, so that it contains a range of ids in one piece."""
    if wanted.requested_by:
        return "requestedBy_id"
    if wanted.priority is not None:
        return "priority_id"
    return "jobStatus_id" if wanted.statuses else IDS


def _seconds(ids: Record) -> float:
    begin, end = (ids["_id"][operator].generation_time for operator in ("$gte", "$lt"))
    return float((end - begin).total_seconds())
