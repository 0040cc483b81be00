"""Everything that can go wrong, as types that say what to do about it.

``str(error)`` is a sentence for people. ``kind`` is a stable word for logs, metrics and filters.
``retryable`` says whether the same thing may succeed later without anybody acting.
"""

from __future__ import annotations

from typing import ClassVar


class FilesureError(Exception):
    """The root of every error that this project raises on purpose."""

    kind: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False


# --- wrong use: somebody has to ask differently -----------------------------------------------


class WrongUse(FilesureError):
    """The request itself is at fault; nothing was changed."""

    kind = "wrong_use"


class ConfigurationError(WrongUse):
    """One or more settings are missing or wrong."""

    kind = "configuration"


class InvalidCin(WrongUse):
    """The text is not a CIN, or names something that cannot exist.

    ``overridable`` is True where only our list of codes may be out of date.
    """

    kind = "invalid_cin"

    def __init__(self, message: str, *, overridable: bool = False) -> None:
        super().__init__(message)
        self.overridable = overridable


class InvalidOrder(WrongUse):
    """A row of an order lacks something or has a value out of range."""

    kind = "invalid_order"


class InvalidJobId(WrongUse):
    """The text cannot be the id of a job."""

    kind = "invalid_job_id"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"'{job_id}' is not a job id: it takes 24 hexadecimal digits.")


class InvalidCursor(WrongUse):
    """A place in a list that is none."""

    kind = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("This place in the list does not exist. Begin at the first page.")


class UnknownJob(WrongUse):
    """No job has this id."""

    kind = "unknown_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id}.")
        self.job_id = job_id


class UnknownDocument(WrongUse):
    """No document has this number in this job."""

    kind = "unknown_document"

    def __init__(self, job_id: str, number: int) -> None:
        super().__init__(f"Job {job_id} has no document {number}.")


class KeyUsedOtherwise(WrongUse):
    """An Idempotency-Key that came with another request before."""

    kind = "key_used_otherwise"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came with another request before. Use a new key for a new order.")


class UnknownUpload(WrongUse):
    """An upload that was ordered already, is too old, or somebody else's."""

    kind = "unknown_upload"

    def __init__(self) -> None:
        super().__init__("This list was ordered already, or is more than an hour old. Upload it again.")


class TooSlow(FilesureError):
    """A search took longer than it may: other filters would make it quick."""

    kind = "too_slow"

    def __init__(self) -> None:
        super().__init__("This search takes too long. Narrow it, for example by state or by date.")


class WrongState(WrongUse):
    """The job exists, but its state does not allow what was asked."""

    kind = "wrong_state"


class AlreadyOrdered(WrongUse):
    """The company has an unfinished job; ``job_id`` is that job's, None for one that a dry run would order."""

    kind = "already_ordered"

    def __init__(self, cin: str, job_id: str | None) -> None:
        by = f"is already ordered by the unfinished job {job_id}" if job_id else "occurs twice"
        super().__init__(f"{cin} {by}.")
        self.cin = cin
        self.job_id = job_id


# --- the lease ---------------------------------------------------------------------------------


class LeaseLost(FilesureError):
    """Another worker holds the job now, or nobody does: this one may write nothing more."""

    kind = "lease_lost"

    def __init__(self, job_id: str, fence: int) -> None:
        super().__init__(f"The lease of job {job_id} (fence {fence}) is lost: this worker stops.")
        self.job_id = job_id
        self.fence = fence


# --- the source --------------------------------------------------------------------------------


class SourceUnavailable(FilesureError):
    """The source does not answer; the fault is no single document's."""

    kind = "source_unavailable"
    retryable = True


class CompanyNotFound(FilesureError):
    """The source knows no such company."""

    kind = "company_not_found"


class DocumentUnavailable(FilesureError):
    """This document could not be had this time."""

    kind = "document_unavailable"
    retryable = True


class DocumentUnreadable(FilesureError):
    """This document will never be readable: damaged, empty, locked, or not a document at all."""

    kind = "document_unreadable"


# --- what is stored ----------------------------------------------------------------------------


class BlobStoreUnavailable(FilesureError):
    """The blob store does not answer, or is out of room for now."""

    kind = "blob_store_unavailable"
    retryable = True


class BlobStoreRefused(FilesureError):
    """The blob store answers, and says no: a wrong key, a missing right, a closed account."""

    kind = "blob_store_refused"


class BlobNotFound(FilesureError):
    """No blob has this name."""

    kind = "blob_not_found"


class DatabaseUnavailable(FilesureError):
    """MongoDB does not answer."""

    kind = "database_unavailable"
    retryable = True


class DatabaseRefused(FilesureError):
    """MongoDB answers, and says no: wrong credentials, a missing right, a broken rule."""

    kind = "database_refused"


# --- a run as a whole --------------------------------------------------------------------------


class RunTimedOut(FilesureError):
    """The run took longer than RUN_TIMEOUT_SECONDS."""

    kind = "run_timed_out"
    retryable = True


class LocalDiskError(FilesureError):
    """The worker's own disk is full or cannot be written."""

    kind = "local_disk"
    retryable = True


class WorkerDied(FilesureError):
    """Worker after worker ended without a word while it held this job."""

    kind = "worker_died"


class UnexpectedError(FilesureError):
    """A defect of ours: something that no other type names."""

    kind = "unexpected"
    retryable = True
