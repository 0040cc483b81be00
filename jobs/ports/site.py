"""Ports for the web site: lists, the audit log, uploads, idempotency and totals."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from jobs.domain.audit import AuditEntry, AuditFilter
    from jobs.domain.bulk_action import BulkAction, RefusedJob
    from jobs.domain.document import Document, DocumentStatus
    from jobs.domain.job import Job, JobStatus
    from jobs.domain.listing import (
        Bucket,
        Count,
        Cursor,
        DocumentFilter,
        DocumentOrder,
        Facets,
        JobDocuments,
        JobFilter,
        JobOrder,
        Page,
        Reason,
    )
    from jobs.domain.order_list import OrderList, RefusedRow


class AuditLog(Protocol):
    """The requests of actions, with user, time and address. Entries are added before the action is performed."""

    def add(self, entry: AuditEntry) -> str:
        """Store an entry; returns its id."""

    def finish(self, entry_id: str) -> None:
        """Record that the action was performed."""

    def refuse(self, entry_id: str, reason: str) -> None:
        """Record that the action was refused."""

    def of_job(self, job_id: str, limit: int) -> list[AuditEntry]:
        """The latest entries about a job, the newest first."""

    def entries(self, wanted: AuditFilter, cursor: Cursor | None, limit: int) -> Page[AuditEntry]:
        """One page of the entries about all jobs, the newest first. Raises TooSlow."""


class UploadStore(Protocol):
    """Uploaded files that await the user's confirmation; deleted after an hour."""

    def keep(self, owner: str, name: str, data: bytes) -> str:
        """Store a file of at most 15 MB; returns its id."""

    def get(self, upload_id: str, owner: str) -> tuple[str, bytes]:
        """The file's name and bytes, for its owner only. Raises UnknownUpload."""

    def delete(self, upload_id: str) -> None:
        """Idempotent."""


class OrderListRepository(Protocol):
    """Lists of orders, and their refused rows, which are kept for 90 days."""

    def begin(self, made: OrderList) -> OrderList:
        """Store a list, or return the one with this id. Unless it is done, this attempt becomes its latest one."""

    def refuse(self, made: OrderList, rows: Sequence[RefusedRow]) -> None:
        """Store refused rows of an attempt. Idempotent."""

    def finish(self, made: OrderList, *, ordered: int, refused: int) -> None:
        """Record that an attempt has ordered or refused all rows. Only that of the first attempt counts."""

    def get(self, list_id: str) -> OrderList:
        """Raises UnknownList."""

    def wish(self, list_id: str, name: str, *, mail: bool) -> None:
        """Record whether an account wants a mail when the list ends. Idempotent. Raises UnknownList."""

    def latest(self, cursor: Cursor | None, limit: int) -> Page[OrderList]:
        """One page of lists, the newest first."""

    def refused(self, list_id: str) -> Iterator[RefusedRow]:
        """The refused rows, by line."""

    def states(self, list_id: str) -> dict[JobStatus, int]:
        """The number of the list's jobs by state. The cost grows with the list."""


class BulkActionRepository(Protocol):
    """Bulk actions, and the jobs that they refused, which are kept for 90 days."""

    def add(self, action: BulkAction) -> BulkAction:
        """Store an action, or return the one with this id."""

    def get(self, action_id: str) -> BulkAction:
        """Raises UnknownBulkAction."""

    def latest(self, by: str | None, cursor: Cursor | None, limit: int) -> Page[BulkAction]:
        """One page of a user's actions, or of all, the newest first, without their ``job_ids``."""

    def claim(self, owner: str, lease_seconds: float) -> BulkAction | None:
        """Claim the running action that waits longest, with a higher fence; None if none waits.

        Atomic: only one of several callers gets the action.
        """

    def next_expiry(self) -> datetime | None:
        """When the next lease of a running action ends; None if no action is running."""

    def renew(self, action: BulkAction, lease_seconds: float) -> BulkAction | None:
        """Extend the lease. Returns the stored action; None if another process has claimed it."""

    def save(self, action: BulkAction, refused: Sequence[RefusedJob] = ()) -> bool:
        """Store progress, batch, state and lease, and the first MOST_REFUSALS refused jobs. Idempotent.

        False if another process has claimed the action.
        """

    def request_stop(self, action_id: str) -> BulkAction:
        """Ask a running action to stop. Idempotent. Raises UnknownBulkAction."""

    def refusals(self, action_id: str) -> Iterator[RefusedJob]:
        """The refused jobs that were kept, in the order of their ids."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The jobs to order for a key. ``orders`` includes the ids of their jobs; ``done`` is set once all are stored."""

    fingerprint: str
    orders: Sequence[Mapping[str, Any]]
    done: bool


