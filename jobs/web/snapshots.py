"""The dashboard's data, read at most once a second, no matter how many users view it."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from jobs.domain.errors import FilesureError
from jobs.domain.job import Job, JobStatus
from jobs.domain.listing import Bucket, Count, JobFilter, JobOrder, bucket_begin
from jobs.domain.pausing import Pause
from jobs.domain.waiting import waiting_since
from jobs.ports import Catalogue, Clock
from jobs.web.source_states import SourceStates

COUNTED = 10_000
SHOWN_RUNNING, SHOWN_TROUBLED = 20, 8
FRESH_SECONDS = 1.0
ASKED_SECONDS = 30.0
#: The time limit for counting the buckets of one snapshot.
COUNTING_SECONDS = 0.2
#: Buckets that are counted together: twice as many after a quick count, otherwise one.
_AT_FIRST, _QUICK_SECONDS = 3, 0.02
_SETTLED = timedelta(minutes=1)
_STEP = timedelta(seconds=10)
OK, CHECKING = "ok", "checking"


class Span(StrEnum):
    """The time range of the charts."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


WIDTHS = {Span.HOUR: (60, 60), Span.DAY: (1_800, 48), Span.WEEK: (21_600, 28)}
"""Span → seconds per bucket, and number of buckets."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The dashboard's data at one moment. ``oldest_due`` is None if no job is due."""

    totals: dict[JobStatus, Count]
    oldest_due: datetime | None
    oldest_due_by_priority: dict[int, datetime]
    #: How long the longest-waiting job has waited, without pauses, to ten seconds; None if no job is due.
    waiting: timedelta | None
    running: list[Job]
    #: Failed jobs, then partial ones, each the newest first.
    troubled: list[Job]
    buckets: list[Bucket]
    #: The buckets of the period before, for trends.
    before: list[Bucket]
    #: Buckets before this are not counted yet; None if all are.
    counted_since: datetime | None
    services: dict[str, str]
    sources: SourceStates

    @cached_property
    def etag(self) -> str:
        """Changes exactly when the shown data changes. Worked out once, although most requests ask for it."""
        return hashlib.md5(repr(self).encode(), usedforsecurity=False).hexdigest()


