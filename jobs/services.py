"""What people can ask of the queue: order, look, cancel, retry.

Each use case is one function of a small object that holds the ports it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from jobs import tracing
from jobs.domain.audit import Action, Actor, AuditEntry
from jobs.domain.cin import parse_cin
from jobs.domain.document import Document
from jobs.domain.errors import AlreadyOrdered, FilesureError, InvalidOrder, UnknownJob, WrongState, WrongUse
from jobs.domain.job import PRIORITIES, TRANSITIONS, UNFINISHED, Job, Run, Transition, parse_job_id
from jobs.ports import AuditLog, BlobStore, Clock, DocumentRepository, JobRepository, RunRepository

LONGEST_NAME = 200
MOST_ENTRIES = 100


@dataclass(frozen=True, kw_only=True)
class Order:
    """What somebody asks for, not yet checked."""

    cin: str
    company_name: str
    priority: int | str = 0


@dataclass(kw_only=True)
class DryRun:
    """The companies that would be ordered so far: the one thing about a rehearsal that is not stored elsewhere."""

    would_order: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class JobDetails:
    """One job with all that belongs to it."""

    job: Job
    runs: list[Run]
    documents: list[Document]
    audit: list[AuditEntry]


@dataclass(frozen=True, kw_only=True)
class JobService:
    """The use cases of the people who order.

    ``new_id`` makes ids for jobs, unique and in the order of their making. ``blobs`` is called when
    the blob store is first needed: few use cases do.
    """

    jobs: JobRepository
    documents: DocumentRepository
    runs: RunRepository
    audit: AuditLog
    blobs: Callable[[], BlobStore]
    clock: Clock
    new_id: Callable[[], str]
    max_attempts: int

    def order(
        self,
        orders: Sequence[Order],
        *,
        requested_by: str,
        again: bool = False,
        allow_unknown_codes: bool = False,
        dry_run: DryRun | None = None,
    ) -> list[Job | FilesureError]:
        """Order each: the new job, or why not, in the order given.

        One that is refused (InvalidCin, InvalidOrder, AlreadyOrdered) does not stop the others.
        A dry run checks the same and stores nothing; pass the same one with each batch of a list.
        """
        now = self.clock()
        checked = [self._checked(order, requested_by, allow_unknown_codes, now) for order in orders]
        results = checked if again else _without_repeats(checked, dry_run)
        wanted = [result for result in results if isinstance(result, Job)]
        refused = self._store(wanted, again=again, dry_run=dry_run) if wanted else {}
        return [
            AlreadyOrdered(result.cin, refused[result.cin])
            if isinstance(result, Job | AlreadyOrdered) and result.cin in refused
            else result
            for result in results
        ]

    def prepare(self, order: Order, *, requested_by: str) -> Job:
        """The job that an order would become, not stored. Raises InvalidCin, InvalidOrder."""
        checked = self._checked(order, requested_by, allow_unknown_codes=False, now=self.clock())
        if isinstance(checked, FilesureError):
            raise checked
        return checked

    def place(self, jobs: Sequence[Job], *, again: bool = False) -> None:
        """Store prepared jobs; those that are stored already stay as they are. Raises AlreadyOrdered.

        Idempotent as long as the jobs keep their ids.
        """
        refused = self._add(jobs, again=again)
        for job in jobs:
            if refused.get(job.cin, job.id) != job.id:
                raise AlreadyOrdered(job.cin, refused[job.cin])

    def _store(self, wanted: Sequence[Job], *, again: bool, dry_run: DryRun | None) -> Mapping[str, str]:
        if dry_run is None:
            return self._add(wanted, again=again)
        cins = {job.cin for job in wanted}
        refused = {} if again else self.jobs.unfinished(cins)
        dry_run.would_order |= cins - refused.keys()
        return refused

    def _add(self, jobs: Sequence[Job], *, again: bool) -> Mapping[str, str]:
        """Store new jobs; each begins a trace where there are any."""
        if not tracing.is_on():
            return self.jobs.add(jobs, again=again)
        spans = [tracing.begin("order", job.log_context()) for job in jobs]
        traced = [replace(job, trace_context=tracing.traceparent(span)) for job, span in zip(jobs, spans, strict=True)]
        refused = self.jobs.add(traced, again=again)
        for job, span in zip(jobs, spans, strict=True):
            if job.cin not in refused:
                span.end()
        return refused

    def _checked(
        self, order: Order, requested_by: str, allow_unknown_codes: bool, now: datetime
    ) -> Job | FilesureError:
        try:
            cin = parse_cin(order.cin, this_year=now.year, allow_unknown_codes=allow_unknown_codes)
            name, priority = _name(order.company_name), _priority(order.priority)
        except FilesureError as error:
            return error
        return Job(
            id=self.new_id(), cin=str(cin), company_name=name, priority=priority, run_after=now, due_at=now,
            max_attempts=self.max_attempts, requested_by=requested_by, created_at=now, updated_at=now,
        )  # fmt: skip

    def details(self, job_id: str) -> JobDetails:
        """One job with its runs, documents and the newest of what was done to it. Raises InvalidJobId, UnknownJob."""
        job = self.jobs.get(job_id)
        return JobDetails(
            job=job, runs=self.runs.of_job(job.id), documents=self.documents.of_job(job.id),
            audit=self.audit.of_job(job.id, MOST_ENTRIES),
        )  # fmt: skip

    # --- what staff do to a job that is there; each leaves a line in the audit log

    def cancel(self, job_id: str, actor: Actor) -> Job:
        """Cancel, or ask the job's worker to. Raises InvalidJobId, UnknownJob, WrongState."""
        with self._audited(Action.CANCEL, job_id, actor):
            return self.jobs.cancel(job_id)

    def retry(self, job_id: str, actor: Actor) -> Job:
        """Have a failed or cancelled job fetch what it lacks. Raises InvalidJobId, UnknownJob, WrongState.

        Its documents come first: cut off in between, the job has still failed, and the next retry
        finds nothing left to list again. The other way round a worker could meet the failed ones.
        """
        with self._audited(Action.RETRY, job_id, actor):
            job = self.jobs.get(job_id)
            if job.status in TRANSITIONS[Transition.RETRY].sources:
                self.documents.list_again(job.id)
            listed = job.progress.total is not None
            return self.jobs.retry(job.id, self.documents.progress(job.id) if listed else job.progress)

    def prioritise(self, job_id: str, priority: int | str, actor: Actor) -> Job:
        """Change an unfinished job's priority. Raises InvalidOrder, InvalidJobId, UnknownJob, WrongState."""
        number = _priority(priority)
        with self._audited(Action.PRIORITISE, job_id, actor, f"to {number}"):
            return self.jobs.prioritise(job_id, number)

    def delete(self, job_id: str, actor: Actor) -> None:
        """Remove a finished job with its documents, files and runs. Raises InvalidJobId, UnknownJob, WrongState.

        The job itself goes last: cut off in between, it can be deleted again, and whoever retries it
        instead has its documents listed anew.
        """
        with self._audited(Action.DELETE, job_id, actor):
            job = self.jobs.get(job_id)
            if job.status in UNFINISHED:
                raise WrongState(f"Job {job.id} is {job.status}; cancel it before you delete it.")
            for name in list(self.blobs().names(f"jobs/{job.id}/")):
                self.blobs().delete(name)
            self.documents.delete_of_job(job.id)
            self.runs.delete_of_job(job.id)
            self.jobs.delete(job.id)

    def prune(self, before: datetime, actor: Actor, limit: int) -> int:
        """Delete the jobs that ended first, before this time; how many of at most ``limit``."""
        ids = self.jobs.ended_before(before, limit)
        for job_id in ids:
            with suppress(WrongState, UnknownJob):  # retried meanwhile, or deleted by somebody else
                self.delete(job_id, actor)
        return len(ids)

    @contextmanager
    def _audited(self, action: Action, job_id: str, actor: Actor, details: str | None = None) -> Iterator[None]:
        """First the entry, then the effect: nothing is done that the log does not know of."""
        entry = AuditEntry(
            job_id=parse_job_id(job_id), action=action, by=actor.name, at=self.clock(), address=actor.address,
            details=details,
        )  # fmt: skip
        entry_id = self.audit.add(entry)
        try:
            yield
        except WrongUse as error:
            self.audit.refuse(entry_id, str(error))
            raise


def _without_repeats(results: Sequence[Job | FilesureError], dry_run: DryRun | None) -> list[Job | FilesureError]:
    """Refuse the second order of a company, as if the first were stored already."""
    earlier = dry_run.would_order if dry_run else set()
    first: dict[str, str | None] = {}
    kept: list[Job | FilesureError] = []
    for result in results:
        if isinstance(result, Job) and (result.cin in first or result.cin in earlier):
            kept.append(AlreadyOrdered(result.cin, first.get(result.cin)))
        else:
            kept.append(result)
        if isinstance(result, Job):
            first.setdefault(result.cin, None if dry_run else result.id)
    return kept


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise InvalidOrder("The company's name is missing.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidOrder(f"The company's name must be printable text of at most {LONGEST_NAME} characters.")
    return name


def _priority(value: int | str) -> int:
    message = f"The priority must be a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}, not '{value}'."
    try:
        priority = int(value or 0)
    except ValueError:
        raise InvalidOrder(message) from None
    if priority not in PRIORITIES:
        raise InvalidOrder(message)
    return priority