class IdempotencyStore(Protocol):
    """Plans by the callers' idempotency keys; deleted after a day."""

    def begin(self, key: str, fingerprint: str, orders: Sequence[Mapping[str, Any]]) -> Plan:
        """Store a plan, or return the existing one. If callers race, all get the same plan."""

    def finish(self, key: str) -> None:
        """Mark the plan done."""


class Catalogue(Protocol):
    """The lists and numbers shown to people. Each call is bounded by an index and a limit, or by a time limit.

    Every method can raise TooSlow.
    """

    def jobs(self, wanted: JobFilter, order: JobOrder, cursor: Cursor | None, limit: int) -> Page[Job]: ...

    def jobs_with(self, ids: Collection[str]) -> list[Job]:
        """The jobs with these ids, except those being deleted. Raises InvalidJobId."""

    def count(self, wanted: JobFilter, limit: int) -> Count:
        """The number of matching jobs, counted up to ``limit``."""

    def facets(self, wanted: JobFilter, among: int) -> Facets:
        """Counts for each filter value, over the ``among`` newest jobs."""

    def totals(self, limit: int) -> dict[JobStatus, Count]:
        """The jobs by state, counted up to ``limit``. If only one state exceeds it, its number is estimated."""

    def oldest_due(self) -> datetime | None:
        """When the longest-waiting order became due; None if no order is due."""

    def oldest_due_by_priority(self) -> dict[int, datetime]:
        """When the longest-waiting job of each priority became due. Priorities without due jobs are omitted."""

    def running(self, limit: int) -> list[Job]:
        """Processing jobs, ordered by the end of their lease."""

    def in_progress(self, limit: int) -> list[Job]:
        """Unfinished jobs that have started, the latest first; those between two runs come after processing ones."""

    def ended(self, since: datetime, until: datetime, seconds: int) -> list[Bucket]:
        """Jobs that ended at ``since`` ≤ t < ``until``, in intervals of ``seconds``. Empty intervals are omitted."""

    def longest_waits(self, since: datetime, until: datetime, seconds: int) -> dict[datetime, float]:
        """The longest wait, in seconds, of the runs that began at ``since`` ≤ t < ``until``, by interval's beginning.

        UNKNOWN_WAIT if a run has no wait, as those of earlier versions. Intervals without runs are omitted.
        """

    def failed_jobs(self, now: datetime, limit: int) -> list[Reason]:
        """The reasons of the newest ``limit`` failed jobs, the most frequent first."""

    def failed_documents(self, now: datetime, limit: int) -> list[Reason]:
        """The reasons of the newest ``limit`` failed documents, the most frequent first."""

    def poor_readings(self, now: datetime, limit: int) -> list[Reason]:
        """Why the newest ``limit`` documents that were not read in full were not, the most frequent first.

        ``kind`` is the state of the readings. Reasons that differ only in numbers count as one.
        """

    def documents(
        self, wanted: DocumentFilter, order: DocumentOrder, cursor: Cursor | None, limit: int
    ) -> Page[Document]:
        """One page of documents. With filters, other orders than the newest first may sort only the newest."""

    def document_totals(self, limit: int) -> dict[DocumentStatus, Count]:
        """The number of documents in each state, counted up to ``limit``. Raises TooSlow."""

    def documents_of_job(
        self, job_id: str, which: JobDocuments | None, cursor: Cursor | None, limit: int
    ) -> Page[Document]:
        """One page of a job's filings: failed ones first, then those not downloaded yet, each in listed order.

        Attachments are listed only if they are wanted, in the order of their filings.
        """

    def documents_with_srn(self, srn: str, limit: int) -> list[Document]:
        """The documents with this service request number, the newest first."""

    def document_types(self) -> list[str]:
        """All document types that occur, sorted."""


class Totals(Protocol):
    """The permanent sums of the workers' counters. Keys are built by ``jobs.telemetry.series``."""

    def add(self, worker: str, sequence: int, amounts: Mapping[str, float]) -> None:
        """Store a worker's ``sequence``-th part (1, 2, …). A part that already exists is not stored again.

        After an error the part may or may not be stored: call again with the same arguments.
        """

    def fold(self) -> int:
        """Add a batch of parts to the totals. Returns its size; 0 if no part waits or another caller was faster."""

    def read(self) -> Mapping[str, float]:
        """All totals, as of the last fold."""
