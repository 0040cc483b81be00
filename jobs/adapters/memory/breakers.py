"""The breakers of sources, in memory."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

from jobs.domain.sources import Breaker, BreakerRule
from jobs.ports import Clock


class MemoryBreakerRepository:
    """``jobs.ports.BreakerRepository`` over a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._breakers: dict[str, Breaker] = {}
        self._clock = clock
        self._lock = threading.RLock()

    def get(self, source: str) -> Breaker:
        with self._lock:
            return self._breakers.get(source, Breaker(source=source))

    def all(self) -> list[Breaker]:
        with self._lock:
            return sorted(self._breakers.values(), key=lambda breaker: breaker.source)

    def fail(self, source: str, reason: str, rule: BreakerRule) -> tuple[Breaker, bool]:
        with self._lock:
            now, known = self._clock(), self.get(source)
            opens = not known.is_open and known.failures + 1 >= rule.failures
            failed = replace(known, failures=known.failures + 1)
            if opens:
                failed = replace(failed, is_open=True, since=now, probe_at=now + rule.wait(0), reason=reason)
            return self._put(failed), opens

    def succeed(self, source: str) -> None:
        with self._lock:
            if source in self._breakers and not self._breakers[source].is_open:
                self._put(replace(self._breakers[source], failures=0))

    def begin_probe(self, source: str, seconds: float) -> Breaker | None:
        with self._lock:
            known = self.get(source)
            if not known.is_open or known.probe_at is None or known.probe_at > self._clock():
                return None
            return self._put(replace(known, probe_at=self._clock() + timedelta(seconds=seconds)))

    def fail_probe(self, probe: Breaker, reason: str, rule: BreakerRule) -> Breaker:
        with self._lock:
            known = self.get(probe.source)
            if not known.is_open or known.probe_at != probe.probe_at:
                return known
            probes = probe.probes + 1
            return self._put(replace(known, probe_at=self._clock() + rule.wait(probes), probes=probes, reason=reason))

    def close(self, source: str) -> None:
        with self._lock:
            if self.get(source).is_open:
                self._put(Breaker(source=source))

    def _put(self, breaker: Breaker) -> Breaker:
        self._breakers[breaker.source] = breaker
        return breaker
