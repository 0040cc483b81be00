"""The shared state of sources: the use of their hosts, and the breaker that holds jobs while a source is down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class HostLimits:
    """Limits that all workers together keep to for one host."""

    #: Requests that start per second; below 1 for less than one per second.
    per_second: float
    #: Requests in progress at the same time.
    concurrency: int

    @property
    def interval(self) -> timedelta:
        """The time between two starts, in whole milliseconds."""
        return timedelta(milliseconds=max(1, round(1000 / self.per_second)))


@dataclass(frozen=True, kw_only=True)
class HostUse:
    """A host's limits and their use at one moment."""

    host: str
    limits: HostLimits
    #: Requests that hold a permit, and requests that wait for one.
    in_use: int
    waiting: int
    #: Requests started so far.
    started: int
    #: The earliest start of the next request.
    next_at: datetime


@dataclass(frozen=True, kw_only=True)
class BreakerRule:
    """When a breaker opens, and when an open one is probed."""

    #: Consecutive failures that open it.
    failures: int = 3
    #: The wait before the first probe; doubles with each failed one, up to ``longest``.
    first: timedelta
    longest: timedelta

    def wait(self, probes: int) -> timedelta:
        """The wait after ``probes`` failed probes."""
        return min(self.longest, self.first * (1 << min(probes, 20)))


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """A source's breaker. While it is open, the source's jobs are held; a probe that succeeds closes it."""

    source: str
    #: Failures since the last success.
    failures: int = 0
    is_open: bool = False
    #: When it opened; None while it is closed, as ``probe_at`` and ``reason``.
    since: datetime | None = None
    #: When the next probe is due, or, during a probe, when it counts as dead.
    probe_at: datetime | None = None
    #: Failed probes since it opened.
    probes: int = 0
    reason: str | None = None
