"""``manage.py run_scaler``: starts workers for due jobs on this machine."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from typing import Any

from jobs.bootstrap import application
from jobs.exits import on_stop
from jobs.management.base import FilesureCommand
from worker.extractors.confinement import hide_memory
from worker.scaler import Scaler
from worker.waking import Alarm
from worker.workers import Fork

logger = logging.getLogger(__name__)


def _place_watches() -> None:
    application().watching.step()


class Command(FilesureCommand):
    """Scales workers on one machine."""

    help = (
        "Scale workers on one machine, as KEDA does in a cluster: count due jobs every POLL_SECONDS and start"
        " process_job processes for them, at most MAX_WORKERS. If no job is due, no worker runs."
        " Once a minute, order the rechecks of watched companies that are due, as place_watches does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--until-idle", action="store_true", help="exit when no job is unfinished")

    def handle(self, *, until_idle: bool, **_: Any) -> None:
        """Poll until SIGTERM or Ctrl-C."""
        hide_memory()  # the processes that read files have the same user
        app, fork = application(), Fork()
        config = app.configuration
        stopped = Alarm(config.data_dir, lambda: [fork.fileno()])
        on_stop(stopped.set)
        fork.prepare()
        scaler = Scaler(
            jobs=lambda: app.jobs,
            max_workers=config.max_workers,
            poll_seconds=config.poll_seconds,
            start=fork.start,
            place_watches=_place_watches,
        )
        logger.info("scaler.watching", extra={"poll_seconds": config.poll_seconds, "max_workers": config.max_workers})
        try:
            scaler.run(stopped.wait, until_idle=until_idle)
        finally:
            scaler.stop(config.stop_seconds + 5)
            fork.close()
