"""What the dashboard shows, read once a second at most however many people look at it."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from jobs.domain.errors import FilesureError
from jobs.domain.job import Job, JobStatus
from jobs.domain.listing import Bucket, Count, JobFilter, JobOrder
from jobs.ports import Catalogue, Clock

COUNTED = 10_000
SHOWN_RUNNING, SHOWN_FAILURES = 20, 8
FRESH_SECONDS = 1.0
ASKED_SECONDS = 30.0


class Span(StrEnum):
    """How far back the charts go."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


WIDTHS = {Span.HOUR: (60, 60), Span.DAY: (1_800, 48), Span.WEEK: (21_600, 28)}
"""Seconds of one stretch, and how many there are."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One look at everything. ``oldest_due`` is None while nothing waits."""

    totals: dict[JobStatus, Count]
    oldest_due: datetime | None
    running: list[Job]
    failures: list[Job]
    buckets: list[Bucket]
    services: dict[str, str]

    @property
    def etag(self) -> str:
        """Changes exactly when something shown does."""
        return hashlib.md5(repr(self).encode(), usedforsecurity=False).hexdigest()

    @property
    def completed(self) -> int:
        """Jobs completed in the span."""
        return sum(bucket.completed for bucket in self.buckets)

    @property
    def failed(self) -> int:
        """Jobs failed in the span."""
        return sum(bucket.failed for bucket in self.buckets)

    @property
    def failure_ratio(self) -> float | None:
        """Failed of all that ended by themselves; None if none did."""
        ended = self.completed + self.failed
        return self.failed / ended if ended else None


@dataclass(kw_only=True)
class _Cached:
    read_at: float = float("-inf")
    snapshot: Snapshot | None = None
    error: FilesureError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Live:
    """Snapshots, each kept for a second. Thread-safe: of several that come at once one reads, the others wait."""

    def __init__(
        self, catalogue: Callable[[], Catalogue], clock: Clock, services: Callable[[], dict[str, str]]
    ) -> None:
        self._catalogue, self._clock, self._services = catalogue, clock, services
        self._cached = {span: _Cached() for span in Span}
        self._closed: dict[Span, dict[datetime, Bucket]] = {span: {} for span in Span}

    def snapshot(self, span: Span) -> Snapshot:
        """What stands now, at most a second ago. Raises DatabaseUnavailable, DatabaseRefused, TooSlow."""
        cached = self._cached[span]
        with cached.lock:
            if time.monotonic() - cached.read_at > FRESH_SECONDS:
                self._renew(cached, span)
            if cached.error:
                raise cached.error
            assert cached.snapshot  # noqa: S101
            return cached.snapshot

    def _renew(self, cached: _Cached, span: Span) -> None:
        """A failure is kept as well: with MongoDB away those who wait must not each wait for it in turn."""
        try:
            cached.snapshot, cached.error = self._read(span), None
        except FilesureError as error:
            cached.error = error
        finally:
            cached.read_at = time.monotonic()

    def _read(self, span: Span) -> Snapshot:
        catalogue = self._catalogue()
        failed = JobFilter(statuses=frozenset({JobStatus.FAILED}))
        return Snapshot(
            totals=catalogue.totals(COUNTED), oldest_due=catalogue.oldest_due(),
            running=catalogue.running(SHOWN_RUNNING),
            failures=catalogue.jobs(failed, JobOrder.NEWEST, None, SHOWN_FAILURES).items,
            buckets=self._buckets(catalogue, span), services=self._services(),
        )  # fmt: skip

    def _buckets(self, catalogue: Catalogue, span: Span) -> list[Bucket]:
        """All stretches of a span. Those that are over are not read again: what ended then has ended then."""
        seconds, number = WIDTHS[span]
        width = timedelta(seconds=seconds)
        current = datetime.fromtimestamp(int(self._clock().timestamp()) // seconds * seconds, UTC)
        first = current - (number - 1) * width
        known = self._closed[span]
        # A worker may have written the end of a job a moment after the stretch was over: read it twice.
        since = max(first, max(known, default=first) - width)
        read = {bucket.begins: bucket for bucket in catalogue.ended(since, current + width, seconds)}
        begins = [first + index * width for index in range(number)]
        buckets = [
            read.get(begin, Bucket(begins=begin)) if begin >= since else known.get(begin, Bucket(begins=begin))
            for begin in begins
        ]
        self._closed[span] = {bucket.begins: bucket for bucket in buckets if bucket.begins < current}
        return buckets


class ServiceStates:
    """What the services answer, asked anew when the last answer is half a minute old."""

    def __init__(self, checks: Mapping[str, Callable[[], object]]) -> None:
        self._checks = checks
        self._asked_at = float("-inf")
        self._states: dict[str, str] = {}

    def __call__(self) -> dict[str, str]:
        """Name → ``ok`` or what is wrong, in one sentence."""
        if time.monotonic() - self._asked_at > ASKED_SECONDS:
            self._states = {name: _state(check) for name, check in self._checks.items()}
            self._asked_at = time.monotonic()
        return dict(self._states)


def _state(check: Callable[[], object]) -> str:
    try:
        check()
    except FilesureError as error:
        return str(error)
    return "ok"
