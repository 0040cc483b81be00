"""The lists and numbers shown to people, from MongoDB. Queries have an index, a limit and a time limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as Container
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.database import Database

from jobs.adapters.mongo import filters, queue_filters
from jobs.adapters.mongo.buckets import ENDED
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.document_lists import DocumentLists
from jobs.adapters.mongo.document_records import to_document
from jobs.adapters.mongo.failures import error_of, grouped, grouped_readings
from jobs.adapters.mongo.filters import FIRST_DAY, days_of_ids, document_filter, job_filter, text_filter
from jobs.adapters.mongo.paging import COUNT_SECONDS, in_time, page
from jobs.adapters.mongo.queue_filters import EVERY_ID, NOT_DELETING, both
from jobs.adapters.mongo.records import object_id, to_job
from jobs.domain.document import ATTACHMENTS_FROM, Document, DocumentStatus
from jobs.domain.filings.reading import ReadingState
from jobs.domain.job import PRIORITIES, VISIBLE, Job, JobStatus, parse_job_id
from jobs.domain.listing import (
    UNKNOWN_WAIT,
    Bucket,
    Count,
    Cursor,
    DocumentFilter,
    DocumentOrder,
    Facets,
    JobDocuments,
    JobFilter,
    JobOrder,
    Page,
    Reason,
)
from jobs.ports import Clock

S = TypeVar("S", JobStatus, DocumentStatus)
T = TypeVar("T")

_REQUESTERS = 30
_FACETS = {"jobStatus": True, "priority": True, "requestedBy": True}
_COMPANIES = 200

ORDERS: dict[JobOrder, tuple[str, int]] = {
    JobOrder.NEWEST: ("_id", DESCENDING),
    JobOrder.OLDEST: ("_id", ASCENDING),
    JobOrder.PRIORITY: ("priority", DESCENDING),
    JobOrder.COMPANY: ("companyKey", ASCENDING),
}


class MongoCatalogue:
    """``jobs.ports.Catalogue`` on the collections ``jobs`` and ``documents``."""

    _newest_hint: ClassVar[str | None] = None
    _document_lists: ClassVar[type[DocumentLists]] = DocumentLists

    def __init__(self, database: Database[Record], clock: Clock) -> None:
        self._jobs = database["jobs"]
        self._documents, self._runs = database["documents"], database["runs"]
        self._lists = self._document_lists(self._documents)
        self._clock = clock

    # --- jobs

    @translated
    def jobs(self, wanted: JobFilter, order: JobOrder, cursor: Cursor | None, limit: int) -> Page[Job]:
        """Ids sort by creation time."""
        field, direction = ORDERS[order]
        filter_ = job_filter(wanted, self._word, hide=False)
        return page(self._jobs, filter_, field, direction, cursor, limit, to_job, self._read_visible)

    def _read_visible(
        self, filter_: Record, order: Sequence[tuple[str, int]], count: int, hint: str | None = None
    ) -> list[Record]:
        """Jobs without those being deleted. These are rare, and excluding them costs DocumentDB the index on ids."""
        every = order[0][0] == "_id" and not filter_
        rows = list(self._jobs.find(EVERY_ID if every else filter_, sort=order, limit=count, hint=hint))
        if not any(row["jobStatus"] == JobStatus.DELETING for row in rows):
            return rows
        return list(self._jobs.find(both(filter_, NOT_DELETING), sort=order, limit=count, hint=hint))

    @translated
    def jobs_with(self, ids: Container[str]) -> list[Job]:
        wanted = {"_id": {"$in": [object_id(each) for each in ids]}}
        rows = in_time(self._jobs, lambda: list(self._jobs.find(wanted))) if ids else []
        return [to_job(row) for row in rows if row["jobStatus"] != JobStatus.DELETING]

    @translated
    def count(self, wanted: JobFilter, limit: int) -> Count:
        branches = [job_filter(wanted, self._word)]
        return in_time(self._jobs, lambda: self._counts(self._jobs, branches, limit), COUNT_SECONDS)[0]

    @translated
    def facets(self, wanted: JobFilter, among: int) -> Facets:
        """Only the newest jobs are counted, so that the cost does not grow with history."""
        base = replace(wanted, statuses=frozenset(), requested_by="", priority=None)
        rows, everything = in_time(self._jobs, lambda: self._newest(base, among))
        here: dict[str, set[Any]] = {
            "jobStatus": {str(status) for status in wanted.statuses},
            "priority": {wanted.priority} - {None},
            "requestedBy": {wanted.requested_by} - {""},
        }
        counted = {field: Counter(row[field] for row in _left(rows, here, field)) for field in here}
        return Facets(
            statuses={status: counted["jobStatus"][str(status)] for status in VISIBLE},
            priorities={priority: counted["priority"][priority] for priority in PRIORITIES},
            requesters=dict(sorted(counted["requestedBy"].items())[:_REQUESTERS]),
            matching=len(_left(rows, here, None)),
            among=among,
            everything=everything,
        )

    def _newest(self, wanted: JobFilter, among: int) -> tuple[list[Record], bool]:
        """The facet fields of the matching jobs among the newest, and whether there are no older jobs."""
        (newest,) = days_of_ids(wanted.since or FIRST_DAY, wanted.until, wanted.zone)
        beyond = self._jobs.find_one(newest, {"_id": True}, sort=[("_id", DESCENDING)], skip=among)
        near = {"_id": {"$gt": beyond["_id"]}} if beyond else newest
        others = job_filter(wanted, self._word)
        found = {"$and": [near, others]} if others else near
        return list(self._jobs.find(found, _FACETS, hint=self._newest_hint)), beyond is None

    @translated
    def totals(self, limit: int) -> dict[JobStatus, Count]:
        return self._by_state(self._jobs, "jobStatus", VISIBLE, limit)

    def _by_state(self, collection: Collection[Record], field: str, states: Sequence[S], limit: int) -> dict[S, Count]:
        """The number of all comes from the server's metadata, without counting."""
        branches = [{field: str(state)} for state in states]
        counts = in_time(collection, lambda: self._counts(collection, branches, limit), COUNT_SECONDS)
        totals: dict[S, Count] = dict(zip(states, counts, strict=True))
        beyond = [state for state, count in totals.items() if count.more]
        if len(beyond) == 1:
            rest = collection.estimated_document_count() - sum(
                count.number for state, count in totals.items() if state is not beyond[0]
            )
            if rest > limit:  # the metadata may lag behind, and on some servers are only an estimate
                totals[beyond[0]] = Count(number=rest)
        return totals

    @translated
    def oldest_due(self) -> datetime | None:
        orders = {"runAfter": {"$lte": self._clock()}, **queue_filters.ORDERS}
        row = self._jobs.find_one(orders, {"runAfter": True}, sort=[("runAfter", 1)])
        return row["runAfter"] if row else None

    @translated
    def oldest_due_by_priority(self) -> dict[int, datetime]:
        now, oldest = self._clock(), {}
        for priority in PRIORITIES:
            due = {"priority": priority, "runAfter": {"$lte": now}}
            if row := self._jobs.find_one(due, {"runAfter": True}, sort=[("runAfter", ASCENDING)]):
                oldest[priority] = row["runAfter"]
        return oldest

    @translated
    def running(self, limit: int) -> list[Job]:
        rows = self._jobs.find({"leaseExpiresAt": {"$exists": True}}, sort=[("leaseExpiresAt", 1)], limit=limit)
        return [to_job(row) for row in rows]

    @translated
    def in_progress(self, limit: int) -> list[Job]:
        begun = {"startedAt": {"$exists": True}, "runAfter": {"$exists": True}}
        rows = self._jobs.find(begun, sort=[("startedAt", DESCENDING)], limit=limit)
        return sorted((to_job(row) for row in rows), key=lambda job: job.status is not JobStatus.PROCESSING)

    @translated
    def ended(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        numbers = {name: _how_many(statuses) for name, statuses in ENDED.items()}
        groups = self._by_time(self._jobs, "completedAt", since, until, seconds, numbers)
        return [Bucket(begins=group.pop("_id"), **group) for group in groups]

    @translated
    def longest_waits(self, since: datetime, until: datetime, seconds: int) -> dict[datetime, float]:
        waits: Record = {"most": {"$max": "$waitedSeconds"}, "least": {"$min": {"$ifNull": ["$waitedSeconds", -1]}}}
        groups = self._by_time(self._runs, "startedAt", since, until, seconds, waits)
        return {group["_id"]: UNKNOWN_WAIT if group["least"] < 0 else group["most"] for group in groups}

    def _by_time(
        self, collection: Collection[Record], field: str, since: datetime, until: datetime, seconds: int, wanted: Record
    ) -> list[Record]:
        """What is wanted of each interval that has documents, in order."""
        begins = {"$subtract": [f"${field}", {"$mod": [{"$toLong": f"${field}"}, seconds * 1000]}]}
        stages = [
            {"$match": {field: {"$gte": since, "$lt": until}}},
            {"$group": {"_id": begins, **wanted}},
            {"$sort": {"_id": 1}},
        ]
        return in_time(collection, lambda: list(collection.aggregate(stages)))

    # --- failures

    @translated
    def failed_jobs(self, now: datetime, limit: int) -> list[Reason]:
        return self._reasons(self._jobs, {"jobStatus": str(JobStatus.FAILED)}, "lastError", now, limit)

    @translated
    def failed_documents(self, now: datetime, limit: int) -> list[Reason]:
        return self._reasons(self._documents, {"status": str(DocumentStatus.FAILED)}, "error", now, limit)

    @translated
    def poor_readings(self, now: datetime, limit: int) -> list[Reason]:
        states = [str(state) for state in ReadingState if state is not ReadingState.READ]
        poor = {"reading.state": {"$in": states}}
        rows = in_time(self._documents, lambda: self._latest(self._documents, poor, {"reading": True}, limit))
        return grouped_readings((row["reading"] for row in rows), now)

    def _reasons(
        self, collection: Collection[Record], failed: Record, field: str, now: datetime, limit: int
    ) -> list[Reason]:
        """Grouped here, not by the server, so that the read is bounded and each example is the newest of its kind."""
        rows = in_time(collection, lambda: self._latest(collection, failed, {field: True}, limit))
        return grouped((error_of(row, field) for row in rows), now)

    def _latest(self, collection: Collection[Record], wanted: Record, fields: Record, limit: int) -> list[Record]:
        """Some fields of the newest that match."""
        return list(collection.find(wanted, fields, sort=[("_id", DESCENDING)], limit=limit))

    # --- documents

    @translated
    def documents(
        self, wanted: DocumentFilter, order: DocumentOrder, cursor: Cursor | None, limit: int
    ) -> Page[Document]:
        found = document_filter(wanted, self._companies)
        return self._lists.page(found, order, cursor, limit) if found is not None else Page(items=[])

    @translated
    def document_totals(self, limit: int) -> dict[DocumentStatus, Count]:
        return self._by_state(self._documents, "status", list(DocumentStatus), limit)

    @translated
    def documents_of_job(
        self, job_id: str, which: JobDocuments | None, cursor: Cursor | None, limit: int
    ) -> Page[Document]:
        """The states' alphabetical order is the wanted one."""
        found: Record = {"jobId": parse_job_id(job_id), "documentNumber": {"$lt": ATTACHMENTS_FROM}}
        if which is JobDocuments.ATTACHMENTS:
            found["documentNumber"] = {"$gte": ATTACHMENTS_FROM}
            return page(self._documents, found, "documentNumber", ASCENDING, cursor, limit, to_document)
        if which is not None:
            found["status"] = str(which)
        return page(self._documents, found, "status", ASCENDING, cursor, limit, to_document)

    @translated
    def documents_with_srn(self, srn: str, limit: int) -> list[Document]:
        rows = self._documents.find({"srn": srn}, sort=[("_id", DESCENDING)], limit=limit)
        return [to_document(row) for row in in_time(self._documents, lambda: list(rows))]

    @translated
    def document_types(self) -> list[str]:
        return sorted(in_time(self._documents, lambda: self._documents.distinct("documentType"), COUNT_SECONDS))

    # --- searching and counting

    _word = staticmethod(filters.word)

    def _companies(self, text: str) -> list[str]:
        """The CINs of companies that match a text, from the newest _COMPANIES matching jobs."""
        wanted = {"$and": text_filter(text, self._word)}
        rows = in_time(self._jobs, lambda: self._latest(self._jobs, wanted, {"cin": True}, _COMPANIES))
        return sorted({row["cin"] for row in rows})

    def _counts(self, collection: Collection[Record], branches: Sequence[Record], limit: int) -> list[Count]:
        """One count per filter, in a single command."""
        pipelines: list[list[Record]] = [
            [{"$match": branch}, {"$limit": limit + 1}, {"$group": {"_id": {"$literal": number}, "n": {"$sum": 1}}}]
            for number, branch in enumerate(branches)
        ]
        unions = [{"$unionWith": {"coll": collection.name, "pipeline": pipeline}} for pipeline in pipelines[1:]]
        groups = collection.aggregate([*pipelines[0], *unions])
        found = {group["_id"]: group["n"] for group in groups}
        return [capped(found.get(number, 0), limit) for number in range(len(branches))]


def _left(rows: Sequence[Record], filters: Mapping[str, set[Any]], but: str | None) -> list[Record]:
    """The rows that match all filters except ``but``."""
    used = [(field, values) for field, values in filters.items() if values and field != but]
    return [row for row in rows if all(row[field] in values for field, values in used)]


def capped(number: int, limit: int) -> Count:
    """Turn a number counted up to ``limit + 1`` into a Count."""
    return Count(number=min(number, limit), more=number > limit)


def _how_many(statuses: Container[JobStatus]) -> Record:
    return {"$sum": {"$cond": [{"$in": ["$jobStatus", sorted(statuses)]}, 1, 0]}}
