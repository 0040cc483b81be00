"""``manage.py run_scaler``: starts workers for due jobs, on this machine."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from typing import Any

from jobs.bootstrap import application
from jobs.exits import SignalEvent
from jobs.management.base import FilesureCommand
from worker.scaler import Scaler
from worker.signals import on_stop

logger = logging.getLogger(__name__)


class Command(FilesureCommand):
    """Scales workers on one machine."""

    help = (
        "Do on one machine what KEDA's ScaledJob does in a cluster: count due jobs every POLL_SECONDS and start"
        " process_job processes for them, at most MAX_WORKERS. With nothing due, no worker runs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("--until-idle", action="store_true", help="exit when no job is unfinished")

    def handle(self, *, until_idle: bool, **_: Any) -> None:
        """Poll until SIGTERM or Ctrl-C."""
        app, stopped = application(), SignalEvent()
        config = app.configuration
        on_stop(stopped.set)
        scaler = Scaler(
            jobs=lambda: app.jobs, max_workers=config.max_workers, poll_seconds=config.poll_seconds
        )  # fmt: skip
        logger.info("scaler.watching", extra={"poll_seconds": config.poll_seconds, "max_workers": config.max_workers})
        try:
            scaler.run(stopped.wait, until_idle=until_idle)
        finally:
            scaler.stop(config.stop_seconds + 5)
