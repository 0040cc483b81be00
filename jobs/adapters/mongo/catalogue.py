"""What people look at, in MongoDB. Each query has an index, a limit, and an end to its patience."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from bson import ObjectId
from bson.errors import InvalidId
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import ExecutionTimeout

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.records import to_document, to_job
from jobs.domain.document import Document, DocumentStatus
from jobs.domain.errors import TooSlow
from jobs.domain.job import PRIORITIES, Job, JobStatus
from jobs.domain.listing import (
    DAYS,
    Bucket,
    Count,
    Cursor,
    DocumentFilter,
    Facets,
    JobFilter,
    JobOrder,
    Page,
    Reason,
    TextKind,
    words,
)
from jobs.ports import Clock

T = TypeVar("T")

_SEARCH_MS, _COUNT_MS = 4_000, 1_500
_REQUESTERS = 30
_FACETS = {"jobStatus": True, "priority": True, "requestedBy": True}
_COMPANIES = 200
_CIN_BEGINS = re.compile(r"[LU]\d{0,5}([A-Z]{0,2}(\d{0,4}([A-Z]{0,3}\d{0,6})?)?)?", re.ASCII)
_FIRST_DAY = date(1970, 1, 1)
_LAST_DAY = date(9999, 12, 30)  # the day after it is the last that a datetime can name
_ENDED = [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED]

_ORDERS: dict[JobOrder, tuple[str, int]] = {
    JobOrder.NEWEST: ("_id", DESCENDING),
    JobOrder.OLDEST: ("_id", ASCENDING),
    JobOrder.PRIORITY: ("priority", DESCENDING),
    JobOrder.COMPANY: ("companyName", ASCENDING),
}


class MongoCatalogue:
    """``jobs.ports.Catalogue`` on the collections ``jobs`` and ``documents``."""

    def __init__(self, database: Database[Record], clock: Clock) -> None:
        self._jobs = database["jobs"]
        self._documents = database["documents"]
        self._clock = clock

    # --- jobs

    @translated
    def jobs(self, wanted: JobFilter, order: JobOrder, cursor: Cursor | None, limit: int) -> Page[Job]:
        """See the port. Ids rise with time, so the order of ids is that of creation."""
        field, direction = _ORDERS[order]
        return _page(self._jobs, self._jobs_filter(wanted), field, direction, cursor, limit, to_job)

    @translated
    def count(self, wanted: JobFilter, limit: int) -> Count:
        """See the port."""
        return _in_time(lambda: self._counts(self._jobs, [self._jobs_filter(wanted)], limit))[0]

    @translated
    def facets(self, wanted: JobFilter, among: int) -> Facets:
        """See the port. Counting everything would cost more with every job that was ever ordered."""
        base = replace(wanted, statuses=frozenset(), requested_by="", priority=None)
        rows, everything = _in_time(lambda: self._newest(base, among))
        here: dict[str, set[Any]] = {
            "jobStatus": {str(status) for status in wanted.statuses}, "priority": {wanted.priority} - {None},
            "requestedBy": {wanted.requested_by} - {""},
        }  # fmt: skip
        counted = {field: Counter(row[field] for row in _left(rows, here, field)) for field in here}
        return Facets(
            statuses={status: counted["jobStatus"][str(status)] for status in JobStatus},
            priorities={priority: counted["priority"][priority] for priority in PRIORITIES},
            requesters=dict(sorted(counted["requestedBy"].items())[:_REQUESTERS]),
            matching=len(_left(rows, here, None)), among=among, everything=everything,
        )  # fmt: skip

    def _newest(self, wanted: JobFilter, among: int) -> tuple[list[Record], bool]:
        """What the facets count, of those among the newest jobs that match, and whether that is all there are."""
        # A range, even of all ids, keeps every server on the index of ids.
        (newest,) = _days_of_ids(wanted.since or _FIRST_DAY, wanted.until)
        beyond = self._jobs.find_one(
            newest, {"_id": True}, sort=[("_id", DESCENDING)], skip=among, max_time_ms=_SEARCH_MS
        )  # fmt: skip
        near = {"_id": {"$gt": beyond["_id"]}} if beyond else newest
        others = self._jobs_filter(wanted)
        found = {"$and": [near, others]} if others else near
        return list(self._jobs.find(found, _FACETS, max_time_ms=_SEARCH_MS)), beyond is None

    @translated
    def totals(self, limit: int) -> dict[JobStatus, Count]:
        """See the port. How many jobs there are at all, the server knows without counting."""
        counts = self._counts(self._jobs, [{"jobStatus": str(status)} for status in JobStatus], limit)
        totals = dict(zip(JobStatus, counts, strict=True))
        beyond = [status for status, count in totals.items() if count.more]
        if len(beyond) == 1:
            rest = self._jobs.estimated_document_count() - sum(
                count.number for status, count in totals.items() if status is not beyond[0]
            )
            if rest > limit:  # the server's number may lag behind, or be a mere estimate on some
                totals[beyond[0]] = Count(number=rest)
        return totals

    @translated
    def oldest_due(self) -> datetime | None:
        """See the port."""
        row = self._jobs.find_one({"runAfter": {"$lte": self._clock()}}, {"runAfter": True}, sort=[("runAfter", 1)])
        return row["runAfter"] if row else None

    @translated
    def running(self, limit: int) -> list[Job]:
        """See the port."""
        rows = self._jobs.find({"leaseExpiresAt": {"$exists": True}}, sort=[("leaseExpiresAt", 1)], limit=limit)
        return [to_job(row) for row in rows]

    @translated
    def ended(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        """See the port."""
        width = seconds * 1000
        begins = {"$subtract": ["$completedAt", {"$mod": [{"$toLong": "$completedAt"}, width]}]}
        groups = _in_time(lambda: list(self._jobs.aggregate(
            [
                {"$match": {"completedAt": {"$gte": since, "$lt": until}}},
                {"$group": {"_id": begins, **{str(status): _how_many(status) for status in _ENDED}}},
                {"$sort": {"_id": 1}},
            ],
            maxTimeMS=_SEARCH_MS,
        )))  # fmt: skip
        return [Bucket(begins=group.pop("_id"), **group) for group in groups]

    # --- failures

    @translated
    def failed_jobs(self, now: datetime, limit: int) -> list[Reason]:
        """See the port."""
        return self._reasons(self._jobs, {"jobStatus": str(JobStatus.FAILED)}, "lastError", now, limit)

    @translated
    def failed_documents(self, now: datetime, limit: int) -> list[Reason]:
        """See the port."""
        return self._reasons(self._documents, {"status": str(DocumentStatus.FAILED)}, "error", now, limit)

    def _reasons(
        self, collection: Collection[Record], failed: Record, field: str, now: datetime, limit: int
    ) -> list[Reason]:
        """Grouped here, not by the server: a bounded read, and a sentence of the newest of each kind."""
        rows = collection.find(
            failed, {field: True}, sort=[("_id", DESCENDING)], limit=limit, max_time_ms=_SEARCH_MS
        )  # fmt: skip
        return _grouped((_error_of(row, field) for row in rows), now)

    # --- documents

    @translated
    def documents(self, wanted: DocumentFilter, cursor: Cursor | None, limit: int) -> Page[Document]:
        """See the port."""
        found = self._documents_filter(wanted)
        if found is None:
            return Page(items=[])
        return _page(self._documents, found, "_id", DESCENDING, cursor, limit, to_document)

    @translated
    def document_types(self) -> list[str]:
        """See the port."""
        return sorted(self._documents.distinct("documentType", maxTimeMS=_COUNT_MS))

    # --- below: filters. Every value of them comes from people: none is ever a key or an operator.

    def _jobs_filter(self, wanted: JobFilter) -> Record:
        found: Record = {}
        if wanted.statuses:
            found["jobStatus"] = {"$in": sorted(str(status) for status in wanted.statuses)}
        if wanted.requested_by:
            found["requestedBy"] = wanted.requested_by
        if wanted.priority is not None:
            found["priority"] = wanted.priority
        if wanted.reason:
            found["lastError.kind"] = wanted.reason
        conditions = [*_days_of_ids(wanted.since, wanted.until), *self._text(wanted.text)]
        return {**found, **({"$and": conditions} if conditions else {})}

    def _text(self, text: str) -> list[Record]:
        """An id, the beginning of a CIN, or of words of the name."""
        text = text.strip()
        if not text:
            return []
        try:
            return [{"_id": ObjectId(text.lower())}]
        except InvalidId:
            pass
        if len(text) > 1 and _CIN_BEGINS.fullmatch(text.upper()):
            return [_begins_with("cin", text.upper())]
        return [self._word(word) for word in words(text)] or [{"cin": ""}]

    def _word(self, word: str) -> Record:
        return {"words": {"$regex": "^" + re.escape(word)}}

    def _documents_filter(self, wanted: DocumentFilter) -> Record | None:
        """None where no company matches: then no document does."""
        found: Record = {}
        if wanted.text.strip():
            cins = self._companies(wanted.text)
            if not cins:
                return None
            found["cin"] = {"$in": cins}
        if wanted.document_type:
            found["documentType"] = wanted.document_type
        if wanted.status:
            found["status"] = str(wanted.status)
        if wanted.text_kind:
            found["extraction.characters"] = {"$gt": 0} if wanted.text_kind is TextKind.TEXT else 0
        if wanted.reason:
            found["error.kind"] = wanted.reason
        filed = _days(wanted.since, wanted.until)
        return {**found, **({"filedOn": filed} if filed else {})}

    def _companies(self, text: str) -> list[str]:
        """The companies that a text may mean, the newest first: as many as a query can well bear."""
        rows = self._jobs.find(
            {"$and": self._text(text)}, {"cin": True}, sort=[("_id", DESCENDING)], limit=_COMPANIES,
            max_time_ms=_SEARCH_MS,
        )  # fmt: skip
        return sorted({row["cin"] for row in _in_time(lambda: list(rows))})

    # --- below: counting

    def _counts(self, collection: Collection[Record], branches: Sequence[Record], limit: int) -> list[Count]:
        """One count for each filter, in one command. Raises ExecutionTimeout."""
        pipelines: list[list[Record]] = [
            [{"$match": branch}, {"$limit": limit + 1}, {"$group": {"_id": {"$literal": number}, "n": {"$sum": 1}}}]
            for number, branch in enumerate(branches)
        ]
        unions = [{"$unionWith": {"coll": collection.name, "pipeline": pipeline}} for pipeline in pipelines[1:]]
        groups = collection.aggregate([*pipelines[0], *unions], maxTimeMS=_COUNT_MS)
        found = {group["_id"]: group["n"] for group in groups}
        return [capped(found.get(number, 0), limit) for number in range(len(branches))]


def _left(rows: Sequence[Record], filters: Mapping[str, set[Any]], but: str | None) -> list[Record]:
    """The rows that the filters leave, one of them left aside."""
    used = [(field, values) for field, values in filters.items() if values and field != but]
    return [row for row in rows if all(row[field] in values for field, values in used)]


def capped(number: int, limit: int) -> Count:
    """What was counted up to one beyond the limit."""
    return Count(number=min(number, limit), more=number > limit)


def _in_time(query: Callable[[], T]) -> T:
    try:
        return query()
    except ExecutionTimeout as error:
        raise TooSlow from error


def _page(
    collection: Collection[Record], wanted: Record, field: str, direction: int, cursor: Cursor | None, limit: int,
    entry: Callable[[Mapping[str, Any]], T],
) -> Page[T]:  # fmt: skip
    """By keyset; one row more than asked for tells whether the list goes on."""
    back = cursor is not None and cursor.before
    towards = -direction if back else direction
    order = [(field, towards)] if field == "_id" else [(field, towards), ("_id", towards)]
    place = [_beyond(field, towards, cursor)] if cursor else []
    filter_ = {"$and": [wanted, *place]} if wanted and place else (place[0] if place else wanted)
    rows = _in_time(lambda: list(collection.find(filter_, sort=order, limit=limit + 1, max_time_ms=_SEARCH_MS)))
    more = len(rows) > limit
    rows = rows[:limit][:: -1 if back else 1]
    return Page(
        items=[entry(row) for row in rows],
        next=_cursor(rows[-1], field) if rows and (more or back) else None,
        previous=_cursor(rows[0], field, before=True) if rows and cursor and (more or not back) else None,
    )


def _cursor(row: Mapping[str, Any], field: str, *, before: bool = False) -> Cursor:
    return Cursor(id=str(row["_id"]), value=None if field == "_id" else row[field], before=before)


def _beyond(field: str, towards: int, cursor: Cursor) -> Record:
    beyond, id_ = "$gt" if towards == ASCENDING else "$lt", ObjectId(cursor.id)
    if field == "_id":
        return {"_id": {beyond: id_}}
    return {"$or": [{field: {beyond: cursor.value}}, {field: cursor.value, "_id": {beyond: id_}}]}


def _begins_with(field: str, text: str) -> Record:
    return {field: {"$gte": text, "$lt": text + "\uffff"}}


def _days(since: date | None, until: date | None) -> Record:
    found: Record = {}
    if since:
        found["$gte"] = datetime.combine(since, time(), UTC)
    if until:
        found["$lt"] = datetime.combine(min(until, _LAST_DAY), time(), UTC) + timedelta(days=1)
    return found


def _days_of_ids(since: date | None, until: date | None) -> list[Record]:
    """Days of creation as ranges of ids, whose index is always there."""
    days = _days(since, until)
    return [{"_id": {operator: _first_id(at) for operator, at in days.items()}}] if days else []


def _first_id(at: datetime) -> ObjectId:
    """The smallest id of a second. Ids count seconds from 1970 to 2106: earlier and later days are those ends."""
    return ObjectId.from_datetime(min(max(at, datetime(1970, 1, 1, tzinfo=UTC)), datetime(2106, 2, 7, tzinfo=UTC)))


def _how_many(status: JobStatus) -> Record:
    return {"$sum": {"$cond": [{"$eq": ["$jobStatus", str(status)]}, 1, 0]}}


def _error_of(row: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    return row.get(field) or {"kind": "unknown", "message": "No reason was recorded."}


def _grouped(errors: Iterable[Mapping[str, Any]], now: datetime) -> list[Reason]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for error in errors:
        groups.setdefault(error["kind"], []).append(error)
    reasons = [
        Reason(
            kind=kind, number=len(rows), example=rows[0]["message"], days=_by_day(rows, now),
            last_at=max((row["at"] for row in rows if row.get("at")), default=None),
        )
        for kind, rows in groups.items()
    ]  # fmt: skip
    return sorted(reasons, key=lambda reason: -reason.number)


def _by_day(rows: Iterable[Mapping[str, Any]], now: datetime) -> tuple[int, ...]:
    ages = Counter(max(0, (now - row["at"]).days) for row in rows if row.get("at"))
    return tuple(ages[day] for day in reversed(range(DAYS)))
