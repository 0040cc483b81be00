"""Counts of ended jobs by period, for servers that do not group by computed keys, or do so slowly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from jobs.adapters.mongo.connection import Document as Record
from jobs.domain.job import DONE, JobStatus
from jobs.domain.listing import Bucket, bucket_begin

ENDED = {
    "completed": DONE,
    "partial": {JobStatus.PARTIAL},
    "failed": {JobStatus.FAILED},
    "cancelled": {JobStatus.CANCELLED},
}


def periods(since: datetime, until: datetime, seconds: int) -> Iterator[tuple[datetime, Record]]:
    """The beginning of each bucket, and the filter of the jobs that ended in it and between both times."""
    begins = bucket_begin(since, seconds)
    while begins < until:
        after = begins + timedelta(seconds=seconds)
        yield begins, {"completedAt": {"$gte": max(since, begins), "$lt": min(until, after)}}
        begins = after


def bucket(begins: datetime, numbers: Mapping[str, int]) -> Bucket:
    """``numbers`` by state."""
    counts = {name: sum(numbers.get(status, 0) for status in statuses) for name, statuses in ENDED.items()}
    return Bucket(begins=begins, **counts)
