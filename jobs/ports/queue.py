"""Ports for the queue: jobs, their documents and their runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from jobs.domain.job import Job, JobStatus, Lease, Progress, Run

if TYPE_CHECKING:
    from jobs.domain.document import Document, DocumentError, Filing, StoredFile
    from jobs.domain.ending import Ending
    from jobs.domain.export import Export
    from jobs.domain.filings.summary import DocumentReading
    from jobs.domain.pausing import Pause
    from jobs.domain.run_details import RunDetails
    from jobs.domain.watching import ListedFiling


class Clock(Protocol):
    """The clock that decides which jobs are due. Times are timezone-aware, in UTC, in whole milliseconds."""

    def __call__(self) -> datetime: ...


#: Returns the expected completions of new jobs, by id; those without an estimate are omitted.
Expect = Callable[[Sequence[Job]], Mapping[str, datetime]]


class PauseRepository(Protocol):
    """The latest pause of the queue and of each source. Only those of the queue and of one source are observed."""

    def put(self, pause: Pause) -> None:
        """Store a pause instead of the latest one of the same queue or source."""

    def end(self, source: str | None) -> Pause | None:
        """End a current pause now. Returns it as it was; None if there is none."""

    def current(self) -> list[Pause]:
        """The current pauses of the queue and of the observed source, the one that ends first in front."""

    def latest(self) -> list[Pause]:
        """The latest pause of the queue and that of the observed source, each current or ended."""


class JobRepository(Protocol):
    """The queue, and all jobs that have ended. While it or its source is paused, no job can be claimed."""

    def add(self, jobs: Sequence[Job], *, again: bool, expect: Expect | None = None) -> Mapping[str, str]:
        """Store new jobs, each with its turn and its expected completion by ``expect``.

        Returns refused jobs: CIN → id of the company's unfinished job.

        A second unfinished job of a company is refused, even if two callers race, unless ``again``.
        All other jobs are stored, independently of each other.
        """

    def add_tasks(self, jobs: Sequence[Job]) -> set[str]:
        """Store new jobs that read documents again, or are exports. Returns the ids of those stored.

        A job is refused if an unfinished one has the same ``unique_key``.
        """

    def holder(self, unique_key: str) -> str | None:
        """The id of the unfinished job that was stored with this key; None if there is none."""

    def existing(self, job_ids: Collection[str]) -> set[str]:
        """The ids that belong to an existing job, in any state."""

    def unfinished(self, cins: Collection[str]) -> Mapping[str, str]:
        """CIN → id of the unfinished order, for companies that have one."""

    def done_since(self, cins: Collection[str], since: datetime) -> set[str]:
        """Those of the companies with an order, other than a recheck, that ended since then and was not in vain."""

    def get(self, job_id: str) -> Job:
        """Raises InvalidJobId, UnknownJob."""

    def count_by_status(self) -> dict[JobStatus, int]:
        """The number of jobs in every status, including zeros. The cost grows with the number of jobs."""

    def count_due(self, limit: int) -> int:
        """The number of jobs that can be claimed now, counted up to ``limit``; 0 during a pause."""

    def ended_before(self, time: datetime, limit: int) -> list[str]:
        """The ids of jobs that ended before this time, the earliest first."""

    def has_unfinished(self) -> bool:
        """Whether any job is pending or processing, due or not."""

    def claim_next(self, worker: str, lease_seconds: float) -> Job | None:
        """Claim the due job that is first by priority, turn and age; None if no job is due, or during a pause.

        Atomic: only one of several callers gets the job. Increases the fence. The job states how long it ``waited``.
        """

    def claim(self, job_id: str, worker: str, lease_seconds: float) -> Job:
        """Claim this job if it is due or already leased to this worker.

        In the second case, a pod's worker takes over the claim of its init container, which does not count as another
        attempt, states no wait, and also works during a pause. Raises InvalidJobId, UnknownJob, WrongState.
        """

    def renew(self, lease: Lease, lease_seconds: float) -> Job:
        """Extend the lease. The returned job shows whether a cancellation was requested. Raises LeaseLost."""

    def save_progress(self, lease: Lease, progress: Progress, *, advanced: bool = False) -> None:
        """``advanced``: documents reached their final state, so earlier runs stop counting as attempts.

        Raises LeaseLost.
        """

    def save_export(self, lease: Lease, export: Export, progress: Progress) -> None:
        """Record a finished part of an export, in one write with the progress. Raises LeaseLost."""

    def end(self, lease: Lease, ending: Ending) -> None:
        """Release or end the job. Raises LeaseLost."""

    def cancel(self, job_id: str) -> Job:
        """Cancel a job immediately if no worker holds it, else ask its worker to stop. Idempotent.

        Raises InvalidJobId, UnknownJob, WrongState (the job has completed or failed).
        """

    def retry(self, job_id: str, progress: Progress, *, again: bool = False) -> Job:
        """Make a failed, partial or cancelled job pending and due. Raises InvalidJobId, UnknownJob, WrongState.

        Raises AlreadyOrdered if the company has another unfinished job, unless ``again``. A job that reads documents
        again conflicts only with another one for the same documents.
        """

    def borrow(self, job_id: str) -> Lease:
        """Raise the fence of an ended job, to read its documents again. Changes nothing that people see.

        The next claim or deletion raises it further. Raises InvalidJobId, UnknownJob, DocumentsInUse (unfinished).
        """

    def recount(self, lease: Lease, progress: Progress) -> Job | None:
        """Correct the progress of an ended job; None if it was claimed, retried or deleted in the meantime."""

    def hold_pending(self, *, due_before: datetime, until: datetime, due_from: datetime | None = None) -> int:
        """Delay the pending orders that become due from ``due_from`` until before ``due_before``. Returns their number.

        An earlier ``until`` makes them due sooner. Costs them no attempt and changes no order. Idempotent; if it is
        interrupted, some jobs are not delayed yet.
        """

    def prioritise(self, job_id: str, priority: int) -> Job:
        """Change an unfinished job's priority. Raises InvalidJobId, UnknownJob, WrongState."""

    def run_now(self, job_id: str) -> Job:
        """Make a pending job due at once, with the highest priority. Raises InvalidJobId, UnknownJob, WrongState."""

    def begin_deletion(self, job_id: str) -> None:
        """Mark an ended job ``deleting``: it is hidden and never run or retried again. Idempotent.

        Raises InvalidJobId, UnknownJob, WrongState.
        """

    def counting(self, job_ids: Collection[str]) -> Mapping[str, Job]:
        """Those of the jobs, by id, that exist and whose deletion has not recorded the bytes that it frees."""

    def begin_freeing(self, job_id: str) -> str | None:
        """Reserve the turn to record the bytes that a deletion frees. Jobs of one company have it one after another.

        Returns the id of the job that has the turn, which may be another one; None if they are recorded already.
        """

    def record_freed(self, job_id: str, freed: int) -> None:
        """Record the bytes that a deletion removes from the totals, and end its turn. The first record counts."""

    def deleting(self, limit: int) -> list[str]:
        """The ids of jobs whose deletion was started but not finished."""

    def delete(self, job_id: str) -> None:
        """Remove an ended job's record. Idempotent. Raises InvalidJobId, WrongState."""


