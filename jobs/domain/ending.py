"""How a run ends: what it means for the job, and when a failed one is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.domain.errors import FilesureError
from jobs.domain.job import Job, JobError, Progress, RunOutcome, Transition


@dataclass(frozen=True, kw_only=True)
class Ending:
    """One conditional write: the transition, and the fields that change with it.

    ``run_after`` is None for a job that has ended. ``error`` None leaves ``lastError`` as it is,
    unless the transition completes the job, which clears it.
    """

    transition: Transition
    outcome: RunOutcome
    attempts: int
    progress: Progress
    run_after: datetime | None = None
    error: JobError | None = None


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Exponential backoff with jitter: half to all of ``base × 2^(attempt − 1)``, up to ``cap``.

    The jitter keeps the jobs of one outage from coming back in one wave.
    """

    base_seconds: float
    cap_seconds: float

    def delay(self, attempt: int, random_fraction: float) -> timedelta:
        """How long to wait after the ``attempt``-th failure (1, 2, …); fraction from 0 to 1."""
        longest = min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt - 1, 60))
        return timedelta(seconds=longest * (0.5 + random_fraction / 2))


def ended_well(job: Job, progress: Progress, now: datetime) -> Ending:
    """A run that did what it could: more to do, everything stored, or something cannot be had."""
    if progress.pending:
        return Ending(
            transition=Transition.RELEASE, outcome=RunOutcome.ADVANCED,
            attempts=0, progress=progress, run_after=now,
        )  # fmt: skip
    if progress.failed:
        missing = f"{progress.failed} of {progress.total} documents cannot be had."
        error = JobError(kind="documents_missing", message=missing, at=now)
        return failed_for_good(job, progress, error)
    return Ending(transition=Transition.COMPLETE, outcome=RunOutcome.COMPLETED, attempts=0, progress=progress)


def ended_early(job: Job, progress: Progress, now: datetime) -> Ending:
    """The worker was asked to stop: the job is due at once, and this run costs no attempt."""
    return Ending(
        transition=Transition.RELEASE, outcome=RunOutcome.RELEASED,
        attempts=max(0, job.attempts - 1), progress=progress, run_after=now,
    )  # fmt: skip


def ended_badly(job: Job, progress: Progress, error: FilesureError, now: datetime, backoff: Backoff) -> Ending:
    """The run failed: wait and try again, or fail for good once the attempts are used up."""
    cause = JobError(kind=error.kind, message=str(error), at=now)
    if not error.retryable or job.attempts >= job.max_attempts:
        return failed_for_good(job, progress, cause)
    # Jitter needs no secret randomness.
    delay = backoff.delay(job.attempts, random.random())  # noqa: S311
    return Ending(
        transition=Transition.RELEASE, outcome=RunOutcome.FAILED, attempts=job.attempts,
        progress=progress, run_after=now + delay, error=cause,
    )  # fmt: skip


def failed_for_good(job: Job, progress: Progress, error: JobError) -> Ending:
    """The job has failed; staff may retry it."""
    return Ending(
        transition=Transition.FAIL, outcome=RunOutcome.FAILED, attempts=job.attempts,
        progress=progress, error=error,
    )  # fmt: skip


def cancelled(job: Job, progress: Progress) -> Ending:
    """Staff asked for it, and the worker has seen it."""
    return Ending(transition=Transition.CANCEL, outcome=RunOutcome.CANCELLED, attempts=job.attempts, progress=progress)
