"""Claims one job and processes it for one run, without Django: loading it would cost a third of a worker's start."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from jobs.bootstrap import Application, application
from jobs.domain.errors import ConfigurationError, WrongUse
from jobs.domain.job import RunOutcome
from jobs.exits import EXIT_DONE, EXIT_FAILED, on_stop
from jobs.management.reported import reported
from jobs.telemetry.metrics import Unmeasured, timed
from jobs.telemetry.tracing import span, traceparent
from worker.metrics import measured
from worker.naming import worker_name
from worker.progress import OnProgress, ignored
from worker.sources.building import check_settings
from worker.stopping import Reason, Stop

if TYPE_CHECKING:
    from jobs.configuration.table import Configuration
    from jobs.domain.job import Job

logger = logging.getLogger(__name__)


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``manage.py process_job``."""
    parser.add_argument("job_id", nargs="?", metavar="JOB_ID", help="the job to process")
    parser.add_argument("--claim", action="store_true", help="take the next due job instead")
    parser.add_argument("--no-progress", action="store_true", help="show no progress bar on a terminal")


def is_plain(arguments: Sequence[str]) -> bool:
    """Whether ``main`` understands the arguments. Django answers ``--help``, its own options, and unknown ones."""
    options = [argument for argument in arguments if argument.startswith("-")]
    return set(options) <= {"--claim", "--no-progress"} and len(arguments) - len(options) <= 1


def main(arguments: Sequence[str]) -> int:
    """``manage.py process_job``. Returns the exit code, or raises SystemExit with it."""
    parser = ArgumentParser(prog="manage.py process_job")
    add_arguments(parser)
    given = parser.parse_args(arguments)
    with reported("process_job", lambda sentence: sys.stderr.write(f"{sentence}\n")):
        return process(given.job_id, claim=given.claim, quiet=given.no_progress)


def process(job_id: str | None, *, claim: bool, quiet: bool) -> int:
    """Process the job, or the next due one. Returns the exit code. Raises Filesure's errors."""
    app, stop = application(), Stop()
    config = app.configuration
    check_settings(config)
    # 4 s more than documents get: enough to release the job, and within Kubernetes' grace period.
    on_stop(lambda: stop.request(Reason.ASKED), give_up_seconds=config.stop_seconds + 4)
    with measured(app, stop):
        return _claimed_and_run(app, stop, job_id, claim=claim, quiet=quiet)


def _claimed_and_run(app: Application, stop: Stop, job_id: str | None, *, claim: bool, quiet: bool) -> int:
    began = time.time_ns()
    with timed(app.instruments or Unmeasured(), "filesure_claim_duration_seconds"):
        job = _acquire(app, job_id, claim=claim)
    if job is None:
        logger.info("worker.idle")
        return EXIT_DONE
    with span("claim", job.log_context(), parent=job.trace_context, began=began):
        logger.info("job.claimed")
        claimed = traceparent()
    with span("run", job.log_context(), parent=claimed):
        return _run(app, job, stop, show=sys.stderr.isatty() and not quiet)


def _acquire(app: Application, given: str | None, *, claim: bool) -> Job | None:
    config = app.configuration
    worker = worker_name(config)
    if claim and given:
        raise WrongUse("Give a JOB_ID or --claim, not both.")
    if claim:
        return app.jobs.claim_next(worker, config.lease_seconds)
    stated = _read_job_file(config, needed=not (given or config.job_id))
    job_id = given or config.job_id or stated.get("JOB_ID")
    job = app.jobs.claim(job_id, worker, config.lease_seconds) if job_id else None
    if job and job.waited is None and job.id == stated.get("JOB_ID") and "JOB_WAITED" in stated:
        return replace(job, waited=float(stated["JOB_WAITED"]))
    return job


def _run(app: Application, job: Job, stop: Stop, *, show: bool) -> int:
    from worker.bootstrap import pipeline  # a worker that finds no job does without

    with _progress_bar(job, show=show) as bar, contextlib.closing(pipeline(app, stop, bar)) as run:
        outcome = run.run(job)
    return EXIT_FAILED if outcome is RunOutcome.FAILED else EXIT_DONE


def _read_job_file(config: Configuration, *, needed: bool) -> dict[str, str]:
    """What ``worker.claim`` has written to JOB_FILE, by name; nothing if the file is absent or empty.

    A bare id also works.
    """
    if config.job_file is None:
        if not needed:
            return {}
        message = "Give a JOB_ID, or --claim to take the next due job, for example: manage.py process_job --claim"
        raise WrongUse(message)
    try:
        text = config.job_file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"JOB_FILE={config.job_file} cannot be read: {error}") from error
    pairs = [line.rpartition("=") for line in text.splitlines()]
    return {name or "JOB_ID": value.strip("'\"") for name, _, value in pairs}


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