class DocumentRepository(Protocol):
    """The documents of jobs. A worker's writes carry its fence and fail once a higher fence has been seen."""

    def take_over(self, lease: Lease) -> None:
        """From now on, reject writes to the job's documents with a lower fence."""

    def add(self, lease: Lease, job: Job, filings: Sequence[Filing]) -> None:
        """Store filings as listed documents; filings whose key is already listed are skipped. Raises LeaseLost."""

    def listed(self, cin: str) -> list[ListedFiling]:
        """The filings that the company's orders list, without attachments. The cost grows with their number."""

    def withdraw(self, lease: Lease) -> None:
        """Remove the documents that this fence listed, for a lease lost before the total was saved. Idempotent."""

    def to_download(self, job_id: str, limit: int) -> list[Document]:
        """Listed documents, by number of attempts, then by document number."""

    def of_filing(self, document: Document) -> Document | None:
        """Another order's newest stored document of the same filing: of its company, SRN and file name.

        None without an SRN, and if an order lists several filings alike, since nothing tells them apart.
        """

    def with_content(self, cin: str, checksum: str) -> Document | None:
        """The company's newest stored filing with this content."""

    def first_with_content(self, cin: str, checksum: str) -> Document | None:
        """The company's oldest stored filing with this content."""

    def with_blob(self, blob_name: str, limit: int) -> list[Document]:
        """The newest documents whose original is this blob."""

    def referring(self, folder: str) -> Iterator[Document]:
        """All documents whose original is, or is reserved, in this folder of the blob store."""

    def reserve(self, lease: Lease, document: Document, file: StoredFile | None) -> None:
        """Refer to another document's file before checking that it lasts; None withdraws it. Raises LeaseLost."""

    def replace_file(self, lease: Lease, document: Document, file: StoredFile) -> None:
        """Let a stored document have the reserved file, which has the same content. Raises LeaseLost."""

    def save_stored(self, lease: Lease, document: Document, file: StoredFile) -> None:
        """Record that the document is in the blob store. Raises LeaseLost."""

    def save_failure(self, lease: Lease, document: Document, error: DocumentError, *, final: bool) -> None:
        """Record a failed attempt, without a reserved file; ``final`` makes it ``failed``. Raises LeaseLost."""

    def to_read(self, job_id: str, limit: int) -> list[Document]:
        """Stored documents without a reading, by number."""

    def mark_reading(self, lease: Lease, document: Document, unended: int) -> None:
        """Record how many readings have begun and not ended; ``save_reading`` resets it. Raises LeaseLost."""

    def save_reading(self, lease: Lease, document: Document, reading: DocumentReading) -> None:
        """Record a stored document's reading, unless it has one by a newer reader. Raises LeaseLost.

        Its time is now, unless it has one: it is then the reading of another document.
        """

    def save_attachment(self, lease: Lease, attachment: Document) -> None:
        """Record a stored and read attachment. Idempotent. Raises LeaseLost."""

    def drop_attachments(self, lease: Lease, document: Document, kept: int) -> None:
        """Remove the attachments of a filing after the first ``kept``, for which a newer reading has no place."""

    def progress(self, job_id: str) -> Progress:
        """Count the filings by state, without attachments; ``total`` is None if there are none."""

    def attachments(self, job_id: str, number: int) -> list[Document]:
        """The files inside a filing, at any depth, in the order in which they were read."""

    def of_job(self, job_id: str) -> list[Document]:
        """All documents of a job, by number, each followed by its attachments."""

    def list_again(self, job_id: str) -> int:
        """Reset a job's failed documents to ``listed`` without attempts. Returns their number."""

    def get(self, job_id: str, number: int) -> Document:
        """Raises InvalidJobId, UnknownDocument."""

    def job_ids(self, cin: str | None = None) -> Iterator[str]:
        """The ids of all jobs, or of a company's jobs, that have documents. The cost grows with history."""

    def delete_of_job(self, job_id: str) -> None:
        """Remove a job's documents. Idempotent."""


