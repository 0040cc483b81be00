#!/usr/bin/env python
"""Filesure's command line."""

from __future__ import annotations

import os
import sys

from jobs.exits import EXIT_WRONG_USE, leave

WORKER_COMMANDS = frozenset({"process_job", "run_scaler", "migrate_documents", "prune", "sweep", "keep_backup"})


def main() -> None:
    """Run a command; those of pods without the site's key with settings that load only what a worker needs."""
    if sys.argv[1:2] == ["process_job"]:
        from worker import processing

        if processing.is_plain(sys.argv[2:]):
            sys.exit(processing.main(sys.argv[2:]))
    light = len(sys.argv) > 1 and sys.argv[1] in WORKER_COMMANDS
    settings = "filesure_site.worker_settings" if light else "filesure_site.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    from django.core.management import execute_from_command_line

    from jobs.domain.errors import ConfigurationError

    try:
        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_WRONG_USE)


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
    leave(0)
