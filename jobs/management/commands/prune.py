"""``manage.py prune``: delete old jobs."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.exits import EXIT_WRONG_USE
from jobs.management.base import FilesureCommand, who

BATCH = 100


class Command(FilesureCommand):
    """Deletes jobs that ended long ago."""

    help = (
        "Delete jobs that ended more than DAYS days ago, with their documents and runs, and with the files that no"
        " other order needs; the audit log is kept."
        " If interrupted, run it again to continue. Without --yes it only counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than-days", type=int, required=True, metavar="DAYS")
        parser.add_argument("--yes", action="store_true", help="really delete")

    def handle(self, *, older_than_days: int, yes: bool, **_: Any) -> None:
        if older_than_days < 1:
            raise CommandError("--older-than-days must be 1 or more.", returncode=EXIT_WRONG_USE)
        app = application()
        before = app.clock() - timedelta(days=older_than_days)
        if not yes:
            found = len(app.jobs.ended_before(before, BATCH))
            shown = f"{BATCH} or more" if found == BATCH else str(found)
            when = f"{before:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"Jobs that ended before {when}: {shown}. Nothing is deleted without --yes.")
            return
        deleted = 0
        while number := app.service.prune(before, Actor(name=who()), BATCH):
            deleted += number
        app.sweep.sweep()
        self.stdout.write(f"{deleted} {'job' if deleted == 1 else 'jobs'} deleted.")
