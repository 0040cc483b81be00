"""How a run ends: its effect on the job, and when a failed run is retried."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs.domain.errors import CompanyNotFound, DocumentsInUse, FilesureError, NothingNew, SourceOnHold
from jobs.domain.job import Job, JobError, Progress, RunOutcome, Transition


@dataclass(frozen=True, kw_only=True)
class Ending:
    """One conditional write: the transition, and the fields that change with it.

    ``run_after`` is None for a job that has ended. If ``error`` is None, ``lastError`` stays unchanged,
    unless the transition completes the job, which clears it.
    """

    transition: Transition
    outcome: RunOutcome
    attempts: int
    progress: Progress
    run_after: datetime | None = None
    error: JobError | None = None
    #: The bytes that the run stored and the pages that it read.
    bytes: int = 0
    pages: int = 0

    def __post_init__(self) -> None:
        if self.transition is Transition.COMPLETE and self.progress.total is None:
            raise ValueError("A job without a listing cannot be complete.")


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Exponential backoff with jitter: 50% to 100% of ``base × 2^(attempt − 1)``, capped at ``cap``.

    The jitter keeps jobs that failed in the same outage from retrying at the same moment.
    """

    base_seconds: float
    cap_seconds: float

    def delay(self, attempt: int, random_fraction: float) -> timedelta:
        """The wait after the ``attempt``-th failure (1, 2, …); ``random_fraction`` is from 0 to 1."""
        longest = min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt - 1, 60))
        seconds = longest * (0.5 + random_fraction / 2)
        return timedelta(milliseconds=int(seconds * 1000))  # MongoDB stores no smaller units


def ended_well(job: Job, progress: Progress, now: datetime) -> Ending:
    """The run itself did not fail: documents remain, or all, some or none of them were retrieved."""
    if progress.total is None:
        # The listing is gone; the next run repeats it. The attempt counts, so that this cannot go on forever.
        return replace(ended_early(job, progress, now), outcome=RunOutcome.ADVANCED, attempts=job.attempts)
    if progress.pending:
        return Ending(
            transition=Transition.RELEASE,
            outcome=RunOutcome.ADVANCED,
            attempts=0,
            progress=progress,
            run_after=now,
        )
    if progress.failed:
        missing = f"{progress.failed} of {progress.total} documents could not be retrieved."
        error = JobError(kind="documents_missing", message=missing, at=now)
        return _partly(progress, error) if progress.downloaded else failed_permanently(job, progress, error)
    return Ending(transition=Transition.COMPLETE, outcome=RunOutcome.COMPLETED, attempts=0, progress=progress)


def _partly(progress: Progress, error: JobError) -> Ending:
    return Ending(
        transition=Transition.COMPLETE_PARTLY,
        outcome=RunOutcome.COMPLETED,
        attempts=0,
        progress=progress,
        error=error,
    )


def without_filings(reason: CompanyNotFound, now: datetime) -> Ending:
    """The source has no filings of this company, which is not a failure."""
    return Ending(
        transition=Transition.FIND_NOTHING,
        outcome=RunOutcome.COMPLETED,
        attempts=0,
        progress=Progress(total=0),
        error=JobError(kind=reason.kind, message=str(reason), at=now),
    )


def ended_early(job: Job, progress: Progress, now: datetime) -> Ending:
    """The worker was asked to stop: the job is due immediately, and this run does not count as an attempt."""
    return Ending(
        transition=Transition.RELEASE,
        outcome=RunOutcome.RELEASED,
        attempts=max(0, job.attempts - 1),
        progress=progress,
        run_after=now,
    )


def ended_badly(job: Job, progress: Progress, error: FilesureError, now: datetime, backoff: Backoff) -> Ending:
    """The run failed: retry the job after a delay, or fail it once its attempts are used up."""
    if isinstance(error, CompanyNotFound) and not progress.total:
        return without_filings(error, now)
    if isinstance(error, NothingNew):
        return ended_well(job, Progress(total=0), now)
    cause = JobError(kind=error.kind, message=str(error), at=now)
    if isinstance(error, SourceOnHold | DocumentsInUse):
        run_after = now + timedelta(seconds=error.seconds)
        return replace(ended_early(job, progress, now), run_after=run_after, error=cause)
    if not error.retryable or job.attempts >= job.max_attempts:
        return failed_permanently(job, progress, cause)
    # Jitter needs no cryptographic randomness.
    delay = backoff.delay(job.attempts, random.random())  # noqa: S311
    return Ending(
        transition=Transition.RELEASE,
        outcome=RunOutcome.FAILED,
        attempts=job.attempts,
        progress=progress,
        run_after=now + delay,
        error=cause,
    )


def failed_permanently(job: Job, progress: Progress, error: JobError) -> Ending:
    """The job has failed; staff can retry it."""
    return Ending(
        transition=Transition.FAIL,
        outcome=RunOutcome.FAILED,
        attempts=job.attempts,
        progress=progress,
        error=error,
    )


def cancelled(job: Job, progress: Progress) -> Ending:
    """Staff requested the cancellation, and the worker has seen the request."""
    return Ending(transition=Transition.CANCEL, outcome=RunOutcome.CANCELLED, attempts=job.attempts, progress=progress)
