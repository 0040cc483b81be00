"""Reasons to stop a run before its work is done."""

from __future__ import annotations

import threading
from enum import IntEnum


class Reason(IntEnum):
    """Higher reasons override lower ones: once the lease is lost, cancelling no longer matters."""

    ASKED = 1
    """SIGTERM or Ctrl-C: finish the documents in progress, release the job."""
    PAUSED = 2
    """Staff paused the queue or the source, and asked for running jobs to stop."""
    FAILED = 3
    """Something that every document needs is unavailable."""
    TIMED_OUT = 4
    """The run takes longer than RUN_TIMEOUT_SECONDS."""
    CANCELLED = 5
    """Staff cancelled the job."""
    LOST = 6
    """The lease is lost: nothing may be written any more."""


class Stop:
    """A stop request shared by signal handlers, heartbeat and pipeline. Thread-safe."""

    def __init__(self) -> None:
        self._reason: Reason | None = None
        # Re-entrant, because a signal may arrive while the main thread holds the lock.
        self._lock = threading.RLock()

    @property
    def reason(self) -> Reason | None:
        """The highest reason requested so far, or None."""
        return self._reason

    def request(self, reason: Reason) -> None:
        """Ask to stop. Idempotent."""
        with self._lock:
            self._reason = reason if self._reason is None else max(self._reason, reason)

    def __bool__(self) -> bool:
        return self._reason is not None
