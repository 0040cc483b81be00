"""A job: one order of a company's filings, its states, and the only ways between them.

A job is *due* when it has a ``run_after`` that has passed. A claim moves ``run_after`` to the end
of the lease, and the end of a job removes it, so one comparison finds both the pending jobs whose
time has come and the claimed ones whose worker died.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from types import MappingProxyType

from jobs.domain.errors import InvalidJobId

PRIORITIES = range(10)
"""0 to 9; a higher one is served first."""

_JOB_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)


class JobStatus(StrEnum):
    """Where a job stands."""

    PENDING = "pending"
    """Waits for a worker, from ``run_after`` on."""
    PROCESSING = "processing"
    """A worker holds a lease on it."""
    COMPLETED = "completed"
    """Every listed document is stored."""
    FAILED = "failed"
    """Ended without everything; ``last_error`` says why."""
    CANCELLED = "cancelled"
    """Ended by staff."""


UNFINISHED = frozenset({JobStatus.PENDING, JobStatus.PROCESSING})


class Transition(Enum):
    """What can happen to a job's status. The table below says from where and to where."""

    CLAIM = "claim"
    RELEASE = "release"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    RETRY = "retry"


@dataclass(frozen=True)
class Move:
    """The states that a transition may start from, and the one it ends in."""

    sources: frozenset[JobStatus]
    target: JobStatus


_HELD = frozenset({JobStatus.PROCESSING})

TRANSITIONS: Mapping[Transition, Move] = MappingProxyType({
    # A processing job can be claimed only once its lease has run out: that is a takeover.
    Transition.CLAIM: Move(UNFINISHED, JobStatus.PROCESSING),
    Transition.RELEASE: Move(_HELD, JobStatus.PENDING),
    Transition.COMPLETE: Move(_HELD, JobStatus.COMPLETED),
    Transition.FAIL: Move(_HELD, JobStatus.FAILED),
    # A job with a living worker is cancelled by that worker, when it sees the request.
    Transition.CANCEL: Move(UNFINISHED, JobStatus.CANCELLED),
    Transition.RETRY: Move(frozenset({JobStatus.FAILED, JobStatus.CANCELLED}), JobStatus.PENDING),
})  # fmt: skip


class RunOutcome(StrEnum):
    """How a run ended. A run that is still going has none."""

    ADVANCED = "advanced"
    """Some documents are stored, more remain."""
    COMPLETED = "completed"
    """The job is complete."""
    FAILED = "failed"
    """The run failed; the job waits for a retry or has failed with it."""
    RELEASED = "released"
    """The worker was asked to stop and gave the job back."""
    CANCELLED = "cancelled"
    """Staff cancelled the job."""
    LOST = "lost"
    """The worker fell silent and its lease was taken over."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How many documents a job has in which state. ``total`` is None until they are listed."""

    total: int | None = None
    downloaded: int = 0
    failed: int = 0

    @property
    def pending(self) -> int:
        """Documents still to be had; 0 while nothing is listed."""
        return (self.total or 0) - self.downloaded - self.failed

    @property
    def stage_status(self) -> str:
        """The stage's own word: pending, processing, completed or failed."""
        if self.total is None:
            return "pending"
        if self.pending:
            return "processing"
        return "failed" if self.failed else "completed"


@dataclass(frozen=True, kw_only=True)
class JobError:
    """The last thing that went wrong: a word for filters, a sentence for people, a time."""

    kind: str
    message: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Lease:
    """What a worker holds. ``fence`` is the claim's number: a later claim has a higher one."""

    job_id: str
    fence: int
    worker: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """One order of one company's filings. Times are aware, in UTC.

    ``attempts`` counts the runs since the last progress; at ``max_attempts`` the job fails.
    ``due_at`` is when it was to run last: a claim moves ``run_after`` and leaves this.
    ``runs`` counts all claims. ``fence`` rises with each claim and never falls. ``trace_context`` is
    the order's W3C traceparent, None if nobody traced it.
    """

    id: str
    cin: str
    company_name: str
    status: JobStatus = JobStatus.PENDING
    priority: int = 0
    run_after: datetime | None = None
    due_at: datetime | None = None
    progress: Progress = Progress()
    runs: int = 0
    attempts: int = 0
    max_attempts: int
    fence: int = 0
    locked_by: str | None = None
    locked_at: datetime | None = None
    lease_expires_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    last_error: JobError | None = None
    requested_by: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    trace_context: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether a claim may take this job now."""
        return self.run_after is not None and self.run_after <= now

    @property
    def lease(self) -> Lease:
        """The lease of the worker that claimed the job last."""
        return Lease(job_id=self.id, fence=self.fence, worker=self.locked_by or "")

    def log_context(self) -> dict[str, object]:
        """What every log line about this job carries."""
        claimed = {"run": self.runs or None, "fence": self.fence or None, "worker": self.locked_by}
        return {"jobId": self.id, "cin": self.cin, **claimed}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One worker's go at a job. ``outcome`` and ``finished_at`` are None while it lasts."""

    job_id: str
    number: int
    worker: str
    fence: int
    started_at: datetime
    finished_at: datetime | None = None
    outcome: RunOutcome | None = None
    documents: int = 0
    bytes: int = 0
    error: JobError | None = None


def parse_job_id(text: str) -> str:
    """The id in its one spelling, lower case. Raises InvalidJobId."""
    job_id = text.strip().lower()
    if not _JOB_ID.fullmatch(job_id):
        raise InvalidJobId(text if len(text) <= 40 else text[:40] + "…")
    return job_id
