"""What the use cases and the worker need from the outside, as Protocols.

Adapters implement them and translate their vendor's exceptions into ``jobs.domain.errors``.
Every method may raise DatabaseUnavailable / DatabaseRefused (repositories) or
BlobStoreUnavailable / BlobStoreRefused (blob stores) besides what it names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from jobs.domain.audit import AuditEntry
from jobs.domain.document import Document, DocumentError, Extraction, Filing, StoredFile
from jobs.domain.ending import Ending
from jobs.domain.job import Job, JobStatus, Lease, Progress, Run
from jobs.domain.listing import Bucket, Count, Cursor, DocumentFilter, Facets, JobFilter, JobOrder, Page, Reason


class Clock(Protocol):
    """The time that decides what is due: aware, UTC, to the millisecond."""

    def __call__(self) -> datetime:
        """Now."""


class JobRepository(Protocol):
    """The queue and the record of all jobs."""

    def add(self, jobs: Sequence[Job], *, again: bool) -> Mapping[str, str]:
        """Store new jobs. Returns the refused ones: CIN → id of the company's unfinished job.

        Two unfinished jobs of one company are refused, also when two callers race, unless
        ``again``. All others are stored whatever became of their neighbours.
        """

    def unfinished(self, cins: Collection[str]) -> Mapping[str, str]:
        """CIN → id of an unfinished job, for the companies that have one."""

    def get(self, job_id: str) -> Job:
        """Raises InvalidJobId, UnknownJob."""

    def latest(self, limit: int) -> list[Job]:
        """The newest jobs first."""

    def count_by_status(self) -> dict[JobStatus, int]:
        """Every status, also those with no job. The cost grows with the number of jobs."""

    def count_due(self, limit: int) -> int:
        """How many jobs a claim could take now, counted up to ``limit``."""

    def ended_before(self, time: datetime, limit: int) -> list[str]:
        """The ids of the jobs that ended first, before this time."""

    def has_unfinished(self) -> bool:
        """Whether any job is pending or processing, due or not."""

    def claim_next(self, worker: str, lease_seconds: float) -> Job | None:
        """Take the due job of the highest priority, among those the oldest; None if none is due.

        Atomic: of several callers one gets the job. The fence rises.
        """

    def claim(self, job_id: str, worker: str, lease_seconds: float) -> Job:
        """Take this job if it is due, or already leased to this very worker.

        The latter is how a pod's worker picks up what its init container claimed; it counts no
        further attempt. Raises InvalidJobId, UnknownJob, WrongState.
        """

    def renew(self, lease: Lease, lease_seconds: float) -> Job:
        """Extend the lease; the answer shows a cancel request. Raises LeaseLost."""

    def save_progress(self, lease: Lease, progress: Progress) -> None:
        """Raises LeaseLost."""

    def end(self, lease: Lease, ending: Ending) -> None:
        """Give the job back or end it. Raises LeaseLost."""

    def cancel(self, job_id: str) -> Job:
        """Cancel at once if nobody works on it, else ask its worker to. Idempotent.

        Raises InvalidJobId, UnknownJob, WrongState (the job has ended otherwise).
        """

    def retry(self, job_id: str, progress: Progress) -> Job:
        """Make a failed or cancelled job pending and due. Raises InvalidJobId, UnknownJob, WrongState."""

    def prioritise(self, job_id: str, priority: int) -> Job:
        """Change an unfinished job's priority. Raises InvalidJobId, UnknownJob, WrongState."""

    def delete(self, job_id: str) -> None:
        """Remove a finished job's record. Idempotent. Raises InvalidJobId, WrongState."""


class DocumentRepository(Protocol):
    """The documents of jobs. A worker's writes carry its fence; a higher one shuts them out."""

    def take_over(self, lease: Lease) -> None:
        """From now on only this fence, or a higher one, may write to the job's documents."""

    def add(self, lease: Lease, job: Job, filings: Sequence[Filing]) -> None:
        """Store filings as listed documents; those already there stay as they are."""

    def to_download(self, job_id: str, limit: int) -> list[Document]:
        """Listed documents: the least tried first, then by number."""

    def save_stored(self, lease: Lease, document: Document, file: StoredFile) -> None:
        """The bytes are in the blob store. Raises LeaseLost."""

    def save_failure(self, lease: Lease, document: Document, error: DocumentError, *, final: bool) -> None:
        """One more failed try; ``final`` makes the document ``failed``. Raises LeaseLost."""

    def progress(self, job_id: str) -> Progress:
        """Counted from what is stored; ``total`` is None where nothing is."""

    def of_job(self, job_id: str) -> list[Document]:
        """All documents of a job by number."""

    def list_again(self, job_id: str) -> int:
        """Make a job's failed documents ``listed`` with no attempts; returns how many."""

    def get(self, job_id: str, number: int) -> Document:
        """One document. Raises InvalidJobId, UnknownDocument."""

    def delete_of_job(self, job_id: str) -> None:
        """Remove a job's documents. Idempotent."""


class RunRepository(Protocol):
    """The history of runs. It tells what happened and decides nothing."""

    def start(self, run: Run) -> int:
        """Record a run; earlier ones of the job that never ended become ``lost``. How many these were. Idempotent."""

    def finish(self, run: Run) -> None:
        """Record the run's end. Idempotent."""

    def of_job(self, job_id: str) -> list[Run]:
        """The runs of a job by number."""

    def delete_of_job(self, job_id: str) -> None:
        """Remove a job's runs. Idempotent."""


