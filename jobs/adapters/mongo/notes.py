"""Notes of events, in the records that change and in the write that changes them.

A record with notes has ``notedAt``, the time of its first one, so the index on it contains nothing else. ``notes``
counts all notes that the record has ever had; they are removed only if this number is the one that was read.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pymongo.database import Database

if TYPE_CHECKING:
    from jobs.adapters.mongo.connection import Document
    from jobs.domain.events import Note

#: Where records are kept that were deleted before their notes were read.
KEPT = {"jobs": "deleted_jobs", "watches": "deleted_watches"}


def noted(update: Document, note: Note) -> Document:
    """The update, extended to store a note, and with it an event, in the same write."""
    return {**marked(update, note.at), "$push": {**update.get("$push", {}), "outbox": _fields(note)}}


def marked(update: Document, at: datetime) -> Document:
    """The update, extended to have the record looked at, as ``noted`` does."""
    return {
        **update,
        "$min": {**update.get("$min", {}), "notedAt": at},
        "$inc": {**update.get("$inc", {}), "notes": 1},
    }


def _fields(note: Note) -> Document:
    return {"type": str(note.type), "at": note.at, "by": note.by, "data": dict(note.data)}


def keep_notes(database: Database[Document], collection: str, record: Document | None) -> None:
    """Keep a record with notes that is about to be deleted. Idempotent: its notes make the same events."""
    if record and "notedAt" in record:
        database[KEPT[collection]].replace_one({"_id": record["_id"]}, record, upsert=True)
