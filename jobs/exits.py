"""How our processes end: what an exit code tells whoever started one, and no waiting for threads."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import NoReturn

from jobs.domain.errors import FilesureError, LeaseLost, WrongUse

EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE, EXIT_LEASE_LOST = 0, 1, 2, 3
EXIT_INTERRUPTED, EXIT_NOBODY_READS = 130, 141  # as shells tell of SIGINT and SIGPIPE


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
