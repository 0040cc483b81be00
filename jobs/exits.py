"""Exit codes, a signal-safe event, and a fast exit."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from types import FrameType
from typing import NoReturn

from jobs.domain.errors import FilesureError, LeaseLost, WrongUse

EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE, EXIT_LEASE_LOST = 0, 1, 2, 3
EXIT_INTERRUPTED, EXIT_BROKEN_PIPE = 130, 141  # as shells report SIGINT and SIGPIPE


class SignalEvent:
    """Like ``threading.Event``, but safe to set from a signal handler.

    An Event's ``set`` takes a lock. A handler that interrupts the lock's holder in the same thread waits forever.
    ``SimpleQueue.put`` is reentrant.
    """

    def __init__(self) -> None:
        self._set = False
        self._wake: SimpleQueue[None] = SimpleQueue()

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        """Wake the waiting thread; later waits return at once."""
        self._set = True
        self._wake.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait for at most ``seconds``; returns whether it is set. For one thread."""
        if not self._set:
            with contextlib.suppress(Empty):
                self._wake.get(timeout=seconds)
        return self._set


def on_stop(ask: Callable[[], None], give_up_seconds: float | None = None) -> None:
    """Call ``ask`` at the first signal, and exit if the process still runs ``give_up_seconds`` later.

    The latter ends a process that hangs on a silent server: its lease expires. A second signal exits at once.
    """
    asked = False

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(EXIT_INTERRUPTED)
        asked = True
        ask()
        if give_up_seconds is not None:
            timer = threading.Timer(give_up_seconds, os._exit, [EXIT_FAILED])
            timer.daemon = True
            timer.start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)


@contextlib.contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Within the block, SIGTERM raises KeyboardInterrupt, as Ctrl-C does. For the main thread."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_code(error: FilesureError) -> int:
    """The exit code for this kind of error."""
    if isinstance(error, WrongUse):
        return EXIT_WRONG_USE
    return EXIT_LEASE_LOST if isinstance(error, LeaseLost) else EXIT_FAILED


def leave(code: int) -> NoReturn:
    """Exit at once.

    The interpreter would wait for threads that no longer matter: half a second for pymongo's monitors,
    and forever for a hanging download.
    """
    logging.shutdown()
    with contextlib.suppress(OSError):  # the reader closed the pipe
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
