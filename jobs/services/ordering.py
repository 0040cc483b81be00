"""The use cases of staff: order, view, cancel, retry, prioritise and delete jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from jobs.domain.allowances import MonthlyLimit
from jobs.domain.audit import Action, Actor, AuditEntry
from jobs.domain.company_id import parse_company_id
from jobs.domain.document import Document
from jobs.domain.errors import FilesureError
from jobs.domain.job import TRANSITIONS, Job, JobStatus, Run, Transition, parse_job_id
from jobs.domain.search import Content
from jobs.domain.wrong_use import AlreadyOrdered, UnknownJob, WrongState
from jobs.ports import AuditLog, BlobStore, Clock, DocumentRepository, Expect, JobRepository, PageIndex, RunRepository
from jobs.services.auditing import audited
from jobs.services.order_limits import OrderLimits
from jobs.services.orders import Order, id_of, name_of, not_before, priority_of, with_ids, without_repeats
from jobs.services.placing import Placing
from jobs.services.releasing import existing, record_freed, release
from jobs.services.rereading import progress_of, shut_out

MOST_ENTRIES = 100
FINISHED_AT_ONCE = 10


@dataclass(frozen=True, kw_only=True)
class JobDetails:
    """One job with its runs, documents and audit entries."""

    job: Job
    runs: list[Run]
    documents: list[Document]
    audit: list[AuditEntry]


@dataclass(frozen=True, kw_only=True)
class JobService:
    """The use cases of staff.

    ``new_id`` returns unique ids in ascending order of time. ``blobs`` connects to the blob store lazily,
    since few use cases need it. ``wake`` is called when jobs may have become due.
    """

    jobs: JobRepository
    documents: DocumentRepository
    runs: RunRepository
    audit: AuditLog
    blobs: Callable[[], BlobStore]
    clock: Clock
    new_id: Callable[[], str]
    max_attempts: int
    #: None: nothing is indexed.
    pages: PageIndex | None = None
    wake: Callable[[], None] = lambda: None
    #: None: orders get no estimate.
    expect: Expect | None = None
    #: None: nobody's orders are limited.
    limits: OrderLimits | None = None

    def order(
        self,
        orders: Sequence[Order],
        *,
        requested_by: str,
        again: bool = False,
        allow_unknown_codes: bool = False,
        preview: Collection[str] | None = None,
        in_list: tuple[str, Sequence[str]] | None = None,
        limit: int | None = None,
    ) -> list[Job | FilesureError]:
        """Order each company. Returns a new job or an error for each order, in the same sequence.

        A refused order (InvalidCin, InvalidOrder, AlreadyOrdered) does not affect the others; MonthlyLimit refuses all.
        ``preview`` checks all but the limit and stores nothing. It names the companies that earlier batches accepted.
        ``in_list``: a list's id and the ids of the orders' jobs; those that are stored count as ordered.
        ``limit``: how many orders the requester may place in a month; None: any number.
        """
        now = self.clock()
        checked = [self._checked(order, requested_by, allow_unknown_codes, now) for order in orders]
        if in_list:
            checked = with_ids(checked, *in_list)
        results = checked if again else without_repeats(checked, preview)
        wanted = [result for result in results if isinstance(result, Job)]
        try:
            if preview is None:
                refused = self.placing.add(wanted, requested_by, limit, again=again)
            else:
                refused = self.placing.unfinished(wanted, again=again)
        except MonthlyLimit as error:
            refused = self.placing.unfinished(wanted, again=again)
            results = [error if id_of(result) in error.job_ids else result for result in results]
        if preview is None:
            self.wake()
        return [
            AlreadyOrdered(result.cin, refused[result.cin])
            if isinstance(result, Job | AlreadyOrdered) and refused.get(result.cin, id_of(result)) != id_of(result)
            else result
            for result in results
        ]

    def prepare(self, order: Order, *, requested_by: str, allow_unknown_codes: bool = False) -> Job:
        """Create the job for an order without storing it. Raises InvalidCin, InvalidOrder."""
        checked = self._checked(order, requested_by, allow_unknown_codes, self.clock())
        if isinstance(checked, FilesureError):
            raise checked
        return checked

    def place(self, jobs: Sequence[Job], *, again: bool = False, limit: int | None = None) -> None:
        """Store prepared jobs of one requester; jobs already stored stay unchanged.

        Idempotent as long as the jobs keep their ids. Raises AlreadyOrdered, MonthlyLimit.
        """
        known = self.jobs.existing([job.id for job in jobs])
        missing = [job for job in jobs if job.id not in known]
        refused = self.placing.add(missing, missing[0].requested_by, limit, again=again) if missing else {}
        self.wake()
        for job in missing:
            if refused.get(job.cin, job.id) != job.id:
                raise AlreadyOrdered(job.cin, refused[job.cin])

    @cached_property
    def placing(self) -> Placing:
        """Stores new orders."""
        return Placing(jobs=self.jobs, expect=self.expect, limits=self.limits)

    def _checked(
        self, order: Order, requested_by: str, allow_unknown_codes: bool, now: datetime
    ) -> Job | FilesureError:
        try:
            cin = parse_company_id(order.cin, this_year=now.year, allow_unknown_codes=allow_unknown_codes)
            name, priority = name_of(order.company_name), priority_of(order.priority)
            due = max(now, not_before(order.not_before, now, order.zone) or now)
        except FilesureError as error:
            return error
        return Job(
            id=self.new_id(),
            cin=str(cin),
            company_name=name,
            priority=priority,
            run_after=due,
            due_at=due,
            max_attempts=self.max_attempts,
            fresh=order.fresh,
            requested_by=requested_by,
            created_at=now,
            updated_at=now,
        )

    def details(self, job_id: str) -> JobDetails:
        """One job with its runs, documents and newest audit entries. Raises InvalidJobId, UnknownJob."""
        return replace(self.history(job_id), documents=self.documents.of_job(job_id))

    def history(self, job_id: str) -> JobDetails:
        """Like ``details``, without the documents, of which there may be thousands."""
        job = self.jobs.get(job_id)
        runs, audit = self.runs.of_job(job.id), self.audit.of_job(job.id, MOST_ENTRIES)
        return JobDetails(job=job, runs=runs, documents=[], audit=audit)

    # --- actions on an existing job; each is recorded in the audit log

    def cancel(self, job_id: str, actor: Actor) -> Job:
        """Cancel the job, or ask its worker to stop. Raises InvalidJobId, UnknownJob, WrongState."""
        with self._audited(Action.CANCEL, job_id, actor):
            job = self.jobs.cancel(job_id)
            return self.settle(job) if job.status is JobStatus.CANCELLED else job

    def settle(self, job: Job) -> Job:
        """Make an ended job consistent with the documents of a worker that died or froze. Idempotent.

        A worker that wakes up later finds a higher fence. The run is ended last, since ``sweep`` finds the job by it.
        """
        shut_out(self.jobs, self.documents, job)
        if job.progress.total:
            counted = progress_of(self.jobs, self.documents, job)
            if counted != job.progress:
                job = self.jobs.recount(job.lease, counted) or self.jobs.get(job.id)
        self.runs.lose(job.id, job.fence, self.clock())
        return job

    def retry(self, job_id: str, actor: Actor, *, again: bool = False) -> Job:
        """Make a failed, partial or cancelled job download its missing documents.

        Raises InvalidJobId, UnknownJob, WrongState, and AlreadyOrdered if the company has another
        unfinished job, unless ``again``. The documents are reset before the job: after an interruption in
        between, the retry can be repeated. In the opposite order, a worker could claim the job while
        its documents are still failed.
        """
        with self._audited(Action.RETRY, job_id, actor, self._reason(job_id)):
            job = self.jobs.get(job_id)
            if not again:
                self._refuse_second(job)
            if job.status in TRANSITIONS[Transition.RETRY].sources:
                self.documents.list_again(job.id)
            listed = job.progress.total is not None
            progress = progress_of(self.jobs, self.documents, job) if listed else job.progress
            retried = self.jobs.retry(job.id, progress, again=again)
            self.wake()
            return retried

    def _reason(self, job_id: str) -> str | None:
        """The kind of the job's last error. An unknown job is refused later, by the audited action."""
        with suppress(UnknownJob):
            error = self.jobs.get(job_id).last_error
            return error.kind if error else None
        return None

    def _refuse_second(self, job: Job) -> None:
        """Check before anything is changed. The repository checks again, atomically with the change."""
        other = self.jobs.unfinished([job.cin]).get(job.cin) if job.is_order else None
        if other and other != job.id:
            raise AlreadyOrdered(job.cin, other)

    def prioritise(self, job_id: str, priority: int | str, actor: Actor) -> Job:
        """Change an unfinished job's priority. Raises InvalidOrder, InvalidJobId, UnknownJob, WrongState."""
        number = priority_of(priority)
        with self._audited(Action.PRIORITISE, job_id, actor, f"to {number}"):
            return self.jobs.prioritise(job_id, number)

    def run_now(self, job_id: str, actor: Actor) -> Job:
        """Make a pending job due at once and claimed first. Raises InvalidJobId, UnknownJob, WrongState."""
        with self._audited(Action.RUN_NOW, job_id, actor):
            due = self.jobs.run_now(job_id)
            self.wake()
            return due

    def delete(self, job_id: str, actor: Actor) -> None:
        """Remove an ended job with its documents, files and runs. Raises InvalidJobId, UnknownJob, WrongState.

        Files that other jobs need are kept until the last of these jobs is deleted.
        After the first step, the job is hidden and can no longer run. If the deletion is interrupted, the
        next deletion, ``prune`` or sweep finishes it.
        """
        job = existing(self.jobs, job_id)  # None: it is already hidden, and its deletion continues
        company = f"{job.company_name}, {job.cin}" if job else None
        with self._audited(Action.DELETE, job_id, actor, company):
            self.jobs.begin_deletion(job_id)
            self._remove(parse_job_id(job_id))
        self.finish_deletions(FINISHED_AT_ONCE)

    def finish_deletions(self, limit: int) -> int:
        """Finish up to ``limit`` interrupted deletions. Returns their number."""
        ids = self.jobs.deleting(limit)
        for job_id in ids:
            self._remove(job_id)
        return len(ids)

    def _remove(self, job_id: str) -> None:
        """Rows before blobs, so that no row names a missing blob; the job last, so that a repetition finds it."""
        record_freed(job_id, self.jobs, self.documents)
        removed = self.documents.of_job(job_id)
        contents = {content for each in removed if (content := Content.of(each))}
        self.documents.delete_of_job(job_id)
        if self.pages and contents:
            self.pages.forget(contents)
        self.runs.delete_of_job(job_id)
        release(job_id, removed, self.jobs, self.documents, self.blobs())
        self.jobs.delete(job_id)

    def prune(self, before: datetime, actor: Actor, limit: int) -> int:
        """Delete up to ``limit`` jobs that ended before this time, the earliest first. Returns their number."""
        deleted = self.delete_each(self.jobs.ended_before(before, limit), actor)
        self.finish_deletions(limit)
        return deleted

    def delete_each(self, ids: Iterable[str], actor: Actor) -> int:
        """Delete these ended jobs, except those retried or deleted in the meantime. Returns the number deleted."""
        deleted = 0
        for job_id in ids:
            with suppress(WrongState, UnknownJob):
                self.delete(job_id, actor)
                deleted += 1
        return deleted

    def _audited(
        self, action: Action, job_id: str, actor: Actor, details: str | None = None
    ) -> AbstractContextManager[None]:
        return audited(self.audit, self.clock, action, actor, job_id=parse_job_id(job_id), details=details)
