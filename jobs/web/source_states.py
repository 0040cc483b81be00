"""The dashboard's view of sources: open breakers, and the use of portals' hosts."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from jobs.domain.sources import Breaker, HostLimits, HostUse
from jobs.ports import BreakerRepository, HostRepository

_WINDOW_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class HostState:
    """The use of one host, as shown. ``per_second``: starts per second in the last minute; None if not yet known."""

    host: str
    limits: HostLimits
    in_use: int
    waiting: int
    per_second: float | None


@dataclass(frozen=True, kw_only=True)
class SourceStates:
    """All sources. ``on_hold`` contains the open breakers."""

    on_hold: tuple[Breaker, ...] = ()
    hosts: tuple[HostState, ...] = ()


class SourceWatch:
    """Reads the states of sources, and derives rates from earlier readings of this process. Thread-safe.

    The readings are about as old as the window, and at most one per second, since snapshots are cached.
    """

    def __init__(
        self,
        breakers: Callable[[], BreakerRepository],
        hosts: Callable[[], HostRepository],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._breakers, self._hosts, self._now = breakers, hosts, now
        self._earlier: dict[str, deque[tuple[float, int]]] = {}
        self._lock = threading.Lock()

    def __call__(self) -> SourceStates:
        """Raises DatabaseUnavailable, DatabaseRefused."""
        on_hold = tuple(each for each in self._breakers().all() if each.is_open)
        return SourceStates(on_hold=on_hold, hosts=tuple(self._state(use) for use in self._hosts().in_use()))

    def _state(self, use: HostUse) -> HostState:
        return HostState(
            host=use.host,
            limits=use.limits,
            in_use=use.in_use,
            waiting=use.waiting,
            per_second=self._rate(use.host, use.started),
        )

    def _rate(self, host: str, started: int) -> float | None:
        with self._lock:
            return self._rate_since(self._now(), self._earlier.setdefault(host, deque()), started)

    def _rate_since(self, now: float, readings: deque[tuple[float, int]], started: int) -> float | None:
        while len(readings) > 1 and readings[1][0] <= now - _WINDOW_SECONDS:
            readings.popleft()
        readings.append((now, started))
        then, before = readings[0]
        return round((started - before) / (now - then), 1) if now - then >= 1 and started >= before else None
