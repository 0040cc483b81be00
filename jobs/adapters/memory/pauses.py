"""Pauses in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

from jobs.domain.pausing import Pause, current
from jobs.ports import Clock


class MemoryPauseRepository:
    """``jobs.ports.PauseRepository`` over a dictionary, for workers of one source."""

    def __init__(self, clock: Clock, source: str = "") -> None:
        self._pauses: dict[str | None, Pause] = {}
        self._clock, self._source = clock, source
        self._lock = threading.RLock()

    def put(self, pause: Pause) -> None:
        with self._lock:
            self._pauses[pause.source] = pause

    def end(self, source: str | None) -> Pause | None:
        with self._lock:
            now, pause = self._clock(), self._pauses.get(source)
            if pause is None or not pause.is_current(now):
                return None
            self._pauses[source] = replace(pause, until=now)
            return pause

    def current(self) -> list[Pause]:
        return current(self.latest(), self._clock())

    def latest(self) -> list[Pause]:
        with self._lock:
            return [pause for source, pause in self._pauses.items() if source in (None, self._source)]
