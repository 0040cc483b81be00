"""Wakes the local scaler: by a signal, the end of a worker, an order on this machine, or its next poll."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Callable, Iterable
from pathlib import Path

from jobs.adapters.local_scaler import open_pipe


class Alarm:
    """Like SignalEvent, and also wakes when jobs become due on this machine, and for other descriptors."""

    def __init__(self, data_dir: Path, others: Callable[[], Iterable[int]] = tuple) -> None:
        self._set = False
        self._others = others
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        os.set_blocking(self._read, False)
        self._orders = [self._read]
        with contextlib.suppress(OSError):  # the file system has no pipes: orders wait for the next poll
            self._orders.append(open_pipe(data_dir))

    def set(self) -> None:
        """Safe in a signal handler."""
        self._set = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._write, b"\0")

    def wait(self, seconds: float) -> bool:
        """Wait for at most ``seconds``; returns whether it is set."""
        if not self._set:
            others = [descriptor for descriptor in self._others() if descriptor >= 0]
            ready, _, _ = select.select([*self._orders, *others], [], [], seconds)
            for descriptor in ready:
                if descriptor in self._orders:
                    with contextlib.suppress(BlockingIOError):
                        os.read(descriptor, 65536)
        return self._set
