"""``manage.py resume``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.management.base import FilesureCommand, who


class Command(FilesureCommand):
    """Ends a pause, or a hold."""

    help = "End the pause of the queue, or of its source; or the hold of a source that was down."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--source", help="end the pause of this source instead")
        which.add_argument(
            "--held",
            action="store_true",
            help="release the jobs that wait because the source was down, without a probe",
        )

    def handle(self, *, source: str | None, held: bool, **_: Any) -> None:
        if held:
            breaker = application().pausing.release(Actor(name=who()))
            self.stdout.write(f"The source {breaker.source} is no longer on hold. Its jobs are due.")
            return
        ended = application().pausing.resume(source, Actor(name=who()))
        self.stdout.write(f"{ended.subject} works again.")
