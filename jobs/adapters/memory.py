"""The repositories in memory: a working twin of MongoDB's for tests, held to the same suite."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from jobs.domain.audit import AuditEntry
from jobs.domain.document import Document, DocumentError, DocumentStatus, Filing, StoredFile
from jobs.domain.ending import Ending
from jobs.domain.errors import LeaseLost, UnknownDocument, UnknownJob, WrongState
from jobs.domain.job import (
    TRANSITIONS,
    UNFINISHED,
    Job,
    JobStatus,
    Lease,
    Progress,
    Run,
    RunOutcome,
    Transition,
    parse_job_id,
)
from jobs.ports import Clock


class MemoryJobRepository:
    """``jobs.ports.JobRepository`` over a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._jobs: dict[str, Job] = {}
        self._clock = clock
        self._lock = threading.RLock()

    def add(self, jobs: Sequence[Job], *, again: bool) -> Mapping[str, str]:
        """See the port."""
        refused: dict[str, str] = {}
        with self._lock:
            for job in jobs:
                holder = None if again else self._unfinished(job.cin)
                if holder:
                    refused[job.cin] = holder.id
                else:
                    self._jobs[job.id] = job
        return refused

    def unfinished(self, cins: Collection[str]) -> Mapping[str, str]:
        """See the port."""
        with self._lock:
            return {cin: holder.id for cin in cins if (holder := self._unfinished(cin))}

    def _unfinished(self, cin: str) -> Job | None:
        return next((job for job in self._jobs.values() if job.cin == cin and job.status in UNFINISHED), None)

    def get(self, job_id: str) -> Job:
        """See the port."""
        with self._lock:
            job = self._jobs.get(parse_job_id(job_id))
        if job is None:
            raise UnknownJob(job_id)
        return job

    def latest(self, limit: int) -> list[Job]:
        """See the port."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: job.id, reverse=True)[:limit]

    def count_by_status(self) -> dict[JobStatus, int]:
        """See the port."""
        with self._lock:
            return {status: sum(job.status is status for job in self._jobs.values()) for status in JobStatus}

    def count_due(self, limit: int) -> int:
        """See the port."""
        with self._lock:
            return min(limit, sum(job.is_due(self._clock()) for job in self._jobs.values()))

    def ended_before(self, time: datetime, limit: int) -> list[str]:
        """See the port."""
        with self._lock:
            ended = [(job.completed_at, job.id) for job in self._jobs.values() if job.completed_at]
        return [job_id for at, job_id in sorted(ended) if at < time][:limit]

    def has_unfinished(self) -> bool:
        """See the port."""
        with self._lock:
            return any(job.status in UNFINISHED for job in self._jobs.values())

    def claim_next(self, worker: str, lease_seconds: float) -> Job | None:
        """See the port."""
        with self._lock:
            now = self._clock()
            due = [job for job in self._jobs.values() if job.is_due(now)]
            if not due:
                return None
            first = min(due, key=lambda job: (-job.priority, job.created_at))
            return self._lease(first, worker, now, lease_seconds, counted=1)

    def claim(self, job_id: str, worker: str, lease_seconds: float) -> Job:
        """See the port."""
        with self._lock:
            job, now = self.get(job_id), self._clock()
            mine = job.status is JobStatus.PROCESSING and job.locked_by == worker
            if not mine and not job.is_due(now):
                raise WrongState(f"Job {job.id} is {job.status} and not due.")
            return self._lease(job, worker, now, lease_seconds, counted=int(job.is_due(now)))

    def _lease(self, job: Job, worker: str, now: datetime, lease_seconds: float, counted: int) -> Job:
        until = now + timedelta(seconds=lease_seconds)
        return self._put(replace(
            job, status=TRANSITIONS[Transition.CLAIM].target, locked_by=worker, locked_at=now,
            lease_expires_at=until, run_after=until, fence=job.fence + 1, runs=job.runs + counted,
            attempts=job.attempts + counted, started_at=job.started_at or now, updated_at=now,
        ))  # fmt: skip

    def renew(self, lease: Lease, lease_seconds: float) -> Job:
        """See the port."""
        with self._lock:
            now = self._clock()
            until = now + timedelta(seconds=lease_seconds)
            job = self._held(lease)
            return self._put(replace(job, lease_expires_at=until, run_after=until, updated_at=now))

    def save_progress(self, lease: Lease, progress: Progress) -> None:
        """See the port."""
        with self._lock:
            self._put(replace(self._held(lease), progress=progress, updated_at=self._clock()))

    def end(self, lease: Lease, ending: Ending) -> None:
        """See the port."""
        with self._lock:
            job, now = self._held(lease), self._clock()
            target = TRANSITIONS[ending.transition].target
            unfinished, completed = target in UNFINISHED, target is JobStatus.COMPLETED
            self._put(replace(
                job, status=target, attempts=ending.attempts, progress=ending.progress, updated_at=now,
                locked_by=None, locked_at=None, lease_expires_at=None,
                run_after=ending.run_after if unfinished else None,
                due_at=ending.run_after if unfinished else job.due_at,
                completed_at=None if unfinished else now,
                last_error=ending.error or (None if completed else job.last_error),
            ))  # fmt: skip

    def cancel(self, job_id: str) -> Job:
        """See the port."""
        with self._lock:
            job, now = self.get(job_id), self._clock()
            if job.status is JobStatus.PENDING or (job.status is JobStatus.PROCESSING and job.is_due(now)):
                return self._put(replace(
                    job, status=TRANSITIONS[Transition.CANCEL].target, run_after=None, locked_by=None,
                    locked_at=None, lease_expires_at=None, completed_at=now, cancel_requested_at=now,
                    fence=job.fence + 1, updated_at=now,
                ))  # fmt: skip
            if job.status is JobStatus.PROCESSING:
                asked = job.cancel_requested_at or now
                return self._put(replace(job, cancel_requested_at=asked, updated_at=now))
            if job.status is not JobStatus.CANCELLED:
                raise WrongState(f"Job {job.id} is {job.status}: there is nothing left to cancel.")
            return job

    def retry(self, job_id: str, progress: Progress) -> Job:
        """See the port."""
        with self._lock:
            job, now = self.get(job_id), self._clock()
            if job.status not in TRANSITIONS[Transition.RETRY].sources:
                raise WrongState(f"Job {job.id} is {job.status}; only a failed or cancelled job can be retried.")
            return self._put(replace(
                job, status=TRANSITIONS[Transition.RETRY].target, run_after=now, due_at=now, attempts=0,
                completed_at=None, cancel_requested_at=None, last_error=None, progress=progress, updated_at=now,
            ))  # fmt: skip

    def prioritise(self, job_id: str, priority: int) -> Job:
        """See the port."""
        with self._lock:
            job = self.get(job_id)
            if job.status not in UNFINISHED:
                raise WrongState(f"Job {job.id} is {job.status}; only an unfinished job has a priority to change.")
            return self._put(replace(job, priority=priority, updated_at=self._clock()))

    def delete(self, job_id: str) -> None:
        """See the port."""
        with self._lock:
            job = self._jobs.get(parse_job_id(job_id))
            if job and job.status in UNFINISHED:
                raise WrongState(f"Job {job_id} is unfinished again; cancel it before you delete it.")
            self._jobs.pop(parse_job_id(job_id), None)

    def _held(self, lease: Lease) -> Job:
        job = self._jobs.get(lease.job_id)
        if job is None or job.fence != lease.fence or job.status is not JobStatus.PROCESSING:
            raise LeaseLost(lease.job_id, lease.fence)
        return job

    def _put(self, job: Job) -> Job:
        self._jobs[job.id] = job
        return job


class MemoryDocumentRepository:
    """``jobs.ports.DocumentRepository`` over a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._rows: dict[tuple[str, int], tuple[Document, int]] = {}
        self._clock = clock
        self._lock = threading.RLock()
        self._ids = itertools.count(1)

    def take_over(self, lease: Lease) -> None:
        """See the port."""
        with self._lock:
            for key, (document, fence) in self._rows.items():
                if document.job_id == lease.job_id:
                    self._rows[key] = (document, max(fence, lease.fence))

    def add(self, lease: Lease, job: Job, filings: Sequence[Filing]) -> None:
        """See the port."""
        with self._lock:
            for filing in filings:
                document = Document(
                    id=f"{next(self._ids):024x}", job_id=job.id, cin=job.cin, company_name=job.company_name,
                    filing=filing, created_at=self._clock(),
                )  # fmt: skip
                self._rows.setdefault((job.id, filing.number), (document, lease.fence))

    def to_download(self, job_id: str, limit: int) -> list[Document]:
        """See the port."""
        listed = [document for document in self.of_job(job_id) if document.status is DocumentStatus.LISTED]
        return sorted(listed, key=lambda document: (document.attempts, document.filing.number))[:limit]

    def save_stored(self, lease: Lease, document: Document, file: StoredFile) -> None:
        """See the port."""
        now = self._clock()
        self._write(lease, document, status=DocumentStatus.STORED, file=file, downloaded_at=now, error=None)

    def save_failure(self, lease: Lease, document: Document, error: DocumentError, *, final: bool) -> None:
        """See the port."""
        status = DocumentStatus.FAILED if final else DocumentStatus.LISTED
        self._write(lease, document, status=status, attempts=document.attempts + 1, error=error)

    def _write(self, lease: Lease, document: Document, **changes: object) -> None:
        key = (document.job_id, document.filing.number)
        with self._lock:
            stored, fence = self._rows[key]
            if fence > lease.fence:
                raise LeaseLost(lease.job_id, lease.fence)
            self._rows[key] = (replace(stored, **changes), fence)  # type: ignore[arg-type]

    def progress(self, job_id: str) -> Progress:
        """See the port."""
        statuses = [document.status for document in self.of_job(job_id)]
        return Progress(
            total=len(statuses) or None,
            downloaded=statuses.count(DocumentStatus.STORED),
            failed=statuses.count(DocumentStatus.FAILED),
        )

    def of_job(self, job_id: str) -> list[Document]:
        """See the port."""
        key = parse_job_id(job_id)
        with self._lock:
            mine = [document for document, _ in self._rows.values() if document.job_id == key]
        return sorted(mine, key=lambda document: document.filing.number)

    def list_again(self, job_id: str) -> int:
        """See the port."""
        with self._lock:
            failed = [each for each in self.of_job(job_id) if each.status is DocumentStatus.FAILED]
            for document in failed:
                key = (document.job_id, document.filing.number)
                again = replace(document, status=DocumentStatus.LISTED, attempts=0, error=None)
                self._rows[key] = (again, self._rows[key][1])
            return len(failed)

    def get(self, job_id: str, number: int) -> Document:
        """See the port."""
        with self._lock:
            row = self._rows.get((parse_job_id(job_id), number))
        if row is None:
            raise UnknownDocument(job_id, number)
        return row[0]

    def delete_of_job(self, job_id: str) -> None:
        """See the port."""
        with self._lock:
            self._rows = {key: row for key, row in self._rows.items() if key[0] != parse_job_id(job_id)}


