"""Permits for requests to hosts, in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from jobs.domain.sources import HostLimits, HostUse
from jobs.ports import Clock


@dataclass(kw_only=True)
class _Host:
    limits: HostLimits = HostLimits(per_second=1.0, concurrency=1)
    places: dict[str, datetime] = field(default_factory=dict)
    next_at: datetime = datetime.min.replace(tzinfo=UTC)
    started: int = 0


class MemoryHostRepository:
    """``jobs.ports.HostRepository`` over a dictionary, whose order is the line's."""

    def __init__(self, clock: Clock) -> None:
        self._hosts: dict[str, _Host] = {}
        self._clock = clock
        self._lock = threading.RLock()

    def join(self, host: str, limits: HostLimits, place: str, lease_seconds: float) -> int:
        with self._lock:
            known = self._host(host)
            known.limits = limits
            known.places[place] = self._clock() + timedelta(seconds=lease_seconds)
            return self._before(known, place)

    def renew(self, host: str, place: str, lease_seconds: float) -> int | None:
        with self._lock:
            known = self._host(host)
            if place not in known.places:
                return None
            known.places[place] = self._clock() + timedelta(seconds=lease_seconds)
            return self._before(known, place)

    def _before(self, host: _Host, place: str) -> int:
        names = list(host.places)
        before = names[: names.index(place)]
        if any(host.places[name] <= self._clock() for name in before):
            host.places = {name: until for name, until in host.places.items() if until > self._clock()}
        return list(host.places).index(place)

    def leave(self, host: str, place: str) -> None:
        with self._lock:
            self._host(host).places.pop(place, None)

    def book(self, host: str, limits: HostLimits) -> datetime:
        with self._lock:
            known = self._host(host)
            start = max(known.next_at, self._clock())
            known.next_at = start + limits.interval
            known.started += 1
            return start

    def pause(self, host: str, until: datetime) -> None:
        with self._lock:
            known = self._host(host)
            known.next_at = max(known.next_at, until)

    def in_use(self) -> list[HostUse]:
        with self._lock:
            return [self._use(host, known) for host, known in sorted(self._hosts.items())]

    def _use(self, host: str, known: _Host) -> HostUse:
        alive = sum(until > self._clock() for until in known.places.values())
        in_use = min(alive, known.limits.concurrency)
        return HostUse(
            host=host,
            limits=known.limits,
            in_use=in_use,
            waiting=alive - in_use,
            started=known.started,
            next_at=known.next_at,
        )

    def _host(self, host: str) -> _Host:
        return self._hosts.setdefault(host, _Host())
