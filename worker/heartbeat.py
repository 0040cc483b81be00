"""The heartbeat: keeps the lease while the worker lives, and notices a cancel request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.telemetry.metrics import Instruments
    from worker.hold import Hold

BEATS_PER_LEASE = 3


class Heartbeat:
    """Renews a hold from a separate thread during a ``with`` block."""

    def __init__(
        self,
        hold: Hold,
        lease_seconds: float,
        instruments: Instruments,
        on_beat: Callable[[], object] = lambda: None,
    ) -> None:
        """``on_beat`` is called after each renewal."""
        self._hold = hold
        self._seconds = lease_seconds / BEATS_PER_LEASE
        self._instruments = instruments
        self._on_beat = on_beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=copy_context().run, args=[self._beat], name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ended.set()
        # Do not wait for a renewal that hangs in the network: the thread is a daemon.
        self._thread.join(1)

    def _beat(self) -> None:
        outcome = ""
        while outcome != "lost" and not self._ended.wait(self._seconds):
            outcome = self._hold.renew()
            self._instruments.count("filesure_lease_renewals_total", outcome=outcome)
            if outcome == "ok":
                self._on_beat()
