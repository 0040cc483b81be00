"""The outbox: reads the notes that changes have stored, see ``notes``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.notes import KEPT
from jobs.adapters.mongo.order_lists import to_wishes
from jobs.adapters.mongo.records import object_id, to_job
from jobs.domain.events import EndedList, Event, EventType, Note, next_end, order_events, plain_event
from jobs.domain.job import VISIBLE, JobStatus
from jobs.ports.notifications import Outgoing

logger = logging.getLogger(__name__)

_NOTED = {"notedAt": {"$exists": True}}


def _notes(record: Mapping[str, Any]) -> list[Note]:
    stored = record.get("outbox", ())
    return [Note(type=EventType(each["type"]), at=each["at"], by=each["by"], data=each["data"]) for each in stored]


Parts = tuple[tuple[Event, ...], str | None]


def _of_job(record: Mapping[str, Any]) -> Parts:
    job = to_job(record)
    return order_events(job, _notes(record)), job.list_id if job.is_order else None


def _of_list(record: Mapping[str, Any]) -> Parts:
    return (), str(record["_id"])


def _complete(record: Mapping[str, Any]) -> Parts:
    return tuple(plain_event(str(record["_id"]), note) for note in _notes(record)), None


#: The collections whose records have notes, and how these are read. Each needs the index ``NOTED``.
OUTBOXES: Mapping[str, Callable[[Mapping[str, Any]], Parts]] = {
    "jobs": _of_job,
    KEPT["jobs"]: _of_job,
    "lists": _of_list,
    "watches": _complete,
    KEPT["watches"]: _complete,
    "endpoints": _complete,
}


class MongoOutbox:
    """``jobs.ports.Outbox`` on the collections in ``OUTBOXES``."""

    def __init__(self, database: Database[Document]) -> None:
        self._database = database
        self._unreadable: set[str] = set()

    @translated
    def waiting(self, limit: int) -> list[Outgoing]:
        return [each for name in OUTBOXES for each in islice(self._waiting(name, limit), limit)]

    def _waiting(self, collection: str, limit: int) -> Iterator[Outgoing]:
        """Notes of a later version stay until it is installed again, and take no place of others."""
        limit += len(self._unreadable)
        for record in self._database[collection].find(_NOTED, sort=[("notedAt", ASCENDING)], limit=limit):
            record_id = str(record["_id"])
            try:
                events, list_id = OUTBOXES[collection](record)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                self._skip(collection, record_id, error)
                continue
            yield Outgoing(
                collection=collection, record_id=record_id, notes=record["notes"], events=events, list_id=list_id
            )

    def _skip(self, collection: str, record_id: str, error: Exception) -> None:
        if record_id not in self._unreadable:
            self._unreadable.add(record_id)
            logger.warning("outbox.unreadable", extra={"record": f"{collection} {record_id}", "reason": str(error)})

    @translated
    def oldest(self) -> datetime | None:
        first = (
            self._database[name].find_one(_NOTED, {"notedAt": True}, sort=[("notedAt", ASCENDING)]) for name in OUTBOXES
        )
        return min((each["notedAt"] for each in first if each), default=None)

    @translated
    def remove(self, outgoing: Outgoing) -> None:
        read = {"_id": ObjectId(outgoing.record_id), "notes": outgoing.notes}
        if outgoing.collection in KEPT.values():
            self._database[outgoing.collection].delete_one(read)
        else:
            self._database[outgoing.collection].update_one(read, {"$unset": {"outbox": "", "notedAt": ""}})

    @translated
    def ended_list(self, list_id: str) -> EndedList | None:
        """The unfinished orders first, in an index that contains no others: a long list is read once, at its end."""
        jobs, key = self._database["jobs"], object_id(list_id)
        if jobs.find_one({"listId": list_id, "runAfter": {"$exists": True}}, {"_id": True}):
            return None
        row = self._database["lists"].find_one({"_id": key})
        if row is None or "doneAt" not in row:
            return None
        states: dict[JobStatus, int] = {**dict.fromkeys(VISIBLE, 0)}
        at, notes = row["doneAt"], 0
        for job in jobs.find({"listId": list_id}, {"jobStatus": True, "completedAt": True, "notes": True}):
            if "completedAt" not in job:  # retried since the look at the unfinished ones
                return None
            at = max(at, job["completedAt"])
            notes += job.get("notes", 0)
            if job["jobStatus"] != str(JobStatus.DELETING):
                states[JobStatus(job["jobStatus"])] += 1
        end = next_end(at, row.get("announcedAt"), notes, row.get("announcedNotes", notes))
        if end is None:
            return None
        return EndedList(
            id=list_id,
            name=row["name"],
            by=row["by"],
            refused=row.get("refused", 0),
            states=states,
            at=end,
            notes=notes,
            wishes=to_wishes(row),
        )

    @translated
    def announce(self, ended: EndedList) -> None:
        announced = {"announcedAt": ended.at, "announcedNotes": ended.notes}
        self._database["lists"].update_one({"_id": ObjectId(ended.id)}, {"$set": announced})
