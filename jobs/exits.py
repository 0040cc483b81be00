"""How our processes end: what an exit code tells whoever started one, and neither deaf nor waiting for threads."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from queue import Empty, SimpleQueue
from typing import NoReturn

from jobs.domain.errors import FilesureError, LeaseLost, WrongUse

EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE, EXIT_LEASE_LOST = 0, 1, 2, 3
EXIT_INTERRUPTED, EXIT_NOBODY_READS = 130, 141  # as shells tell of SIGINT and SIGPIPE


class SignalEvent:
    """What ``threading.Event`` is, but a signal handler may set it.

    An Event's ``set`` takes a lock; a handler that interrupts whoever holds it, in its own thread, waits for ever.
    ``SimpleQueue.put`` is made to be interrupted by itself.
    """

    def __init__(self) -> None:
        self._set = False
        self._wake: SimpleQueue[None] = SimpleQueue()

    def is_set(self) -> bool:
        """Whether it is."""
        return self._set

    def set(self) -> None:
        """Wake whoever waits; from now on nobody does."""
        self._set = True
        self._wake.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait for so long at most; whether it is set. For one thread."""
        if not self._set:
            with contextlib.suppress(Empty):
                self._wake.get(timeout=seconds)
        return self._set


def exit_code(error: FilesureError) -> int:
    """The exit code that tells a script what kind of failure it was."""
    if isinstance(error, WrongUse):
        return EXIT_WRONG_USE
    return EXIT_LEASE_LOST if isinstance(error, LeaseLost) else EXIT_FAILED


def leave(code: int) -> NoReturn:
    """End at once.

    The interpreter would wait for threads of which nothing is needed any more: pymongo's monitors,
    half a second each time, and a download that hangs, for ever.
    """
    logging.shutdown()
    with contextlib.suppress(OSError):  # a reader that went away, as in `manage.py … | head`
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
