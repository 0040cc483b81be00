"""Watches as stored in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from jobs.adapters.mongo.connection import Document
from jobs.adapters.mongo.records import COUNT, ID, TEXT, TIME, known
from jobs.adapters.mongo.validators_events import NOTES
from jobs.domain.watching import Check, CheckOutcome, Interval, Watch

_CHECK = {
    "bsonType": "object",
    "required": ["jobId", "at", "outcome", "new"],
    "properties": {
        "jobId": TEXT,
        "at": TIME,
        "outcome": {"enum": [str(outcome) for outcome in CheckOutcome]},
        "new": COUNT,
        "since": TIME,
        "error": TEXT,
    },
}
WATCH_SCHEMA: Document = {
    "bsonType": "object",
    "required": ["cin", "companyName", "by", "at", "interval", "failures"],
    "properties": {
        "_id": ID,
        **dict.fromkeys(("cin", "companyName", "by", "listId", "pausedReason", "pausedBy"), TEXT),
        **dict.fromkeys(("jobId", "baseline"), TEXT),
        **dict.fromkeys(("at", "nextAt", "checkedAt"), TIME),
        "interval": {"enum": [str(interval) for interval in Interval]},
        "placing": {"enum": [True]},
        "last": _CHECK,
        "found": _CHECK,
        **dict.fromkeys(("failures", "seen"), COUNT),
        **NOTES,
    },
}


def check_fields(check: Check) -> Document:
    return known(
        {
            "jobId": check.job_id,
            "at": check.at,
            "outcome": str(check.outcome),
            "new": check.new,
            "since": check.since,
            "error": check.error,
        }
    )


def _to_check(stored: Mapping[str, Any] | None) -> Check | None:
    if stored is None:
        return None
    return Check(
        job_id=stored["jobId"],
        at=stored["at"],
        outcome=CheckOutcome(stored["outcome"]),
        new=stored["new"],
        since=stored.get("since"),
        error=stored.get("error"),
    )


def to_record(watch: Watch) -> Document:
    """The record of a new watch."""
    return known(
        {
            "_id": ObjectId(watch.id),
            "cin": watch.cin,
            "companyName": watch.company_name,
            "by": watch.by,
            "at": watch.at,
            "interval": str(watch.interval),
            "listId": watch.list_id,
            "nextAt": watch.next_at,
            "baseline": watch.baseline,
            "checkedAt": watch.checked_at,
            "failures": watch.failures,
        }
    )


def to_watch(row: Mapping[str, Any]) -> Watch:
    get = row.get
    return Watch(
        id=str(row["_id"]),
        cin=row["cin"],
        company_name=row["companyName"],
        by=row["by"],
        at=row["at"],
        interval=Interval(row["interval"]),
        list_id=get("listId"),
        next_at=get("nextAt"),
        paused_reason=get("pausedReason"),
        paused_by=get("pausedBy"),
        job_id=get("jobId"),
        placing=get("placing", False),
        baseline=get("baseline"),
        checked_at=get("checkedAt"),
        seen=get("seen"),
        last=_to_check(get("last")),
        found=_to_check(get("found")),
        failures=row["failures"],
    )
