"""``python -m worker.claim``: takes one due job and leaves its id for the worker. A pod's init container.

KEDA starts pods that are all alike and tells none of them which job is its own, so each claims one. The id
goes to JOB_FILE as ``JOB_ID='…'``, which both ``process_job`` and Kubernetes' ``fileKeyRef`` read; the quotes
are the latter's wish. With nothing to claim the file is empty, since a missing one would be an error there.

The worker takes the lease over by the same WORKER_ID. Whatever ends this process between the claim and the
file costs nothing but time: the lease runs out, and the job is due again.

No Django here: a pod waits for this before its worker starts.
"""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from pathlib import Path

from filesure_site import logs
from filesure_site.configuration import Configuration, current
from jobs import masking
from jobs.bootstrap import Application
from jobs.domain.ending import ended_early
from jobs.domain.errors import ConfigurationError, FilesureError, LocalDiskError
from jobs.domain.job import Job
from jobs.exits import EXIT_DONE, exit_code, leave
from worker.signals import on_stop
from worker.stopping import Reason, Stop

logger = logging.getLogger("worker.claim")

JOB_FILE = Path("/claim/job.env")


def main() -> int:
    """Claim. Returns the exit code: 0 also with nothing to claim, 1 failed, 2 a wrong setting."""
    try:
        config, stop = current(), Stop()
        logs.configure(config)
        on_stop(lambda: stop.request(Reason.ASKED), give_up_seconds=config.stop_seconds)
        claim(Application(config), _worker_name(config), config.job_file or JOB_FILE, stop)
    except FilesureError as error:
        sys.stderr.write(f"{masking.mask(str(error))}\n")
        return exit_code(error)
    return EXIT_DONE


def claim(app: Application, worker: str, path: Path, stop: Stop) -> None:
    """Claim the next due job for the worker of this name. Raises LocalDiskError: then no job is held."""
    _write(path, "")  # before the claim: a disk that takes no file must cost no job its turn
    job = None if stop else app.jobs.claim_next(worker, app.configuration.lease_seconds)
    if job is None:
        logger.info("worker.idle")
        return
    with ExitStack() as unless_kept:
        unless_kept.callback(_give_back, app, job)
        _write(path, f"JOB_ID='{job.id}'\n")
        if stop:
            _write(path, "")
            return
        unless_kept.pop_all()
    logger.info("job.claimed", extra=job.log_context())


def _worker_name(config: Configuration) -> str:
    """Host name and process id would do for one process, not for two that must agree."""
    if config.worker_id is None:
        raise ConfigurationError("WORKER_ID is needed, the same for claim and worker, for example the pod's name.")
    return config.worker_id


def _write(path: Path, content: str) -> None:
    """The whole file or none: the worker must never read half an id."""
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_text(content, encoding="ascii")
        new.replace(path)
    except OSError as error:
        raise LocalDiskError(f"JOB_FILE={path} cannot be written: {error.strerror}.") from error


def _give_back(app: Application, job: Job) -> None:
    try:
        app.jobs.end(job.lease, ended_early(job, job.progress, app.clock()))
    except FilesureError as error:  # the lease will run out
        logger.warning("job.not_given_back", extra={**job.log_context(), "reason": str(error)})


if __name__ == "__main__":
    leave(main())
