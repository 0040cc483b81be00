"""``manage.py retry_job``: retry a failed, partial or cancelled job."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.management.base import FilesureCommand, who


class Command(FilesureCommand):
    """Retries a job."""

    help = "Make a failed, partial or cancelled job pending again. Only missing documents will be downloaded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job_id", metavar="JOB_ID")
        parser.add_argument("--again", action="store_true", help="retry even if the company has another unfinished job")

    def handle(self, *, job_id: str, again: bool, **_: Any) -> None:
        job = application().service.retry(job_id, Actor(name=who()), again=again)
        self.stdout.write(f"Job {job.id} is pending.")
