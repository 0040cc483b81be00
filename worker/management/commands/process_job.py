"""``manage.py process_job``: runs one job once. Worker pods execute this; ``manage.py`` starts them without Django."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from jobs.management.base import FilesureCommand
from worker.processing import add_arguments, process


class Command(FilesureCommand):
    """Runs one job once."""

    help = (
        "Process one job for one run: download the next share of its documents, store them, and release"
        " or end the job. The job's id comes from the argument, else from the environment variable JOB_ID,"
        " else from the file that JOB_FILE names; an absent or empty file means that there is nothing to do."
    )
    epilog = (
        "Exit codes: 0 the run is done, or there is nothing to do; 1 the run failed, and that is recorded with"
        " the job (or only in the log, if MongoDB is unreachable); 2 wrong use: no such job, a job in the wrong"
        " state, an invalid setting; 3 the lease was lost, another worker has the job."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *, job_id: str | None, claim: bool, no_progress: bool, **_: Any) -> None:
        sys.exit(process(job_id, claim=claim, quiet=no_progress))
