"""``python -m worker.claim``: claims one due job and writes its id to a file for the worker. A pod's init container.

KEDA's pods are identical and get no data about a job, so each claims one. The id goes to JOB_FILE as ``JOB_ID='…'``,
which both ``process_job`` and Kubernetes' ``fileKeyRef`` read; ``fileKeyRef`` requires the quotes. A second line states
how many seconds the job waited, which only its claim can know. If no job is due, the file is empty, because a missing
file would be an error there.

The worker takes over the lease because it has the same WORKER_ID. If this process dies after the claim but before it
has written the file, only time is lost: the lease expires, and the job is due again.

This imports no Django, because a pod waits for it before its worker starts.
"""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.bootstrap import Application
from jobs.configuration.table import Configuration, current
from jobs.domain.ending import ended_early
from jobs.domain.errors import ConfigurationError, FilesureError, LocalDiskError
from jobs.exits import EXIT_DONE, exit_code, leave, on_stop
from jobs.telemetry import logs, masking
from worker.sources.building import check_settings
from worker.stopping import Reason, Stop

if TYPE_CHECKING:
    from jobs.domain.job import Job

logger = logging.getLogger("worker.claim")

JOB_FILE = Path("/claim/job.env")


def main() -> int:
    """Returns the exit code: 0 if a job was claimed or none was due, 1 on failure, 2 for an invalid setting."""
    try:
        config, stop = current(), Stop()
        check_settings(config)
        logs.configure(config)
        on_stop(lambda: stop.request(Reason.ASKED), give_up_seconds=config.stop_seconds)
        claim(Application(config), _worker_name(config), config.job_file or JOB_FILE, stop)
    except FilesureError as error:
        sys.stderr.write(f"{masking.mask(str(error))}\n")
        return exit_code(error)
    return EXIT_DONE


def claim(app: Application, worker: str, path: Path, stop: Stop) -> None:
    """Claim the next due job for this worker. Raises LocalDiskError, after which no job is held."""
    _write(path, "")  # before the claim, so that an unwritable disk delays no job
    job = None if stop else app.jobs.claim_next(worker, app.configuration.lease_seconds)
    if job is None:
        logger.info("worker.idle")
        return
    with ExitStack() as unless_kept:
        unless_kept.callback(_give_back, app, job)
        _write(path, f"JOB_ID='{job.id}'\nJOB_WAITED='{job.waited}'\n")
        if stop:
            _write(path, "")
            return
        unless_kept.pop_all()
    logger.info("job.claimed", extra=job.log_context())


def _worker_name(config: Configuration) -> str:
    """There is no default: host name and process id differ between the two processes that must use the same name."""
    if config.worker_id is None:
        raise ConfigurationError("WORKER_ID is needed, the same for claim and worker, for example the pod's name.")
    return config.worker_id


def _write(path: Path, content: str) -> None:
    """Replace the file atomically: the worker must never read half an id."""
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_text(content, encoding="ascii")
        new.replace(path)
    except OSError as error:
        raise LocalDiskError(f"JOB_FILE={path} cannot be written: {error.strerror}.") from error


def _give_back(app: Application, job: Job) -> None:
    try:
        app.jobs.end(job.lease, ended_early(job, job.progress, app.clock()))
    except FilesureError as error:  # the lease will expire
        logger.warning("job.not_given_back", extra={**job.log_context(), "reason": str(error)})


if __name__ == "__main__":
    leave(main())
