"""Replaces KEDA's ScaledJob on one machine: counts due jobs, starts workers and reaps them."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobs.domain.errors import DatabaseUnavailable
from worker import scratch
from worker.workers import Worker, start_worker

if TYPE_CHECKING:
    from jobs.ports import JobRepository

logger = logging.getLogger(__name__)

_BUSY_SECONDS = 0.25
_WATCH_SECONDS = 60.0


@dataclass(kw_only=True)
class Scaler:
    """Runs at most ``max_workers`` workers at a time for due jobs.

    A worker exits after one run, or at once if no job is left to claim, so a surplus worker is harmless. Therefore
    workers that were started earlier but have not claimed yet are not subtracted from the due jobs.
    """

    jobs: Callable[[], JobRepository]
    max_workers: int
    poll_seconds: float
    start: Callable[[int], Worker] = start_worker
    #: Called about once a minute, to order what is to be checked again.
    place_watches: Callable[[], object] = lambda: None
    workers: dict[int, Worker] = field(default_factory=dict)  # by place, from 0
    _away: bool = False
    _ended: bool = False
    _watched_at: float = float("-inf")

    def run(self, should_stop: Callable[[float], bool], *, until_idle: bool = False) -> None:
        """Poll until ``should_stop``, which also waits, returns True, or until idle with ``until_idle``."""
        while True:
            idle = self.poll()
            # A run that ended may be due again a moment later by this machine's estimate of MongoDB's clock.
            seconds = min(self.poll_seconds, _BUSY_SECONDS) if self.workers or self._ended else self.poll_seconds
            if (until_idle and idle) or should_stop(seconds):
                return

    def poll(self) -> bool:
        """Reap, count and start workers. Returns True if no worker runs and no job is unfinished."""
        self._reap()
        try:
            self._watch()
            room = self.max_workers - len(self.workers)
            due = self.jobs().count_due(room) if room else 0
            idle = not self.workers and not due and not self.jobs().has_unfinished()
        except DatabaseUnavailable as error:
            if not self._away:
                logger.warning("scaler.waiting", extra={"reason": str(error)})
            self._away = True
            return False
        self._away = False
        self._start(due)
        return idle

    def _watch(self) -> None:
        now = time.monotonic()
        if now - self._watched_at >= _WATCH_SECONDS:
            self._watched_at = now
            self.place_watches()

    def _start(self, count: int) -> None:
        free = [place for place in range(self.max_workers) if place not in self.workers]
        for place in free[:count]:
            self.workers[place] = self.start(place)
        if count:
            logger.info("scaler.started", extra={"started": count, "workers": len(self.workers)})

    def _reap(self) -> None:
        ended = [each for each in self.workers.items() if each[1].poll() is not None]
        self._ended = bool(ended)
        for place, worker in ended:
            del self.workers[place]
            if worker.returncode:
                logger.warning("worker.exited", extra={"pid": worker.pid, "code": worker.returncode})
                scratch.sweep(worker.pid)
            if not self.workers:
                logger.info("scaler.idle")

    def stop(self, seconds: float) -> None:
        """Ask all workers to release their jobs, and wait; kill those that do not exit in time.

        Killing a worker loses nothing: its lease expires, and another worker takes the job over.
        """
        for worker in self.workers.values():
            worker.terminate()
        deadline = time.monotonic() + seconds
        for worker in self.workers.values():
            try:
                worker.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.warning("worker.killed", extra={"pid": worker.pid})
                worker.kill()
                worker.wait()
                scratch.sweep(worker.pid)
        self.workers.clear()
