"""What the queue should do, as simply as possible: a pure model of jobs, documents and runs.

It shares the domain's types with the repositories, but none of the code that decides. Each method does what the port of
the same name promises, to dictionaries, and raises the same errors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from jobs.domain.document import DocumentStatus, Filing
from jobs.domain.errors import DocumentsInUse, LeaseLost
from jobs.domain.job import Job, JobError, JobStatus, Lease, Progress, Run, RunOutcome
from jobs.domain.wrong_use import AlreadyOrdered, UnknownJob, WrongState

LEASE = 60.0
#: That of the installation.
SOURCE = "portal"
WAITING = {"pending", "processing"}
RETRIED = {"failed", "partial", "cancelled"}
FREE: dict[str, Any] = {"locked_by": None, "locked_at": None, "lease_expires_at": None}


@dataclass(kw_only=True)
class Row:
    """A document. ``id`` is the one that the repository has chosen."""

    id: str
    filing: Filing
    fence: int
    status: DocumentStatus = DocumentStatus.LISTED
    attempts: int = 0


@dataclass
class Model:
    clock: Callable[[], datetime]
    jobs: dict[str, Job] = field(default_factory=dict)
    rows: dict[str, dict[int, Row]] = field(default_factory=dict)
    runs: dict[str, dict[int, Run]] = field(default_factory=dict)
    #: Of the queue (None) and of sources, the end of the latest pause.
    paused_until: dict[str | None, datetime] = field(default_factory=dict)

    def change(self, job: Job, **fields: Any) -> Job:
        self.jobs[job.id] = replace(job, updated_at=self.clock(), **fields)
        return self.jobs[job.id]

    # --- ordering

    def add(self, jobs: Sequence[Job], *, again: bool) -> dict[str, set[str]]:
        """Returns, for each refused company, the jobs that may be named."""
        unfinished = {job.cin: self.unfinished(job.cin, None) for job in jobs}
        refused = {cin: ids for cin, ids in unfinished.items() if ids and not again}
        stored = [job for job in jobs if job.cin not in refused]
        latest = {(job.priority, job.requested_by): self.latest_turn(job) for job in stored}
        for job in stored:
            latest[job.priority, job.requested_by] += 1
            self.jobs[job.id] = replace(job, turn=latest[job.priority, job.requested_by])
        return refused

    def latest_turn(self, new: Job) -> int:
        """The turn before the one that a new job gets."""
        alike = [job for job in self.jobs.values() if job.priority == new.priority]
        started = max((job.turn for job in alike if job.started_at), default=0)
        held = [job.turn for job in alike if job.status == "processing"]
        served = [turn for turn in held if turn > started - len(held)]
        mine = [job.turn for job in alike if job.requested_by == new.requested_by and job.status in WAITING]
        return max([min(served) - 1 if served else started, *mine])

    def unfinished(self, cin: str, original: str | None) -> set[str]:
        """Orders of a company, or, with ``original``, jobs that read its documents again."""
        jobs = [job for job in self.jobs.values() if job.cin == cin and job.status in WAITING]
        return {job.id for job in jobs if (job.reread.job_id if job.reread else None) == original}

    def add_reread(self, job: Job) -> set[str]:
        assert job.reread
        if self.unfinished(job.cin, job.reread.job_id):
            return set()
        self.jobs[job.id] = replace(job, turn=self.latest_turn(job) + 1)
        return {job.id}

    def is_reread(self, job: Job) -> bool:
        return bool(self.unfinished(job.cin, job.id))

    def borrow(self, job_id: str) -> Lease:
        job = self.get(job_id)
        if job.status in WAITING:
            raise DocumentsInUse(job_id)
        self.jobs[job_id] = replace(job, fence=job.fence + 1)
        return Lease(job_id=job_id, fence=job.fence + 1, worker="")

    def get(self, job_id: str) -> Job:
        job = self.jobs.get(job_id)
        if job is None or job.status == "deleting":
            raise UnknownJob(job_id)
        return job

    # --- the lease

    def due(self) -> list[Job]:
        return [job for job in self.jobs.values() if job.run_after and job.run_after <= self.clock()]

    def claimable(self) -> list[Job]:
        return [] if self.is_paused() else self.due()

    def is_paused(self) -> bool:
        return any(self.has_pause(source) for source in (None, SOURCE))

    def has_pause(self, source: str | None) -> bool:
        return source in self.paused_until and self.clock() < self.paused_until[source]

    def first(self) -> set[str]:
        """The jobs of which the next claim takes one; several if they are equal in everything that counts."""
        ranks = {job.id: (-job.priority, job.turn, job.created_at) for job in self.claimable()}
        return {job_id for job_id, rank in ranks.items() if rank == min(ranks.values())}

    def claim(self, job_id: str, worker: str) -> Job:
        job, due = self.get(job_id), self.jobs[job_id] in self.due()
        mine = not due and (job.status, job.locked_by) == ("processing", worker)
        if not mine and (not due or self.is_paused()):
            raise WrongState(job_id)
        now, waited = self.clock(), self.waited(job) if due else None
        claimed = self.change(
            job,
            status=JobStatus.PROCESSING,
            locked_by=worker,
            locked_at=now,
            lease_expires_at=now + timedelta(seconds=LEASE),
            run_after=now + timedelta(seconds=LEASE),
            started_at=min(job.started_at or now, now),
            fence=job.fence + 1,
            runs=job.runs + due,
            attempts=job.attempts + due,
        )
        return replace(claimed, waited=waited)

    def waited(self, job: Job) -> float:
        """Since it is due, or since the last pause if that was later; other sources' pauses do not matter."""
        ends = [until for source, until in self.paused_until.items() if source in (None, SOURCE)]
        assert job.run_after
        return (self.clock() - max([job.run_after, *ends])).total_seconds() if job.priority >= 0 else 0.0

    def held(self, lease: Lease) -> Job:
        job = self.jobs.get(lease.job_id)
        if job is None or (job.status, job.fence) != ("processing", lease.fence):
            raise LeaseLost(lease.job_id, lease.fence)
        return job

    def renew(self, lease: Lease) -> Job:
        until = self.clock() + timedelta(seconds=LEASE)
        return self.change(self.held(lease), lease_expires_at=until, run_after=until)

    def save_progress(self, lease: Lease, progress: Progress, *, advanced: bool) -> None:
        job = self.held(lease)
        self.change(job, progress=progress, attempts=1 if advanced else job.attempts)

    def release(self, lease: Lease, attempts: int, progress: Progress, at: datetime, error: JobError | None) -> None:
        job = self.held(lease)
        waits = {"run_after": at, "due_at": at, "last_error": error or job.last_error}
        self.change(job, status=JobStatus.PENDING, attempts=attempts, progress=progress, **waits, **FREE)

    def finish(
        self, lease: Lease, status: JobStatus, attempts: int, progress: Progress, error: JobError | None
    ) -> None:
        job = self.held(lease)
        error = None if status == "completed" else error or job.last_error
        ended = {"run_after": None, "completed_at": self.clock(), "last_error": error}
        self.change(job, status=status, attempts=attempts, progress=progress, **ended, **FREE)

    # --- staff

    def cancel(self, job_id: str) -> Job:
        job, now = self.get(job_id), self.clock()
        if job.status == "cancelled":
            return job
        if job.status not in WAITING:
            raise WrongState(job_id)
        if job.status == "processing" and job not in self.due():
            return self.change(job, cancel_requested_at=min(job.cancel_requested_at or now, now))
        ended = {"run_after": None, "completed_at": now, "cancel_requested_at": now}
        return self.change(job, status=JobStatus.CANCELLED, fence=job.fence + 1, **ended, **FREE)

    def retry(self, job_id: str, progress: Progress, *, again: bool) -> Job:
        job, now = self.get(job_id), self.clock()
        original = job.reread.job_id if job.reread else None
        if others := self.unfinished(job.cin, original) - {job_id} if original or not again else set():
            raise AlreadyOrdered(job.cin, others.pop())
        if job.status not in RETRIED:
            raise WrongState(job_id)
        cleared = {"completed_at": None, "cancel_requested_at": None, "last_error": None}
        due = {"run_after": now, "due_at": now}
        return self.change(job, status=JobStatus.PENDING, attempts=0, progress=progress, **cleared, **due)

    def prioritise(self, job_id: str, priority: int) -> Job:
        if self.get(job_id).status not in WAITING:
            raise WrongState(job_id)
        return self.change(self.jobs[job_id], priority=priority)

    def run_now(self, job_id: str) -> Job:
        job, now = self.get(job_id), self.clock()
        if job.status != "pending":
            raise WrongState(job_id)
        return self.change(job, priority=9, run_after=min(job.run_after, now), due_at=min(job.due_at or now, now))

    def begin_deletion(self, job_id: str) -> None:
        job = self.jobs.get(job_id)
        if job is None:
            raise UnknownJob(job_id)
        if job.status in WAITING:
            raise WrongState(job_id)
        if job.status != "deleting":
            self.change(job, status=JobStatus.DELETING, fence=job.fence + 1)

    def deleting(self) -> set[str]:
        return {job.id for job in self.jobs.values() if job.status == "deleting"}

    def delete_rows(self, job_id: str) -> None:
        self.rows.pop(job_id, None)

    def delete_runs(self, job_id: str) -> None:
        self.runs.pop(job_id, None)

    def delete(self, job_id: str) -> None:
        self.jobs.pop(job_id, None)

    # --- documents

    def of_job(self, job_id: str) -> list[Row]:
        return [row for _, row in sorted(self.rows.get(job_id, {}).items())]

    def take_over(self, lease: Lease) -> None:
        for row in self.of_job(lease.job_id):
            row.fence = max(row.fence, lease.fence)

    def list(self, lease: Lease, filings: Sequence[Filing]) -> None:
        self.take_over(lease)
        rows = self.rows.setdefault(lease.job_id, {})
        known = Counter(row.filing.key for row in rows.values())
        for filing in filings:
            known[filing.key] -= 1
            if known[filing.key] < 0:
                number = filing.number if filing.number not in rows else max(rows) + 1
                rows[number] = Row(id="", filing=replace(filing, number=number), fence=lease.fence)

    def withdraw(self, lease: Lease) -> None:
        rows = self.rows.get(lease.job_id, {})
        self.rows[lease.job_id] = {number: row for number, row in rows.items() if row.fence != lease.fence}

    def save(self, lease: Lease, document_id: str, status: DocumentStatus, attempts: int | None) -> None:
        """``attempts`` is None for a document that is stored, which keeps its number."""
        for row in self.of_job(lease.job_id):
            if row.id == document_id and row.fence <= lease.fence:
                row.status, row.attempts = status, row.attempts if attempts is None else attempts
                return
        raise LeaseLost(lease.job_id, lease.fence)

    def list_again(self, job_id: str) -> int:
        failed = [row for row in self.of_job(job_id) if row.status == "failed"]
        for row in failed:
            row.status, row.attempts = DocumentStatus.LISTED, 0
        return len(failed)

    def progress(self, job_id: str) -> Progress:
        counts = Counter(row.status for row in self.of_job(job_id))
        return Progress(total=counts.total() or None, downloaded=counts["stored"], failed=counts["failed"])

    # --- runs

    def start(self, run: Run) -> int:
        silent = self.lose(run.job_id, run.fence)
        runs = self.runs.setdefault(run.job_id, {})
        if run.number not in runs or runs[run.number].fence <= run.fence:
            runs[run.number] = self.with_wait(run)
        return silent

    def with_wait(self, run: Run) -> Run:
        """A worker that takes up its own claim does not know how long the job waited for it."""
        known = self.runs[run.job_id].get(run.number, run).waited
        return replace(run, waited=known if run.waited is None else run.waited)

    def end_run(self, run: Run) -> None:
        runs = self.runs.get(run.job_id, {})
        if run.number in runs and runs[run.number].fence <= run.fence:
            runs[run.number] = self.with_wait(run)

    def lose(self, job_id: str, fence: int) -> int:
        runs = self.runs.get(job_id, {})
        silent = [run for run in runs.values() if run.fence < fence and run.outcome is None]
        for run in silent:
            runs[run.number] = replace(run, outcome=RunOutcome.LOST, finished_at=self.clock())
        return len(silent)

    def without_job(self, job_ids: Collection[str]) -> set[str]:
        return {job_id for job_id in job_ids if job_id not in self.jobs}
