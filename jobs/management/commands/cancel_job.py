"""``manage.py cancel_job``: end a job."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.domain.job import JobStatus
from jobs.management.base import FilesureCommand, who


class Command(FilesureCommand):
    """Cancels a job."""

    help = "Cancel a job: at once if nobody works on it, else at its worker's next heartbeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("job_id", metavar="JOB_ID")

    def handle(self, *, job_id: str, **_: Any) -> None:
        """Cancel it."""
        job = application().service.cancel(job_id, Actor(name=who()))
        done = job.status is JobStatus.CANCELLED
        self.stdout.write(f"Job {job.id} is cancelled." if done else f"{job.locked_by} is asked to stop job {job.id}.")
