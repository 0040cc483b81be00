"""Jobs, each an order of one company's filings: their states, and all transitions between these.

A job is *due* once its ``run_after`` has passed. A claim moves ``run_after`` to the end of the lease,
and ending the job removes it, so one comparison finds both the pending jobs that can run and the
claimed jobs whose worker died.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from jobs.domain.wrong_use import InvalidJobId

if TYPE_CHECKING:
    from jobs.domain.export import Export
    from jobs.domain.rereading import Reread

#: 0 to 9; higher priorities are served first.
PRIORITIES = range(10)
#: The priority of jobs that are no orders: all orders are served first.
LOW_PRIORITY = -1
#: The priority of rechecks of watched companies: orders of people are served first.
RECHECK_PRIORITY = LOW_PRIORITY

JOB_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)


class JobStatus(StrEnum):
    """The state of a job."""

    #: Waiting for a worker; can be claimed from ``run_after`` on.
    PENDING = "pending"
    #: A worker holds a lease on it.
    PROCESSING = "processing"
    #: Every listed document is stored.
    COMPLETED = "completed"
    #: Some listed documents could not be retrieved; ``last_error`` has their number.
    PARTIAL = "partial"
    #: The source has no filings of this company.
    NO_FILINGS = "no_filings"
    #: The job could not be carried out; ``last_error`` has the reason.
    FAILED = "failed"
    #: Cancelled by staff.
    CANCELLED = "cancelled"
    #: Being deleted, and hidden from everyone. An interrupted deletion is finished later.
    DELETING = "deleting"


UNFINISHED = frozenset({JobStatus.PENDING, JobStatus.PROCESSING})
#: The states shown to people.
VISIBLE = tuple(status for status in JobStatus if status is not JobStatus.DELETING)
ENDED = frozenset(VISIBLE) - UNFINISHED

#: Jobs that ended without a failure: everything, something or nothing could be retrieved.
DONE = frozenset({JobStatus.COMPLETED, JobStatus.PARTIAL, JobStatus.NO_FILINGS})


class Transition(Enum):
    """The events that change a job's status. TRANSITIONS lists the states before and after."""

    CLAIM = "claim"
    RELEASE = "release"
    COMPLETE = "complete"
    COMPLETE_PARTLY = "complete_partly"
    FIND_NOTHING = "find_nothing"
    FAIL = "fail"
    CANCEL = "cancel"
    RETRY = "retry"
    DELETE = "delete"


@dataclass(frozen=True)
class Move:
    """The states that a transition can start from, and the state it leads to."""

    sources: frozenset[JobStatus]
    target: JobStatus


_HELD = frozenset({JobStatus.PROCESSING})

TRANSITIONS: Mapping[Transition, Move] = MappingProxyType(
    {
        # A processing job can be claimed only after its lease has expired: a takeover.
        Transition.CLAIM: Move(UNFINISHED, JobStatus.PROCESSING),
        Transition.RELEASE: Move(_HELD, JobStatus.PENDING),
        Transition.COMPLETE: Move(_HELD, JobStatus.COMPLETED),
        Transition.COMPLETE_PARTLY: Move(_HELD, JobStatus.PARTIAL),
        Transition.FIND_NOTHING: Move(_HELD, JobStatus.NO_FILINGS),
        Transition.FAIL: Move(_HELD, JobStatus.FAILED),
        # If a live worker holds the job, that worker cancels it when it sees the request.
        Transition.CANCEL: Move(UNFINISHED, JobStatus.CANCELLED),
        Transition.RETRY: Move(
            frozenset({JobStatus.FAILED, JobStatus.PARTIAL, JobStatus.CANCELLED}), JobStatus.PENDING
        ),
        # Precedes the removal of any data, and cannot be undone.
        Transition.DELETE: Move(ENDED | {JobStatus.DELETING}, JobStatus.DELETING),
    }
)


class RunOutcome(StrEnum):
    """How a run ended. An unfinished run has no outcome."""

    #: Some documents are stored, more remain.
    ADVANCED = "advanced"
    #: The job is complete.
    COMPLETED = "completed"
    #: The run failed; the job waits for its next run, or has failed.
    FAILED = "failed"
    #: The worker released the job: it was asked to stop, or the source is on hold.
    RELEASED = "released"
    #: Staff cancelled the job.
    CANCELLED = "cancelled"
    #: The worker died or lost contact, and its lease expired.
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A job's documents by state. ``total`` is None until they are listed."""

    total: int | None = None
    downloaded: int = 0
    failed: int = 0

    @property
    def pending(self) -> int:
        """Documents still to download; 0 while nothing is listed."""
        return (self.total or 0) - self.downloaded - self.failed

    @property
    def stage_status(self) -> str:
        """The state of the download stage: pending, processing, completed, partial or failed."""
        if self.total is None:
            return "pending"
        if self.pending:
            return "processing"
        if self.failed:
            return "partial" if self.downloaded else "failed"
        return "completed"


