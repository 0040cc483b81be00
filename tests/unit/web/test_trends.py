"""The dashboard's expected end of the backlog."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs.domain.job import JobStatus
from jobs.domain.listing import Bucket, Count
from jobs.web.trends import trends

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def _backlog_time(completed: list[int], pending: int) -> timedelta | None:
    """With one bucket per minute of an hour, the last ones with these numbers."""
    numbers = [0] * (60 - len(completed)) + completed
    buckets = [Bucket(begins=BEGIN + timedelta(minutes=at), completed=number) for at, number in enumerate(numbers)]
    totals = {status: Count(number=0) for status in JobStatus} | {JobStatus.PENDING: Count(number=pending)}
    return trends(totals, buckets, [], hours=1.0).backlog_time


@pytest.mark.parametrize(
    ("completed", "pending", "minutes"),
    [
        pytest.param([1] * 60, 30, 30, id="work for the whole hour"),
        pytest.param([14], 28, 2, id="work that has just begun"),
        pytest.param([1, *[0] * 28, 1], 4, 60, id="work with a gap"),
    ],
)
def test_rate_is_that_since_the_first_end(completed: list[int], pending: int, minutes: int) -> None:
    found = _backlog_time(completed, pending)
    assert found is not None
    assert found / timedelta(minutes=1) == pytest.approx(minutes)


def test_unknown_without_ended_jobs_or_backlog() -> None:
    assert _backlog_time([0], 5) is None
    assert _backlog_time([3], 0) is None
