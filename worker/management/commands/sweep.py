"""``manage.py sweep``: removes data that belongs to no job."""

from __future__ import annotations

from typing import Any

from jobs.bootstrap import application
from jobs.management.base import FilesureCommand
from worker import scratch


class Command(FilesureCommand):
    """Removes orphaned data."""

    help = (
        "Remove expired exports, and what interrupted workers and deletions left: blobs that no document names,"
        " documents and runs without a job, temporary files of dead workers. Safe while workers run; if interrupted,"
        " run it again to continue."
    )

    def handle(self, **_: Any) -> None:
        swept = application().sweep.sweep()
        files = scratch.sweep_dead()
        self.stdout.write(
            f"{swept.deletions} deletions finished, {swept.exports} expired exports, rows of {swept.rows} missing jobs,"
            f" {swept.blobs} blobs and {files} temporary files removed."
        )