class RunRepository(Protocol):
    """The history of runs, for people to read. The queue does not depend on it."""

    def start(self, run: Run) -> int:
        """Record a run, unless a later claim has recorded it. Idempotent.

        Without a wait of its own, it keeps a recorded one. Marks earlier runs of the job without an end ``lost``, and
        returns their number.
        """

    def finish(self, run: Run) -> None:
        """Record the end of a started run; a deleted run stays deleted. Idempotent."""

    def lose(self, job_id: str, fence: int, at: datetime) -> int:
        """Mark runs without an end and with a lower fence ``lost``. Returns their number. Idempotent."""

    def of_job(self, job_id: str) -> list[Run]:
        """The runs of a job, by number."""

    def save_details(self, details: RunDetails) -> None:
        """Store or replace a run's details, unless a later claim has stored some. Idempotent."""

    def details(self, job_id: str, number: int) -> RunDetails | None:
        """A run's details; None if none are kept, as for runs of earlier versions. Raises InvalidJobId."""

    def unended(self) -> Iterator[str]:
        """The ids of all jobs with runs that have no recorded end."""

    def job_ids(self) -> Iterator[str]:
        """The ids of all jobs that have runs or details of runs, some perhaps twice. The cost grows with history."""

    def delete_of_job(self, job_id: str) -> None:
        """Remove a job's runs and their details. Idempotent."""
