#!/usr/bin/env python
"""Filesure's command line."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import NoReturn

WORKER_COMMANDS = frozenset({"process_job", "run_scaler"})


def main() -> None:
    """Run a command, the worker's with the settings that load only what a worker needs."""
    light = len(sys.argv) > 1 and sys.argv[1] in WORKER_COMMANDS
    settings = "filesure_site.worker_settings" if light else "filesure_site.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    from django.core.management import execute_from_command_line

    from jobs.domain.errors import ConfigurationError

    try:
        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


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


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
    leave(0)