class AuditLog(Protocol):
    """Who asked for what, when, from where. Entries are added before the effect and never changed but once."""

    def add(self, entry: AuditEntry) -> str:
        """Store an entry; returns its id."""

    def refuse(self, entry_id: str, reason: str) -> None:
        """What was asked for was refused."""

    def of_job(self, job_id: str, limit: int) -> list[AuditEntry]:
        """The newest entries about a job first."""


class UploadStore(Protocol):
    """Files between a person's upload and their yes; gone after an hour."""

    def keep(self, owner: str, name: str, data: bytes) -> str:
        """Store a file of at most 15 MB; returns its id."""

    def get(self, upload_id: str, owner: str) -> tuple[str, bytes]:
        """Its name and bytes, for its owner only. Raises UnknownUpload."""

    def delete(self, upload_id: str) -> None:
        """Idempotent."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be ordered for a key: ``orders`` with the ids of their jobs; ``done`` once all are stored."""

    fingerprint: str
    orders: Sequence[Mapping[str, Any]]
    done: bool


class IdempotencyStore(Protocol):
    """Plans by the key that a caller gave them; forgotten after a day."""

    def begin(self, key: str, fingerprint: str, orders: Sequence[Mapping[str, Any]]) -> Plan:
        """Store a plan, or get the one that is there already: of racing callers one plans, all get that plan."""

    def finish(self, key: str) -> None:
        """Everything planned is stored."""

    def forget(self, key: str) -> None:
        """Nothing of it is: the key may be used again. Idempotent."""


class Catalogue(Protocol):
    """What people look at. Each call's cost is bounded: by an index and a limit, else by time.

    Every method that takes a filter may raise TooSlow.
    """

    def jobs(self, wanted: JobFilter, order: JobOrder, cursor: Cursor | None, limit: int) -> Page[Job]:
        """A page of jobs."""

    def count(self, wanted: JobFilter, limit: int) -> Count:
        """How many jobs match, up to a limit."""

    def facets(self, wanted: JobFilter, among: int) -> Facets:
        """Counts beside the filters' values, among that many of the newest jobs."""

    def totals(self, limit: int) -> dict[JobStatus, Count]:
        """All jobs by state. Counted up to ``limit`` each, but for the largest, which is the rest of all."""

    def oldest_due(self) -> datetime | None:
        """Since when the job that waits longest has been due; None if none is."""

    def running(self, limit: int) -> list[Job]:
        """Processing jobs, the earliest end of a lease first."""

    def ended(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        """What ended from ``since`` on, before ``until``, in stretches of ``seconds``; empty ones are left out."""

    def failed_jobs(self, now: datetime, limit: int) -> list[Reason]:
        """Reasons of failed jobs, the most frequent first, among the newest ``limit``."""

    def failed_documents(self, now: datetime, limit: int) -> list[Reason]:
        """Reasons of failed documents, the most frequent first, among the newest ``limit``."""

    def documents(self, wanted: DocumentFilter, cursor: Cursor | None, limit: int) -> Page[Document]:
        """A page of documents, the newest first."""

    def document_types(self) -> list[str]:
        """The forms that occur, sorted."""


class Totals(Protocol):
    """What workers counted, added up for good; keys are chosen by the callers."""

    def add(self, worker: str, sequence: int, amounts: Mapping[str, float]) -> None:
        """Add a worker's ``sequence``-th part (1, 2, …). A part that is there already is not added again.

        After an error nobody knows whether it was added: call again with the same arguments.
        """

    def read(self) -> Mapping[str, float]:
        """All totals. Also forgets workers that have been silent for an hour."""


@dataclass(frozen=True, kw_only=True)
class Blob:
    """A blob's properties. ``size`` in bytes; ``md5`` the raw 16 bytes."""

    name: str
    url: str
    size: int
    content_type: str
    md5: bytes
    metadata: Mapping[str, str]


class BlobStore(Protocol):
    """A flat space of named blobs."""

    def put(
        self,
        name: str,
        data: IO[bytes],
        *,
        content_type: str,
        md5: bytes,
        fence: int,
        metadata: Mapping[str, str],
    ) -> Blob:
        """Store a blob, whole or not at all, replacing what has this name. Streams ``data``.

        A blob remembers its writer's fence. Raises LeaseLost if a higher fence wrote it.
        """

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Read a blob as a stream. Raises BlobNotFound."""

    def properties(self, name: str) -> Blob:
        """Raises BlobNotFound."""

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin with ``prefix``, sorted."""

    def delete(self, name: str) -> None:
        """Idempotent."""

    def check(self) -> str:
        """A word on version and place. Raises if the store cannot be used."""


class Source(Protocol):
    """Where filings come from. Blocking calls keep their own time limits."""

    def filings(self, cin: str, company_name: str) -> Sequence[Filing]:
        """All filings of a company, in a stable order. Raises CompanyNotFound, SourceUnavailable."""

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int) -> Iterator[bytes]:
        """A filing's bytes, in chunks of at most 1 MiB. ``attempt`` is 1 at the first try.

        Raises DocumentUnavailable, DocumentUnreadable, SourceUnavailable.
        """

    def check(self) -> str:
        """A word on what and where it is. Raises SourceUnavailable."""


class Extractor(Protocol):
    """Reads text out of documents."""

    def extract(self, path: Path, file_name: str) -> tuple[Extraction, str]:
        """The text of a file. Raises DocumentUnreadable with a reason that a person understands.

        Also raises DocumentUnavailable (closed meanwhile), LocalDiskError, UnexpectedError.
        """

    def close(self) -> None:
        """Give back what the extractor holds. Idempotent."""
