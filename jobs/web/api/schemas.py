"""Response bodies, as described in the OpenAPI document. JSON names are those of the data model.

Jobs, runs, documents and audit entries are read from the domain's objects; ``validation_alias`` is set where the
attribute has a different name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self

from ninja import Schema
from pydantic import (
    AliasPath,
    Field,
)

from jobs.bootstrap import application
from jobs.domain.audit import Action
from jobs.domain.expectation import Expectation, Kind, utc
from jobs.domain.job import JobStatus, RunOutcome
from jobs.domain.order_list import OrderList, RefusedRow
from jobs.services import JobDetails
from jobs.web.api.base import Out, PageOut
from jobs.web.api.document_schemas import DocumentOut
from jobs.web.api.inputs import Status


class ErrorOut(Out):
    """The last error: a word for programs and a sentence for people."""

    kind: str
    message: str
    at: datetime


class RereadOut(Out):
    """Which documents of the job ``jobId`` are read again; null selects all."""

    job_id: str
    form: str | None
    stored_since: datetime | None
    below: int | None


class JobOut(Out):
    """A job. Null means unknown or not yet. ``fresh``: what another order has stored is downloaded again.

    ``isOrder`` is false for jobs that read stored documents again, see ``reread``, or pack them, see ``/exports``.
    Their documents are those read or packed so far. ``recheck``: it was ordered for a watch, and lists only filings
    that no other order has.
    """

    job_id: str = Field(validation_alias="id")
    cin: str
    company_name: str
    job_status: Status = Field(validation_alias="status")
    priority: int
    total_documents: int | None = Field(validation_alias=AliasPath("progress", "total"))
    downloaded_documents: int = Field(validation_alias=AliasPath("progress", "downloaded"))
    failed_documents: int = Field(validation_alias=AliasPath("progress", "failed"))
    pending_documents: int = Field(validation_alias=AliasPath("progress", "pending"))
    runs: int
    attempts: int
    max_attempts: int
    run_after: datetime | None
    locked_by: str | None
    lease_expires_at: datetime | None
    cancel_requested_at: datetime | None
    last_error: ErrorOut | None
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    is_order: bool
    reread: RereadOut | None
    fresh: bool
    recheck: bool


class OrderedJobOut(JobOut):
    """A new job. ``warning``: what the directory says of a company that has ended or has another name, else null."""

    warning: str | None = None


class RunOut(Out):
    """One run of a job. ``outcome`` and ``finishedAt`` are null while it lasts; ``bytes`` were stored."""

    number: int
    worker: str
    started_at: datetime
    finished_at: datetime | None
    outcome: RunOutcome | None
    documents: int
    bytes: int
    error: ErrorOut | None


class AuditOut(Out):
    """An action of a user on the job. ``refused`` is the reason why nothing was changed, else null.

    ``unfinished``: under way, or its result was never recorded. ``bulkActionId``: the bulk action it was part of.
    """

    action: Action
    by: str
    at: datetime
    address: str | None
    details: str | None
    bulk_action_id: str | None = Field(validation_alias="bulk_id")
    refused: str | None
    unfinished: bool


class CountOut(Out):
    """How many; with ``more``, the count stopped at that number."""

    number: int
    more: bool


class ExpectedOut(Out):
    """When a job, or the last job of a list, completes. ``ahead``: the jobs that workers claim first.

    ``at`` is the expected time; the earliest for `at_least` and `not_before`; the pause's end for `paused`.
    """

    kind: Kind
    ahead: CountOut | None
    at: datetime | None
    message: str

    @classmethod
    def of(cls, expected: Expectation | None, of: str = "") -> Self | None:
        if expected is None:
            return None
        message = expected.sentence(application().clock(), utc, of)
        ahead = CountOut.model_validate(expected.ahead) if expected.ahead else None
        return cls(kind=expected.kind, ahead=ahead, at=expected.at, message=message)


class JobDetailOut(JobOut):
    """A job with its runs, its documents and the newest entries of its audit log.

    ``expected`` is null once it has ended. ``expectedAt`` is the first estimate, made when it was ordered.
    """

    expected: ExpectedOut | None
    expected_at: datetime | None
    run_history: list[RunOut]
    documents: list[DocumentOut]
    audit: list[AuditOut]

    @classmethod
    def of(cls, details: JobDetails, expected: Expectation | None) -> Self:
        return cls.model_construct(
            **dict(JobOut.model_validate(details.job)),
            expected=ExpectedOut.of(expected),
            expected_at=details.job.expected_at,
            run_history=[RunOut.model_validate(run) for run in details.runs],
            documents=[DocumentOut.model_validate(document) for document in details.documents],
            audit=[AuditOut.model_validate(entry) for entry in details.audit],
        )


class JobsOut(PageOut):
    """A page of jobs. ``next`` and ``previous`` are cursors, null at the ends."""

    items: list[JobOut]


class CreatedJob(Out):
    """A new job, in short."""

    job_id: str = Field(validation_alias="id")
    cin: str
    company_name: str


class CreatedOut(Out):
    """Exactly the jobs that are now stored."""

    message: str
    jobs: list[CreatedJob]
    total_jobs: int


class BucketOut(Out):
    """The jobs that ended in one minute. ``completed`` includes ``partial``."""

    begins: datetime
    completed: int
    partial: int
    failed: int
    cancelled: int


class StatsOut(Out):
    """The queue at a glance. ``oldestDueSeconds`` is null while no job is due."""

    jobs: dict[Status, CountOut]
    oldest_due_seconds: float | None
    running: int
    last_hour: list[BucketOut]


class ListOut(Out):
    """A list. ``doneAt`` is null until all rows are ordered or refused. Its jobs: `GET /jobs?list=`."""

    list_id: str = Field(validation_alias="id")
    name: str
    by: str
    at: datetime
    ordered: int
    refused: int
    done_at: datetime | None


class ListsOut(PageOut):
    """A page of lists, newest first. ``next`` and ``previous`` are cursors, null at the ends."""

    items: list[ListOut]


class ListMailOut(Out):
    """``mail`` is your choice: whether you get an email when the list ends. Without an ``address``, none is sent.

    Null if you made no choice: your account then decides about your own lists, and you get no email about other lists.
    """

    mail: bool | None
    address: str


class RefusedRowOut(Out):
    """A refused row as it was sent, with the field at fault and the reason. ``line`` counts from 1."""

    line: int
    cin: str
    company_name: str
    priority: str
    not_before: str
    field: str
    reason: str


class ListDetailOut(ListOut):
    """A list with its jobs by state, and its refused rows. ``expected`` is null once all jobs have ended."""

    states: dict[Status, int]
    expected: ExpectedOut | None
    refused_rows: list[RefusedRowOut]

    @classmethod
    def of(
        cls,
        found: OrderList,
        states: dict[JobStatus, int],
        expected: Expectation | None,
        refused: Iterable[RefusedRow],
    ) -> Self:
        return cls.model_construct(
            **dict(ListOut.model_validate(found)),
            states=states,
            expected=ExpectedOut.of(expected, "its last job"),
            refused_rows=[RefusedRowOut.model_validate(row) for row in refused],
        )


class PauseOut(Out):
    """A pause. ``source`` is null for the whole queue; ``stopRuns``: active runs stop at their next document."""

    source: str | None
    by: str
    reason: str
    since: datetime
    until: datetime
    stop_runs: bool


class PausesOut(Out):
    """The current pauses, the one that ends first in front."""

    items: list[PauseOut]


class Problem(Schema):
    """RFC 9457."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    error: str
    instance: str
    kind: str


PROBLEMS = dict.fromkeys((400, 401, 403, 404, 405, 409, 422, 429, 503), Problem)
"""The responses to errors, of every operation."""
