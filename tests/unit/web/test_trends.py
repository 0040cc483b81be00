"""The dashboard's expected end of the backlog, and its longest waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs.domain.job import JobStatus
from jobs.domain.listing import UNKNOWN_WAIT, Bucket, Count
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


def _minutes(waits: dict[int, float], begin: int) -> list[Bucket]:
    """An hour's buckets from this minute on; ``waits``: minute → the longest wait in minutes."""
    known = {at: 60 * wait for at, wait in waits.items()}
    return [Bucket(begins=BEGIN + timedelta(minutes=at), waited=known.get(at)) for at in range(begin, begin + 60)]


@pytest.mark.parametrize(
    ("waits", "oldest", "longest", "change"),
    [
        pytest.param({10: 3, 20: 5, 100: 9, 110: 2}, None, 9, 4, id="longer"),
        pytest.param({10: 3, 20: 5, 100: 1}, None, 1, -4, id="shorter"),
        pytest.param({10: 3, 100: 1}, 8, 8, 5, id="a job that still waits"),
        pytest.param({10: 3}, 80, 80, 60, id="a job that waited at the end of the hour before, too"),
        pytest.param({10: 3, 69: 50}, None, 50, 10, id="a claim after a wait that began in the hour before"),
        pytest.param({100: 9}, None, 9, None, id="nothing in the hour before"),
        pytest.param({10: 3}, None, None, None, id="nothing in this hour"),
        pytest.param({10: UNKNOWN_WAIT, 20: 3, 100: 9}, None, 9, None, id="unknown waits in the hour before"),
        pytest.param({10: 3, 100: UNKNOWN_WAIT, 110: 1}, 8, None, None, id="unknown waits in this hour"),
    ],
)
def test_longest_wait_is_compared_with_that_of_the_period_before(
    waits: dict[int, float], oldest: float | None, longest: float | None, change: float | None
) -> None:
    def minutes(number: float | None) -> timedelta | None:
        return None if number is None else timedelta(minutes=number)

    buckets, before = _minutes(waits, 60), _minutes(waits, 0)
    found = trends({}, buckets, before, 1.0, minutes(oldest))
    assert (found.longest_wait, found.wait_change) == (minutes(longest), minutes(change))
