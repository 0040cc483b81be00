#!/usr/bin/env python
"""Filesure's command line."""

from __future__ import annotations

import os
import sys

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


if __name__ == "__main__":
    main()
