"""``manage.py place_watches``: order the rechecks of watched companies that are due."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from jobs.bootstrap import application
from jobs.domain.errors import DatabaseUnavailable
from jobs.exits import EXIT_WRONG_USE, SignalEvent, on_stop
from jobs.management.base import FilesureCommand

logger = logging.getLogger(__name__)


class Command(FilesureCommand):
    """Orders rechecks."""

    help = (
        "Order the rechecks of watched companies that are due, and record what those that have ended found."
        " Several can run at once; if interrupted, the next one continues."
        " However long none ran, each watch orders once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="repeat until SIGTERM or Ctrl-C")

    def handle(self, *, every: float | None, **_: Any) -> None:
        if every is None:
            done = application().watching.step()
            self.stdout.write(f"{done.ordered} rechecks ordered, {done.settled} results recorded.")
            return
        if every < 1:
            raise CommandError("--every must be 1 or more.", returncode=EXIT_WRONG_USE)
        stopped = SignalEvent()
        on_stop(stopped.set)
        while True:
            try:
                application().watching.step()
            except DatabaseUnavailable as error:
                logger.warning("watches.waiting", extra={"reason": str(error)})
            if stopped.wait(every):
                return
