"""The heartbeat: keeps the lease while the worker lives, and hears what staff want."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from types import TracebackType

from jobs.domain.errors import FilesureError, LeaseLost
from jobs.domain.job import Lease
from jobs.domain.metrics import Instruments
from jobs.ports import JobRepository
from worker.stopping import Reason, Stop

logger = logging.getLogger(__name__)

BEATS_PER_LEASE = 3


class Heartbeat:
    """Renews a lease from a thread of its own, for the length of a ``with`` block.

    If MongoDB stays away until the lease has run out by our own count, another worker may hold
    the job by then: the lease counts as lost, although nobody said so.
    """

    def __init__(
        self, jobs: JobRepository, lease: Lease, lease_seconds: float, stop: Stop, instruments: Instruments,
        on_beat: Callable[[], object] | None,
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self._lease = lease
        self._seconds = lease_seconds
        self._stop = stop
        self._instruments = instruments
        self._on_beat = on_beat
        self._ended = threading.Event()
        self._expires = time.monotonic() + lease_seconds
        self._thread = threading.Thread(target=copy_context().run, args=[self._beat], name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ended.set()
        # A beat that hangs in the network is no reason to hang with it: the thread is a daemon.
        self._thread.join(1)

    def _beat(self) -> None:
        while not self._ended.wait(self._seconds / BEATS_PER_LEASE):
            self._instruments.count("lease_renewals_total", outcome=self._renew())
            if self._on_beat:
                self._on_beat()
            if self._stop.reason is Reason.LOST:
                return

    def _renew(self) -> str:
        """Whether the lease is renewed: ``ok``, ``missed`` (nobody answered) or ``lost``."""
        asked_at = time.monotonic()
        try:
            job = self._jobs.renew(self._lease, self._seconds)
        except LeaseLost:
            self._stop.request(Reason.LOST)
            return "lost"
        except FilesureError as error:
            logger.warning("heartbeat.missed", extra={"reason": str(error)})
            if time.monotonic() >= self._expires:
                self._stop.request(Reason.LOST)
            return "missed"
        self._expires = asked_at + self._seconds
        if job.cancel_requested_at:
            self._stop.request(Reason.CANCELLED)
        return "ok"