@dataclass(frozen=True, kw_only=True)
class JobError:
    """An error of a run: ``kind`` for filters, ``message`` for people, and its time."""

    kind: str
    message: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A worker's right to write to a job. ``fence`` is the claim's number, which rises with each claim."""

    job_id: str
    fence: int
    worker: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """One order of one company's filings. Times are timezone-aware, in UTC."""

    id: str
    cin: str
    company_name: str
    status: JobStatus = JobStatus.PENDING
    priority: int = 0
    #: Its position among the jobs of its priority, see ``jobs.domain.turns``; 0 comes first.
    turn: int = 0
    run_after: datetime | None = None
    #: When it last became due; unlike ``run_after``, not changed by a claim.
    due_at: datetime | None = None
    progress: Progress = Progress()
    #: Number of runs so far.
    runs: int = 0
    #: Runs since the last progress; at ``max_attempts`` the job fails.
    attempts: int = 0
    max_attempts: int
    #: Rises with each claim, and never decreases.
    fence: int = 0
    locked_by: str | None = None
    locked_at: datetime | None = None
    lease_expires_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    last_error: JobError | None = None
    requested_by: str
    #: The list that it was ordered with, if any.
    list_id: str | None = None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    #: The estimated completion when it was ordered; None if none was possible, or after a retry.
    expected_at: datetime | None = None
    #: The order's W3C traceparent; None if the order was not traced.
    trace_context: str | None = None
    #: Set if this job reads the stored documents of another job again, instead of retrieving filings.
    reread: Reread | None = None
    #: Set if this job packs stored documents into ZIP files.
    export: Export | None = None
    #: Whether filings that another order has stored are downloaded again.
    fresh: bool = False
    #: Whether it was ordered for a watch: it lists only filings that no other order has tried to download.
    recheck: bool = False
    #: Bytes that its runs have stored and pages that they have read, without killed runs. Linked files count no bytes.
    bytes_stored: int = 0
    pages_read: int = 0
    #: While it is being deleted: the bytes of the files that nothing else needs.
    freed_bytes: int | None = None
    #: Not stored. Of a job just claimed: the seconds that it waited, see ``waiting.waited``; None if unknown.
    waited: float | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether a worker can claim this job now."""
        return self.run_after is not None and self.run_after <= now

    @property
    def is_order(self) -> bool:
        """Whether it retrieves filings, as all jobs do that have no other purpose."""
        return self.reread is None and self.export is None

    @property
    def unique_key(self) -> str:
        """Only one unfinished job can have this key: one order per company, one reading of a job's documents, and one
        export of the same documents.
        """
        if self.export:
            return f"{self.cin}/{self.export.scope}/{self.export.of}"
        return f"{self.cin}/{self.reread.job_id}" if self.reread else self.cin

    @property
    def reread_key(self) -> str:
        """The unique key of a job that reads this job's documents again."""
        return f"{self.cin}/{self.id}"

    @property
    def export_progress(self) -> Progress:
        """Of an export: the documents in its finished parts."""
        return Progress(total=self.progress.total, downloaded=self.export.packed if self.export else 0)

    @property
    def trace_id(self) -> str | None:
        """Of the trace that contains the order and all runs."""
        return self.trace_context.split("-")[1] if self.trace_context else None

    @property
    def lease(self) -> Lease:
        """The lease of the worker that last claimed the job."""
        return Lease(job_id=self.id, fence=self.fence, worker=self.locked_by or "")

    def log_context(self) -> dict[str, object]:
        claimed = {"run": self.runs or None, "fence": self.fence or None, "worker": self.locked_by}
        return {"jobId": self.id, "cin": self.cin, **claimed}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of a job by one worker. ``outcome`` and ``finished_at`` are None while it is running."""

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
    #: The seconds that the job waited for this run; None if unknown.
    waited: float | None = None

    @classmethod
    def of(cls, job: Job, now: datetime) -> Run:
        """The run that begins after a claim."""
        return cls(
            job_id=job.id,
            number=job.runs,
            worker=job.lease.worker,
            fence=job.fence,
            started_at=now,
            waited=job.waited,
        )


def parse_job_id(text: str) -> str:
    """The id in its canonical form, lower case. Raises InvalidJobId."""
    job_id = text.strip().lower()
    if not JOB_ID.fullmatch(job_id):
        raise InvalidJobId(text if len(text) <= 40 else text[:40] + "…")
    return job_id
