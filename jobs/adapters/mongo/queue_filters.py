"""The queue's filters, apart from those of the lists, which a claim does not load."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bson import ObjectId

from jobs.domain.job import TRANSITIONS, JobStatus, Lease, Transition

if TYPE_CHECKING:
    from jobs.adapters.mongo.connection import Document as Record

#: All documents; with a range, every server uses the index on ids.
EVERY_ID: Record = {"_id": {"$gte": ObjectId.from_datetime(datetime(1970, 1, 1, tzinfo=UTC))}}

NO_EXPORT: Record = {"export.scope": {"$exists": False}}
#: Jobs that retrieve filings.
ORDERS: Record = {"reread": {"$exists": False}, **NO_EXPORT}

NOT_DELETING: Record = {"jobStatus": {"$ne": str(JobStatus.DELETING)}}


def both(wanted: Record, other: Record) -> Record:
    """Jobs that match both; ``wanted`` may be empty."""
    return {"$and": [wanted, other]} if wanted else other


def due(now: datetime) -> Record:
    """Jobs that can be claimed. Ended jobs have no ``runAfter``; a held job's is its lease's end."""
    return {"runAfter": {"$lte": now}}


def before(transition: Transition) -> Record:
    """Jobs in the states that a transition can start from."""
    return {"jobStatus": {"$in": sorted(TRANSITIONS[transition].sources)}}


def held_by(lease: Lease) -> Record:
    """The filter of all writes by a worker to its job."""
    return {"_id": ObjectId(lease.job_id), "fence": lease.fence, "jobStatus": str(JobStatus.PROCESSING)}
