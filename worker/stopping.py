"""Why a run should end before its work does."""

from __future__ import annotations

import threading
from enum import IntEnum


class Reason(IntEnum):
    """A higher reason outweighs a lower one: who lost the lease has nothing left to cancel."""

    ASKED = 1
    """SIGTERM or Ctrl-C: finish what is in hand, give the job back."""
    FAILED = 2
    """Something that every document needs is away."""
    TIMED_OUT = 3
    """The run takes longer than RUN_TIMEOUT_SECONDS."""
    CANCELLED = 4
    """Staff cancelled the job."""
    LOST = 5
    """The lease is lost: nothing may be written any more."""


class Stop:
    """The one place where signals, heartbeat and pipeline agree to stop. Thread-safe."""

    def __init__(self) -> None:
        self._reason: Reason | None = None
        # Re-entrant: a signal may arrive while the main thread is in here.
        self._lock = threading.RLock()

    @property
    def reason(self) -> Reason | None:
        """The weightiest reason so far, or None."""
        return self._reason

    def request(self, reason: Reason) -> None:
        """Ask to stop. Idempotent."""
        with self._lock:
            self._reason = reason if self._reason is None else max(self._reason, reason)

    def __bool__(self) -> bool:
        return self._reason is not None
