"""What KEDA's ScaledJob does in a cluster, on one machine: count due jobs, start workers, reap them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from filesure_site.configuration import BASE_DIR, current
from jobs.domain.errors import DatabaseUnavailable
from jobs.ports import JobRepository
from worker import scratch

logger = logging.getLogger(__name__)

Worker = subprocess.Popen[bytes]

COMMAND = [sys.executable, str(BASE_DIR / "manage.py"), "process_job", "--claim", "--no-progress"]


def start_worker(place: int) -> Worker:
    """A worker process. In a session of its own: Ctrl-C reaches it through the scaler only, and once.

    Its metrics are shown on this machine only, at METRICS_PORT plus its place among the workers.
    """
    port = current().metrics_port
    shown = {"METRICS_HOST": "127.0.0.1", "METRICS_PORT": str(port + place if port else 0)}
    environment = {**os.environ, **shown}
    return subprocess.Popen(COMMAND, stdin=subprocess.DEVNULL, start_new_session=True, env=environment)


@dataclass(kw_only=True)
class Scaler:
    """Starts at most ``max_workers`` workers at a time, for jobs that are due.

    A worker exits after one run, and at once where another was quicker, so one too many does no
    harm: what was started a poll ago and has not claimed yet is not discounted.
    """

    jobs: Callable[[], JobRepository]
    max_workers: int
    poll_seconds: float
    start: Callable[[int], Worker] = start_worker
    workers: dict[int, Worker] = field(default_factory=dict)  # by their places, from 0
    _away: bool = False

    def run(self, should_stop: Callable[[float], bool], *, until_idle: bool = False) -> None:
        """Poll until told to stop, or until nothing is left to do. ``should_stop`` waits meanwhile."""
        while True:
            idle = self.poll()
            if (until_idle and idle) or should_stop(self.poll_seconds):
                return

    def poll(self) -> bool:
        """Reap, count, start. True if no worker runs and no job is unfinished."""
        self._reap()
        try:
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

    def _start(self, count: int) -> None:
        free = [place for place in range(self.max_workers) if place not in self.workers]
        for place in free[:count]:
            self.workers[place] = self.start(place)
        if count:
            logger.info("scaler.started", extra={"started": count, "workers": len(self.workers)})

    def _reap(self) -> None:
        for place, worker in [each for each in self.workers.items() if each[1].poll() is not None]:
            del self.workers[place]
            if worker.returncode:
                logger.warning("worker.exited", extra={"pid": worker.pid, "code": worker.returncode})
                scratch.sweep(worker.pid)
            if not self.workers:
                logger.info("scaler.idle")

    def stop(self, seconds: float) -> None:
        """Ask all workers to give their jobs back, and wait; who does not answer in time is killed.

        A killed worker loses nothing: its lease runs out and another takes the job over.
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