@dataclass(kw_only=True)
class _Cached:
    read_at: float = float("-inf")
    snapshot: Snapshot | None = None
    error: FilesureError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Live:
    """Snapshots, each cached for a second. Thread-safe: of concurrent callers, one reads and the others wait."""

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        clock: Clock,
        services: Callable[[], dict[str, str]],
        sources: Callable[[], SourceStates] = SourceStates,
        pauses: Callable[[], Sequence[Pause]] = tuple,
    ) -> None:
        self._catalogue, self._clock, self._services, self._sources = catalogue, clock, services, sources
        self._pauses = pauses
        self._cached = {span: _Cached() for span in Span}
        self._closed: dict[Span, dict[datetime, Bucket]] = {span: {} for span in Span}

    def snapshot(self, span: Span) -> Snapshot:
        """A snapshot at most a second old. Raises DatabaseUnavailable, DatabaseRefused, TooSlow."""
        cached = self._cached[span]
        with cached.lock:
            if time.monotonic() - cached.read_at > FRESH_SECONDS:
                self._renew(cached, span)
            if cached.error:
                raise _anew(cached.error) from cached.error
            assert cached.snapshot  # noqa: S101
            return cached.snapshot

    def _renew(self, cached: _Cached, span: Span) -> None:
        """Failures are cached too, so that while MongoDB is down, waiting callers do not each run into the timeout."""
        try:
            cached.snapshot, cached.error = self._read(span), None
        except FilesureError as error:
            cached.error = error
        finally:
            cached.read_at = time.monotonic()

    def _read(self, span: Span) -> Snapshot:
        catalogue = self._catalogue()
        waits = catalogue.oldest_due_by_priority()
        oldest = min(waits.values(), default=None)
        number, (buckets, counted_since) = WIDTHS[span][1], self._buckets(catalogue, span)
        return Snapshot(
            totals=catalogue.totals(COUNTED),
            oldest_due=oldest,
            oldest_due_by_priority=waits,
            waiting=self._waiting(oldest) if oldest else None,
            running=catalogue.in_progress(SHOWN_RUNNING),
            troubled=_troubled(catalogue),
            buckets=buckets[number:],
            before=buckets[:number],
            counted_since=counted_since,
            services={"MongoDB": OK, **self._services()},
            sources=self._sources(),
        )

    def _waiting(self, due: datetime) -> timedelta:
        now = self._clock()
        return (now - waiting_since(due, self._pauses(), now)) // _STEP * _STEP

    def _buckets(self, catalogue: Catalogue, span: Span) -> tuple[list[Bucket], datetime | None]:
        """All buckets of a span and of the one before, and ``Snapshot.counted_since``.

        Past ones are cached, because they do not change. The latest are counted first; when time is up, the rest is
        left to the next view.
        """
        seconds, number = WIDTHS[span][0], 2 * WIDTHS[span][1]
        width, now = timedelta(seconds=seconds), self._clock()
        current = bucket_begin(now, seconds)
        begins = [current - index * width for index in range(number)]
        found = {begin: self._closed[span][begin] for begin in begins if begin in self._closed[span]}
        deadline, size = time.monotonic() + COUNTING_SECONDS, _AT_FIRST
        while missing := [begin for begin in begins if begin not in found]:
            started = time.monotonic()
            if started > deadline and current in found:
                break
            piece = [each for at, each in enumerate(missing[:size]) if each == missing[0] - at * width]
            since, until = piece[-1], piece[0] + width
            counted = {each.begins: each for each in catalogue.ended(since, until, seconds)}
            waits = catalogue.longest_waits(since, until, seconds)
            empty = {begin: Bucket(begins=begin) for begin in piece}
            found |= {at: replace(each, waited=waits.get(at)) for at, each in (empty | counted).items()}
            size = size * 2 if time.monotonic() - started < _QUICK_SECONDS else 1
        # One that ended just now is read again, because a worker may store a job's end just after the bucket's time.
        self._closed[span] = {begin: bucket for begin, bucket in found.items() if begin + width + _SETTLED <= now}
        shown = [found.get(begin, Bucket(begins=begin)) for begin in reversed(begins)]
        return shown, max(missing) + width if missing else None


def _troubled(catalogue: Catalogue) -> list[Job]:
    found: list[Job] = []
    for status in (JobStatus.FAILED, JobStatus.PARTIAL):
        wanted = JobFilter(statuses=frozenset({status}))
        if len(found) < SHOWN_TROUBLED:
            found += catalogue.jobs(wanted, JobOrder.NEWEST, None, SHOWN_TROUBLED - len(found)).items
    return found


class ServiceStates:
    """The states of services, checked every half minute in a thread, so that no request waits for a slow service."""

    def __init__(self, checks: Mapping[str, Callable[[], object]]) -> None:
        self._checks = checks
        self._states = dict.fromkeys(checks, CHECKING)
        self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def __call__(self) -> dict[str, str]:
        """Name → OK, CHECKING before the first result, or a message about the fault."""
        with self._lock:
            is_old = time.monotonic() - self._asked_at > ASKED_SECONDS
            if is_old:
                self._asked_at = time.monotonic()
        if is_old:
            threading.Thread(target=self._ask, name="service-states", daemon=True).start()
        return dict(self._states)

    def _ask(self) -> None:
        self._states = {name: _state(check) for name, check in self._checks.items()}


def _state(check: Callable[[], object]) -> str:
    try:
        check()
    except FilesureError as error:
        return str(error)
    return OK


def _anew(error: FilesureError) -> FilesureError:
    """Copy the error, because raising the same object repeatedly would grow its shared traceback."""
    new = type(error).__new__(type(error), *error.args)
    vars(new).update(vars(error))
    return new
