"""The dashboard's key figures, each compared with the period before, and the expected end of the backlog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from jobs.domain.job import UNFINISHED, JobStatus
from jobs.domain.listing import UNKNOWN_WAIT, Bucket, Count

_POINTS = 12


@dataclass(frozen=True, kw_only=True)
class Period:
    """The jobs that ended in a period."""

    completed: int
    failed: int
    #: Also cancelled jobs.
    ended: int

    @property
    def failed_percent(self) -> float | None:
        """Of the completed and failed jobs; None if there are neither."""
        number = self.completed + self.failed
        return 100 * self.failed / number if number else None


@dataclass(frozen=True, kw_only=True)
class Trends:
    """Two periods of the same length."""

    now: Period
    before: Period
    hours: float
    #: Those since the first job ended, because there may have been no work before.
    hours_of_ends: float
    backlog: Count
    #: The longest that a job waited for a worker at some moment of each period; None if unknown, or if no job waited.
    longest_wait: timedelta | None
    longest_wait_before: timedelta | None
    #: Values over time for small charts, the latest last.
    completed_line: list[int]
    failed_line: list[int]

    @property
    def per_hour(self) -> float:
        return self.now.completed / self.hours

    @property
    def per_hour_change(self) -> float | None:
        """In percent; None if nothing completed in the period before."""
        before = self.before.completed
        return 100 * (self.now.completed - before) / before if before else None

    @property
    def failed_change(self) -> float | None:
        """In percentage points; None if a period has no ended jobs."""
        now, before = self.now.failed_percent, self.before.failed_percent
        return None if now is None or before is None else now - before

    @property
    def wait_change(self) -> timedelta | None:
        """None if a period's wait is unknown, or no job waited."""
        now, before = self.longest_wait, self.longest_wait_before
        return None if now is None or before is None else now - before

    @property
    def backlog_time(self) -> timedelta | None:
        """How long the backlog takes at the rate since the first end in the period; None if either is missing."""
        if not self.now.ended or not self.backlog.number:
            return None
        return timedelta(hours=self.backlog.number * self.hours_of_ends / self.now.ended)


def trends(
    totals: Mapping[JobStatus, Count],
    buckets: Sequence[Bucket],
    before: Sequence[Bucket],
    hours: float,
    oldest_wait: timedelta | None = None,
) -> Trends:
    """Compare the buckets with those of the period before. ``oldest_wait``: that of the jobs that still wait."""
    current, carried = _waits(buckets, hours, oldest_wait)
    waiting = [totals[status] for status in totals if status in UNFINISHED]
    return Trends(
        now=_period(buckets),
        before=_period(before),
        hours=hours,
        hours_of_ends=hours * _share_since_first(buckets),
        backlog=Count.sum_of(waiting),
        longest_wait=_longest(current),
        longest_wait_before=_longest([*carried, *(each.waited for each in before if each.waited is not None)]),
        completed_line=_line([bucket.completed for bucket in buckets]),
        failed_line=_line([bucket.failed for bucket in buckets]),
    )


def _period(buckets: Sequence[Bucket]) -> Period:
    completed, failed = sum(each.completed for each in buckets), sum(each.failed for each in buckets)
    cancelled = sum(each.cancelled for each in buckets)
    return Period(completed=completed, failed=failed, ended=completed + failed + cancelled)


def _share_since_first(buckets: Sequence[Bucket]) -> float:
    first = next((at for at, each in enumerate(buckets) if each.completed or each.failed or each.cancelled), 0)
    return (len(buckets) - first) / max(1, len(buckets))


def _waits(buckets: Sequence[Bucket], hours: float, oldest: timedelta | None) -> tuple[list[float], list[float]]:
    """The longest waits in a period, and what was over of them when it began, in seconds.

    A job that was claimed or still waits in this period may have waited in the one before. The moment of a claim is
    only known to a bucket, so this much or a little more was over.
    """
    width = hours * 3600 / max(1, len(buckets))
    ends = [(each.waited, at * width) for at, each in enumerate(buckets, 1) if each.waited is not None]
    if oldest is not None:
        ends.append((oldest.total_seconds(), hours * 3600))
    return [wait for wait, _ in ends], [wait - passed for wait, passed in ends if wait > passed]


def _longest(waits: Sequence[float]) -> timedelta | None:
    longest = max(waits, default=UNKNOWN_WAIT)
    return None if longest == UNKNOWN_WAIT else timedelta(seconds=longest)


def _line(numbers: Sequence[int]) -> list[int]:
    width = max(1, len(numbers) // _POINTS)
    return [sum(numbers[at : at + width]) for at in range(0, len(numbers), width)]
