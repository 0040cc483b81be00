"""``manage.py pause``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.management.base import FilesureCommand, who


class Command(FilesureCommand):
    """Pauses the queue."""

    help = (
        "Pause the queue: until the end of the pause, or resume, no job starts. Jobs can still be ordered; they wait."
        " A second pause replaces the first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--minutes", required=True, metavar="N", help="how long, 1 to 43,200 (30 days)")
        parser.add_argument("--reason", required=True, help="why; every page shows it")
        parser.add_argument("--source", help="pause only workers of this source")
        parser.add_argument("--stop", action="store_true", help="active runs stop at their next document")

    def handle(self, *, minutes: str, reason: str, source: str | None, stop: bool, **_: Any) -> None:
        made = application().pausing.pause(
            minutes=minutes, reason=reason, actor=Actor(name=who()), source=source, stop_runs=stop
        )
        self.stdout.write(str(made))
