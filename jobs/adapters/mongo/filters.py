"""Turns filters into MongoDB queries. Values come from users, so they are never used as keys or operators."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bson import ObjectId

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.queue_filters import NOT_DELETING
from jobs.domain.company_id import id_prefix
from jobs.domain.company_names import words
from jobs.domain.job import VISIBLE
from jobs.domain.listing import DocumentFilter, JobFilter, TextKind

FIRST_DAY = date(1970, 1, 1)
_LAST_DAY = date(9999, 12, 30)  # the following day is the last that a datetime can represent


#: Returns the query for the beginning of a word in a company's name.
Word = Callable[[str], Record]


def word(beginning: str) -> Record:
    return {"words": {"$regex": "^" + re.escape(beginning)}}


def job_filter(wanted: JobFilter, word: Word, *, hide: bool = True) -> Record:
    """Jobs that are being deleted match only without ``hide``."""
    found: Record = {}
    if wanted.statuses:
        found["jobStatus"] = {"$in": sorted(str(status) for status in wanted.statuses.intersection(VISIBLE))}
    elif hide:
        found |= NOT_DELETING
    if wanted.requested_by:
        found["requestedBy"] = wanted.requested_by
    if wanted.priority is not None:
        found["priority"] = wanted.priority
    if wanted.reason:
        found["lastError.kind"] = wanted.reason
    if wanted.list_id:
        found["listId"] = wanted.list_id
    if ended := _ended(wanted.ended_since, wanted.ended_until):
        found["completedAt"] = ended
    conditions = [*days_of_ids(wanted.since, wanted.until, wanted.zone), *text_filter(wanted.text, word)]
    return {**found, **({"$and": conditions} if conditions else {})}


def text_filter(text: str, word: Word) -> list[Record]:
    """Conditions for an id, the beginning of a CIN, LLPIN or FCRN, or the beginnings of words in the name."""
    text = text.strip()
    if not text:
        return []
    if ObjectId.is_valid(text.lower()):
        return [{"_id": ObjectId(text.lower())}]
    if start := id_prefix(text):
        return [begins_with("cin", start)]
    return [word(each) for each in words(text)] or [{"cin": ""}]


def document_filter(wanted: DocumentFilter, companies: Callable[[str], Sequence[str]]) -> Record | None:
    """None if no company matches, in which case no document does. ``companies`` finds CINs by text."""
    found: Record = {}
    if wanted.text.strip():
        cins = companies(wanted.text)
        if not cins:
            return None
        found["cin"] = {"$in": cins}
    if wanted.document_type:
        found["documentType"] = wanted.document_type
    if wanted.status:
        found["status"] = str(wanted.status)
    if wanted.text_kind:
        count = {"$gt": 0} if wanted.text_kind is TextKind.TEXT else 0
        found["$or"] = [{"reading.characters": count}, {"extraction.characters": count}]
    if wanted.reading:
        found["reading.state"] = str(wanted.reading)
    if wanted.reason:
        found["error.kind"] = wanted.reason
    filed = _days(wanted.since, wanted.until)
    return {**found, **({"filedOn": filed} if filed else {})}


def begins_with(field: str, text: str) -> Record:
    return {field: {"$gte": text, "$lt": text + "\uffff"}}


def _days(since: date | None, until: date | None, zone: tzinfo = UTC) -> Record:
    found: Record = {}
    if since:
        found["$gte"] = datetime.combine(since, time(), zone)
    if until:
        found["$lt"] = datetime.combine(min(until, _LAST_DAY) + timedelta(days=1), time(), zone)
    return found


def _ended(since: datetime | None, until: datetime | None) -> Record:
    """Clamped to times that every server can store."""
    given = {"$gte": since, "$lt": until}
    first, last = (datetime.combine(day, time(), UTC) for day in (FIRST_DAY, _LAST_DAY))
    return {operator: min(max(at, first), last) for operator, at in given.items() if at}


def days_of_ids(since: date | None, until: date | None, zone: tzinfo = UTC) -> list[Record]:
    """Creation days as ranges of ids, which are always indexed."""
    days = _days(since, until, zone)
    return [{"_id": {operator: _first_id(at) for operator, at in days.items()}}] if days else []


def _first_id(at: datetime) -> ObjectId:
    """The smallest id of a second, clamped to the range that ids can represent, 1970 to 2106."""
    return ObjectId.from_datetime(min(max(at, datetime(1970, 1, 1, tzinfo=UTC)), datetime(2106, 2, 7, tzinfo=UTC)))
