"""Tracks whether this worker may still write for its job."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from jobs.domain.errors import FilesureError, LeaseLost
from worker.stopping import Reason, Stop

if TYPE_CHECKING:
    from jobs.domain.job import Lease
    from jobs.ports import JobRepository

logger = logging.getLogger(__name__)

# Linux's monotonic clock stops while the machine is suspended, but the lease keeps running.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> float:
    """Seconds on the clock that holds use."""
    return time.clock_gettime(_CLOCK)


class Hold:
    """A worker's hold on its job, from the claim to the end of the run, while the lease is renewed. Thread-safe.

    If MongoDB is unreachable until the lease has expired by our own clock, another worker may hold the job, so the
    lease counts as lost.
    """

    def __init__(self, jobs: JobRepository, lease: Lease, lease_seconds: float, stop: Stop, left: float) -> None:
        """``left``: the remaining seconds of the lease."""
        self.lease = lease
        self._jobs = jobs
        self._seconds = lease_seconds
        self._stop = stop
        self._ended = False
        self._expires = now() + left

    def renew(self) -> str:
        """Extend the lease and pick up a cancel request. Returns ``ok``, ``missed`` (no answer) or ``lost``."""
        asked_at = now()
        try:
            job = self._jobs.renew(self.lease, self._seconds)
        except LeaseLost:
            self._stop.request(Reason.LOST)
            return "lost"
        except FilesureError as error:
            logger.warning("heartbeat.missed", extra={"reason": str(error)})
            if self._expired():
                self._stop.request(Reason.LOST)
            return "missed"
        self._expires = asked_at + self._seconds
        if job.cancel_requested_at:
            self._stop.request(Reason.CANCELLED)
        return "ok"

    def end(self) -> None:
        """End the hold, so that threads which outlive the run change nothing."""
        self._ended = True

    def check(self) -> None:
        """Call before each effect. Raises LeaseLost.

        A worker that was frozen until its lease expired notices this by the clock and renews before it writes.
        """
        if not self._ended and self._expired():
            self.renew()
        if self._ended or self._stop.reason is Reason.LOST:
            raise LeaseLost(self.lease.job_id, self.lease.fence)

    def _expired(self) -> bool:
        return now() >= self._expires
