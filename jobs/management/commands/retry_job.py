"""``manage.py retry_job``: have a failed or cancelled job fetch what it lacks."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.management.base import FilesureCommand, who


class Command(FilesureCommand):
    """Retries a job."""

    help = "Make a failed or cancelled job pending again; only what it lacks is fetched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("job_id", metavar="JOB_ID")

    def handle(self, *, job_id: str, **_: Any) -> None:
        """Retry it."""
        job = application().service.retry(job_id, Actor(name=who()))
        self.stdout.write(f"Job {job.id} is pending.")