class MemoryRunRepository:
    """``jobs.ports.RunRepository`` over a dictionary."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, int], Run] = {}
        self._lock = threading.RLock()

    def start(self, run: Run) -> int:
        """See the port."""
        with self._lock:
            silent = {
                key: replace(earlier, outcome=RunOutcome.LOST, finished_at=run.started_at)
                for key, earlier in self._runs.items()
                if earlier.job_id == run.job_id and earlier.fence < run.fence and earlier.outcome is None
            }
            self._runs |= {**silent, (run.job_id, run.number): run}
            return len(silent)

    def finish(self, run: Run) -> None:
        """See the port."""
        with self._lock:
            self._runs[run.job_id, run.number] = run

    def of_job(self, job_id: str) -> list[Run]:
        """See the port."""
        key = parse_job_id(job_id)
        with self._lock:
            return sorted((run for run in self._runs.values() if run.job_id == key), key=lambda run: run.number)

    def delete_of_job(self, job_id: str) -> None:
        """See the port."""
        with self._lock:
            self._runs = {key: run for key, run in self._runs.items() if key[0] != parse_job_id(job_id)}


class MemoryAuditLog:
    """``jobs.ports.AuditLog`` over a list."""

    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []

    def add(self, entry: AuditEntry) -> str:
        """See the port."""
        self._entries.append(entry)
        return str(len(self._entries) - 1)

    def refuse(self, entry_id: str, reason: str) -> None:
        """See the port."""
        self._entries[int(entry_id)] = replace(self._entries[int(entry_id)], refused=reason)

    def of_job(self, job_id: str, limit: int) -> list[AuditEntry]:
        """See the port."""
        mine = [entry for entry in reversed(self._entries) if entry.job_id == parse_job_id(job_id)]
        return mine[:limit]
