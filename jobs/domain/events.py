"""Events for people and other programs: an order or list has ended, or a company has new filings.

A change that is an event stores a ``Note`` in the write that makes the change, in the field ``outbox`` of the record
that changes. ``jobs.services.notifying`` later reads the notes as events, and removes them once their deliveries are
stored. An event's id follows from its record and its time, so reading a note twice makes one event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from jobs.domain.job import DONE, Job, JobError, JobStatus, Progress

#: New filings that an event lists; ``count`` has the number of all.
MOST_LISTED = 50


class EventType(StrEnum):
    """The types of events."""

    #: Every filing is stored, or the source has none.
    ORDER_COMPLETED = "order.completed"
    #: Some filings could not be retrieved.
    ORDER_PARTIAL = "order.partial"
    ORDER_FAILED = "order.failed"
    ORDER_CANCELLED = "order.cancelled"
    #: All orders of a list have ended, and none is partial, failed or cancelled.
    LIST_COMPLETED = "list.completed"
    LIST_PARTIAL = "list.partial"
    #: All orders of a list have ended, and none is complete or partial.
    LIST_FAILED = "list.failed"
    #: A watched company has filings that it did not have before.
    FILINGS_NEW = "filings.new"
    #: A webhook endpoint was disabled because its deliveries kept failing. Sent to people only.
    ENDPOINT_DISABLED = "endpoint.disabled"
    #: Sent on request, to one endpoint.
    TEST = "endpoint.test"


#: The event of a job that has ended in this state.
ORDER_ENDED: Mapping[JobStatus, EventType] = {
    JobStatus.COMPLETED: EventType.ORDER_COMPLETED,
    JobStatus.NO_FILINGS: EventType.ORDER_COMPLETED,
    JobStatus.PARTIAL: EventType.ORDER_PARTIAL,
    JobStatus.FAILED: EventType.ORDER_FAILED,
    JobStatus.CANCELLED: EventType.ORDER_CANCELLED,
}


@dataclass(frozen=True, kw_only=True)
class Note:
    """An event as its cause stores it. ``data`` contains what may differ later, in types that MongoDB stores."""

    type: EventType
    at: datetime
    #: The account that the event is for; empty if the record names it.
    by: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event as it is delivered. ``data`` has names in camelCase, and values in types of JSON."""

    id: str
    type: EventType
    at: datetime
    by: str
    data: Mapping[str, Any]


def event_id(record_id: str, at: datetime) -> str:
    return f"{record_id}-{int(at.timestamp() * 1000)}"


# --- orders


def order_note(status: JobStatus, now: datetime, progress: Progress | None, error: JobError | None) -> Note:
    """A job ends in this state. ``progress`` is None if the write does not know it."""
    counts = {"total": progress.total, "downloaded": progress.downloaded, "failed": progress.failed} if progress else {}
    data = {"status": str(status), **counts, "error": error.message if error else None}
    return Note(
        type=ORDER_ENDED[status], at=now, data={name: value for name, value in data.items() if value is not None}
    )


def order_events(job: Job, notes: Sequence[Note]) -> tuple[Event, ...]:
    """The events of a job's notes. Only what people order has some: a watch tells of its checks by itself."""
    return tuple(order_event(job, note) for note in notes) if job.is_order and not job.recheck else ()


def order_event(job: Job, note: Note) -> Event:
    """The event of a job's note. Without counts in the note, the job's are taken."""
    given, now = note.data, job.progress
    counts = (
        given if "downloaded" in given else {"total": now.total, "downloaded": now.downloaded, "failed": now.failed}
    )
    data = {
        "jobId": job.id,
        "cin": job.cin,
        "companyName": job.company_name,
        "requestedBy": job.requested_by,
        "listId": job.list_id,
        "status": given["status"],
        "documents": {name: counts.get(name) or 0 for name in ("total", "downloaded", "failed")},
        "error": given.get("error"),
    }
    return Event(id=event_id(job.id, note.at), type=note.type, at=note.at, by=job.requested_by, data=data)


# --- lists


@dataclass(frozen=True, kw_only=True)
class EndedList:
    """A list whose orders have all ended: their number by state, and when the last one ended."""

    id: str
    name: str
    by: str
    refused: int
    states: Mapping[JobStatus, int]
    at: datetime
    #: How many notes its orders have ever had.
    notes: int = 0
    #: Whether accounts want a mail about it, see ``OrderList``.
    wishes: Mapping[str, bool] = field(default_factory=dict)


def next_end(at: datetime, announced: datetime | None, notes: int, notes_announced: int) -> datetime | None:
    """The time of a list's end, whose last order ended ``at``. None if it was announced already.

    Orders that have ended again have more notes. Their time may be earlier than the last one, if the clock was set
    back; the event, whose id follows from its time, then comes a millisecond after the last one.
    """
    if announced is None or at > announced:
        return at
    return announced + timedelta(milliseconds=1) if notes > notes_announced else None


def list_event(ended: EndedList) -> Event | None:
    """None if all its orders were cancelled, or deleted before anybody was told and no row was refused."""
    states = {status: number for status, number in ended.states.items() if number}
    if set(states) == {JobStatus.CANCELLED} or not (states or ended.refused):
        return None
    if not DONE & set(states):
        kind = EventType.LIST_FAILED
    elif set(states) <= {JobStatus.COMPLETED, JobStatus.NO_FILINGS}:
        kind = EventType.LIST_COMPLETED
    else:
        kind = EventType.LIST_PARTIAL
    data = {
        "listId": ended.id,
        "name": ended.name,
        "requestedBy": ended.by,
        "orders": {str(status): number for status, number in sorted(states.items())},
        "refusedRows": ended.refused,
    }
    return Event(id=event_id(ended.id, ended.at), type=kind, at=ended.at, by=ended.by, data=data)


# --- new filings


@dataclass(frozen=True, kw_only=True)
class NewFiling:
    """A filing of a watched company that an earlier check did not list."""

    document_type: str
    file_name: str
    srn: str | None = None
    filed_on: date | None = None


def new_filings_note(
    *,
    cin: str,
    company_name: str,
    filings: Sequence[NewFiling],
    owner: str,
    at: datetime,
    since: datetime | None = None,
    list_id: str | None = None,
) -> Note:
    """A check found these filings. The write that records the check stores it, see ``adapters.mongo.notes.noted``.

    ``owner``: the account that watches; ``since``: the check before; ``list_id``: the list that it was added with. Two
    checks of one record need different times.
    """
    listed = [
        {
            "documentType": each.document_type,
            "fileName": each.file_name,
            "srn": each.srn,
            "filedOn": each.filed_on.isoformat() if each.filed_on else None,
        }
        for each in filings[:MOST_LISTED]
    ]
    data = {
        "cin": cin,
        "companyName": company_name,
        "listId": list_id,
        "count": len(filings),
        "since": since.isoformat() if since else None,
        "filings": listed,
    }
    return Note(type=EventType.FILINGS_NEW, at=at, by=owner, data=data)


def plain_event(record_id: str, note: Note) -> Event:
    """The event of a note that contains everything."""
    return Event(id=event_id(record_id, note.at), type=note.type, at=note.at, by=note.by, data=note.data)
