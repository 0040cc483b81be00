"""The ledger's part of each write that changes a job. Apart from the ledger, which a claim need not load."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.adapters.mongo.connection import Document

#: Event → the field of a job that counts it.
EVENTS = {
    "completed": "completions",
    "partial": "partials",
    "no_filings": "empties",
    "failed": "failures",
    "cancelled": "cancellations",
    "retried": "retries",
}


def counted(update: Document, event: str | None = None) -> Document:
    """The update, extended to mark the job uncounted. ``event`` names what happened, for example ``failed``."""
    events = {EVENTS[event]: 1} if event else {}
    return {
        **update,
        "$set": {**update.get("$set", {}), "uncounted": True},
        "$inc": {**update.get("$inc", {}), "changes": 1, **events},
    }


def uncounted_fields() -> Document:
    """The ledger's fields in the record of a new job."""
    return {"uncounted": True, "changes": 1, "countedSequence": 0}
