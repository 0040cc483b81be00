"""``manage.py process_job``: runs one job once. Worker pods execute this."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError

from jobs.bootstrap import Application, application
from jobs.configuration.table import Configuration
from jobs.domain.job import Job, RunOutcome
from jobs.exits import EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE, on_stop
from jobs.management.base import FilesureCommand
from jobs.telemetry.metrics import Unmeasured, timed
from jobs.telemetry.tracing import span, traceparent
from worker.bootstrap import pipeline, worker_name
from worker.metrics import measured
from worker.progress import OnProgress, ignored
from worker.sources.building import check_settings
from worker.stopping import Reason, Stop

logger = logging.getLogger(__name__)


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
        parser.add_argument("job_id", nargs="?", metavar="JOB_ID", help="the job to process")
        parser.add_argument("--claim", action="store_true", help="take the next due job instead")
        parser.add_argument("--no-progress", action="store_true", help="show no progress bar on a terminal")

    def handle(self, *, job_id: str | None, claim: bool, no_progress: bool, **_: Any) -> None:
        app, stop = application(), Stop()
        config = app.configuration
        check_settings(config)
        # 4 s more than documents get: enough to release the job, and within Kubernetes' grace period.
        on_stop(lambda: stop.request(Reason.ASKED), give_up_seconds=config.stop_seconds + 4)
        with measured(app, stop):
            code = self._process(app, stop, job_id, claim=claim, quiet=no_progress)
        sys.exit(code)

    def _process(self, app: Application, stop: Stop, job_id: str | None, *, claim: bool, quiet: bool) -> int:
        began = time.time_ns()
        with timed(app.instruments or Unmeasured(), "filesure_claim_duration_seconds"):
            job = self._acquire(app, job_id, claim=claim)
        if job is None:
            logger.info("worker.idle")
            return EXIT_DONE
        with span("claim", job.log_context(), parent=job.trace_context, began=began):
            logger.info("job.claimed")
            claimed = traceparent()
        with span("run", job.log_context(), parent=claimed):
            return self._run(app, job, stop, show=sys.stderr.isatty() and not quiet)

    def _acquire(self, app: Application, given: str | None, *, claim: bool) -> Job | None:
        config = app.configuration
        worker = worker_name(config)
        if claim and given:
            raise CommandError("Give a JOB_ID or --claim, not both.", returncode=EXIT_WRONG_USE)
        if claim:
            return app.jobs.claim_next(worker, config.lease_seconds)
        job_id = given or config.job_id or _read_job_file(config)
        return app.jobs.claim(job_id, worker, config.lease_seconds) if job_id else None

    def _run(self, app: Application, job: Job, stop: Stop, *, show: bool) -> int:
        with _progress_bar(job, show=show) as bar, contextlib.closing(pipeline(app, stop, bar)) as run:
            outcome = run.run(job)
        return EXIT_FAILED if outcome is RunOutcome.FAILED else EXIT_DONE


def _read_job_file(config: Configuration) -> str | None:
    """The id in JOB_FILE, bare or as ``JOB_ID='…'``; None if the file is absent or empty."""
    if config.job_file is None:
        message = "Give a JOB_ID, or --claim to take the next due job, for example: manage.py process_job --claim"
        raise CommandError(message, returncode=EXIT_WRONG_USE)
    try:
        text = config.job_file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"JOB_FILE={config.job_file} cannot be read: {error}", returncode=EXIT_WRONG_USE) from error
    return text.removeprefix("JOB_ID=").strip("'\"") or None


@contextlib.contextmanager
def _progress_bar(job: Job, *, show: bool) -> Iterator[OnProgress]:
    """A progress bar for all documents of the job, below the log lines."""
    if not show:
        yield ignored
        return
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    with logging_redirect_tqdm(), tqdm(desc=job.company_name[:30], unit="doc", dynamic_ncols=True) as bar:

        def update(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield update
