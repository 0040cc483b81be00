"""Ended jobs and longest waits by period, for servers that do not group by computed keys, or do so slowly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from pymongo import DESCENDING
from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document as Record
from jobs.domain.job import DONE, JobStatus
from jobs.domain.listing import UNKNOWN_WAIT, Bucket, bucket_begin

ENDED = {
    "completed": DONE,
    "partial": {JobStatus.PARTIAL},
    "failed": {JobStatus.FAILED},
    "cancelled": {JobStatus.CANCELLED},
}


def periods(
    since: datetime, until: datetime, seconds: int, field: str = "completedAt"
) -> Iterator[tuple[datetime, Record]]:
    """The beginning of each bucket, and the filter of documents whose time is in it and between both times."""
    begins = bucket_begin(since, seconds)
    while begins < until:
        after = begins + timedelta(seconds=seconds)
        yield begins, {field: {"$gte": max(since, begins), "$lt": min(until, after)}}
        begins = after


def bucket(begins: datetime, numbers: Mapping[str, int]) -> Bucket:
    """``numbers`` by state."""
    counts = {name: sum(numbers.get(status, 0) for status in statuses) for name, statuses in ENDED.items()}
    return Bucket(begins=begins, **counts)


def longest_waits(runs: Collection[Record], since: datetime, until: datetime, seconds: int) -> dict[datetime, float]:
    """As ``jobs.ports.Catalogue.longest_waits``. An index has all that is compared."""
    waits = {}
    for begins, within in periods(since, until, seconds, "startedAt"):
        longest = runs.find_one(within, {"waitedSeconds": True}, sort=[("waitedSeconds", DESCENDING)])
        if longest:
            unknown = runs.find_one({**within, "waitedSeconds": {"$exists": False}}, {"_id": True})
            waits[begins] = UNKNOWN_WAIT if unknown else longest["waitedSeconds"]
    return waits
