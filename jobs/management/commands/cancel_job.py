"""``manage.py cancel_job``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.domain.job import JobStatus
from jobs.management.base import FilesureCommand, who


class Command(FilesureCommand):
    """Cancels a job."""

    help = "Cancel a job: at once if no worker holds it, otherwise at its worker's next heartbeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job_id", metavar="JOB_ID")

    def handle(self, *, job_id: str, **_: Any) -> None:
        job = application().service.cancel(job_id, Actor(name=who()))
        done = job.status is JobStatus.CANCELLED
        self.stdout.write(f"Job {job.id} is cancelled." if done else f"Asked {job.locked_by} to stop job {job.id}.")
