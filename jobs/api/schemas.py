"""What goes in and out, as the OpenAPI document tells it. Names are those of the data model."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, StrictInt

from jobs.domain.document import DocumentStatus
from jobs.domain.job import JobStatus
from jobs.domain.listing import JobOrder, TextKind


def _printable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    return text


Text = Annotated[str, Field(max_length=200), AfterValidator(_printable)]


class _Strict(Schema):
    """A body with no fields but those named."""

    model_config = ConfigDict(extra="forbid")


class OrderIn(_Strict):
    """One company's filings."""

    cin: Text
    companyName: Text  # noqa: N815
    priority: Annotated[StrictInt, Field(ge=0, le=9)] = 0


class CreateJobIn(_Strict):
    """Either ``num_jobs`` simulated companies, or one company."""

    num_jobs: Annotated[StrictInt, Field(ge=1, le=10)] | None = None
    cin: Text | None = None
    companyName: Text | None = None  # noqa: N815
    priority: Annotated[StrictInt, Field(ge=0, le=9)] = 0


class PriorityIn(_Strict):
    """A job's new priority."""

    priority: Annotated[StrictInt, Field(ge=0, le=9)]


class JobsQuery(Schema):
    """Which jobs, in which order, from where on."""

    text: Text = ""
    status: list[JobStatus] = Field(default_factory=list, max_length=5)
    requestedBy: Text = ""  # noqa: N815
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    reason: Text = ""
    since: date | None = None
    until: date | None = None
    order: JobOrder = JobOrder.NEWEST
    cursor: Annotated[str, Field(max_length=1000)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DocumentsQuery(Schema):
    """Which documents, from where on."""

    text: Text = ""
    documentType: Text = ""  # noqa: N815
    status: DocumentStatus | None = None
    textKind: TextKind | None = None  # noqa: N815
    reason: Text = ""
    since: date | None = None
    until: date | None = None
    cursor: Annotated[str, Field(max_length=1000)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ErrorOut(Schema):
    """What went wrong last: a word and a sentence."""

    kind: str
    message: str
    at: datetime | None = None


class JobOut(Schema):
    """A job. What is null is unknown or not yet so."""

    jobId: str  # noqa: N815
    cin: str
    companyName: str  # noqa: N815
    jobStatus: JobStatus  # noqa: N815
    priority: int
    totalDocuments: int | None  # noqa: N815
    downloadedDocuments: int  # noqa: N815
    failedDocuments: int  # noqa: N815
    pendingDocuments: int  # noqa: N815
    runs: int
    attempts: int
    maxAttempts: int  # noqa: N815
    runAfter: datetime | None  # noqa: N815
    lockedBy: str | None  # noqa: N815
    leaseExpiresAt: datetime | None  # noqa: N815
    cancelRequestedAt: datetime | None  # noqa: N815
    lastError: ErrorOut | None  # noqa: N815
    requestedBy: str  # noqa: N815
    createdAt: datetime  # noqa: N815
    startedAt: datetime | None  # noqa: N815
    completedAt: datetime | None  # noqa: N815


class JobsOut(Schema):
    """A page of jobs. ``next`` and ``previous`` are cursors, null at the ends."""

    items: list[JobOut]
    next: str | None
    previous: str | None


class JobDetailOut(JobOut):
    """A job with its runs and documents, and what was done to it."""

    runHistory: list[dict[str, Any]]  # noqa: N815
    documents: list[dict[str, Any]]
    audit: list[dict[str, Any]]


class DocumentsOut(Schema):
    """A page of documents."""

    items: list[dict[str, Any]]
    next: str | None
    previous: str | None


class CreatedJob(Schema):
    """A new job, in short."""

    jobId: str  # noqa: N815
    cin: str
    companyName: str  # noqa: N815


class CreatedOut(Schema):
    """What was ordered: exactly what is stored."""

    message: str
    jobs: list[CreatedJob]
    totalJobs: int  # noqa: N815


class CountOut(Schema):
    """How many; ``more``: counted up to that number only."""

    number: int
    more: bool


class BucketOut(Schema):
    """What ended in one minute."""

    begins: datetime
    completed: int
    failed: int
    cancelled: int


class StatsOut(Schema):
    """The queue at a glance. ``oldestDueSeconds`` is null while nothing waits."""

    jobs: dict[JobStatus, CountOut]
    oldestDueSeconds: float | None  # noqa: N815
    running: int
    lastHour: list[BucketOut]  # noqa: N815


class Problem(Schema):
    """RFC 9457."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    instance: str
    kind: str
