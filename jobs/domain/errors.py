"""All errors that this project raises deliberately, in one hierarchy:

    FilesureError
    ├── WrongUse                    the request is at fault; nothing was changed
    │   ├── ConfigurationError      a setting is missing or invalid
    │   ├── InvalidCin              not a CIN, or an implausible one
    │   ├── InvalidOrder            a row of an order is incomplete or out of range
    │   ├── InvalidPause            a pause without reason, too long, or of another source
    │   ├── InvalidJobId, InvalidCursor
    │   ├── UnknownJob, UnknownDocument, UnknownList, UnknownBulkAction, UnknownUpload
    │   ├── WrongState              the job's state does not allow the action
    │   ├── AlreadyOrdered          the company has an unfinished job
    │   └── IdempotencyKeyReused, InvalidIdempotencyKey
    ├── TooSlow                     a query exceeded its time limit
    ├── LeaseLost                   this worker no longer holds the job
    ├── SourceUnavailable *, CompanyNotFound
    │   ├── SourceChanged *         its pages are not as configured
    │   └── SourceOnHold *          costs the job no attempt
    ├── DocumentUnavailable *, DocumentUnreadable
    ├── BlobStoreUnavailable *, BlobStoreRefused, BlobNotFound
    ├── DatabaseUnavailable *, DatabaseRefused
    ├── DocumentsInUse *            costs the job no attempt
    └── RunTimedOut *, LocalDiskError *, WorkerDied, UnexpectedError *

    * retryable

``str(error)`` is a sentence for people. ``kind`` is a stable word for logs, metrics and filters.
``retryable`` is True if the same operation may succeed later without any change by a person.
"""

from __future__ import annotations

from typing import ClassVar


class FilesureError(Exception):
    """The base class of all deliberate errors."""

    kind: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False


# --- wrong use: the request has to be changed -------------------------------------------------


class WrongUse(FilesureError):
    """The request itself is at fault; nothing was changed."""

    kind = "wrong_use"


class ConfigurationError(WrongUse):
    """One or more settings are missing or invalid."""

    kind = "configuration"


class InvalidCin(WrongUse):
    """The text is not a CIN, or is an implausible one.

    ``overridable`` is True if the CIN may be valid and our list of codes out of date.
    """

    kind = "invalid_cin"

    def __init__(self, message: str, *, overridable: bool = False) -> None:
        super().__init__(message)
        self.overridable = overridable


class InvalidOrder(WrongUse):
    """A row of an order is incomplete or has a value out of range. ``field`` is its column, or ``row``."""

    kind = "invalid_order"

    def __init__(self, message: str, *, field: str = "row") -> None:
        super().__init__(message)
        self.field = field


class InvalidPause(WrongUse):
    """A pause has no reason, lasts too long, or is for a source that this installation does not use."""

    kind = "invalid_pause"


class InvalidJobId(WrongUse):
    """The text is not a valid job id."""

    kind = "invalid_job_id"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"'{job_id}' is not a job id: a job id has 24 hexadecimal digits.")


class InvalidCursor(WrongUse):
    """The text is not a cursor returned by a list."""

    kind = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("Invalid cursor. Start again at the first page.")


class UnknownJob(WrongUse):
    """No job has this id."""

    kind = "unknown_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id}.")
        self.job_id = job_id


class InvalidSearch(WrongUse):
    """A search that names nothing to find, or is too long."""

    kind = "invalid_search"


class UnknownCompany(WrongUse):
    """No order names this company."""

    kind = "unknown_company"

    def __init__(self, cin: str) -> None:
        super().__init__(f"No filings of the company {cin} have been ordered.")


class UnknownDocument(WrongUse):
    """No document has this number in this job."""

    kind = "unknown_document"

    def __init__(self, job_id: str, number: int) -> None:
        super().__init__(f"Job {job_id} has no document {number}.")


class UnknownRun(WrongUse):
    """The job has no run with this number, or nothing is kept of it."""

    kind = "unknown_run"

    def __init__(self, job_id: str, number: int) -> None:
        super().__init__(f"Nothing is kept of run {number} of job {job_id}.")


class IdempotencyKeyReused(WrongUse):
    """The Idempotency-Key belongs to a different request."""

    kind = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was already used for a different request. Use a new key.")


class InvalidIdempotencyKey(WrongUse):
    """The Idempotency-Key is empty or too long."""

    kind = "invalid_idempotency_key"

    def __init__(self) -> None:
        super().__init__("The Idempotency-Key must have 1 to 255 characters, or be left out.")


class UnknownList(WrongUse):
    """No list has this id."""

    kind = "unknown_list"

    def __init__(self, list_id: str) -> None:
        super().__init__(f"There is no list {list_id[:40]}.")


class UnknownBulkAction(WrongUse):
    """No bulk action has this id, or it belongs to another user."""

    kind = "unknown_bulk_action"

    def __init__(self, action_id: str) -> None:
        super().__init__(f"There is no bulk action {action_id[:40]}.")


class UnknownUpload(WrongUse):
    """The upload was already ordered, has expired, or belongs to another user."""

    kind = "unknown_upload"

    def __init__(self) -> None:
        super().__init__("This list was already ordered, or it is more than an hour old. Upload it again.")


class WrongState(WrongUse):
    """The job exists, but its state does not allow the action."""

    kind = "wrong_state"


class AlreadyOrdered(WrongUse):
    """The company has an unfinished job. ``job_id`` is its id, or None if it exists only in a preview."""

    kind = "already_ordered"

    def __init__(self, cin: str, job_id: str | None) -> None:
        by = f"is already ordered by the unfinished job {job_id}" if job_id else "occurs twice"
        super().__init__(f"{cin} {by}.")
        self.cin = cin
        self.job_id = job_id


class TooSlow(FilesureError):
    """A query exceeded its time limit; narrower filters would make it fast."""

    kind = "too_slow"

    def __init__(self) -> None:
        super().__init__("This search takes too long. Narrow it, for example by state or by date.")


# --- the lease ---------------------------------------------------------------------------------


class LeaseLost(FilesureError):
    """This worker no longer holds the job and must not write anything more."""

    kind = "lease_lost"

    def __init__(self, job_id: str, fence: int) -> None:
        super().__init__(f"The lease of job {job_id} (fence {fence}) is lost: this worker stops.")
        self.job_id = job_id
        self.fence = fence


# --- the source --------------------------------------------------------------------------------


class SourceUnavailable(FilesureError):
    """The source does not respond at all, not only for one document."""

    kind = "source_unavailable"
    retryable = True


class SourceChanged(SourceUnavailable):
    """The source's pages are not as the configuration describes them."""

    kind = "source_changed"


class SourceOnHold(SourceUnavailable):
    """The source is down or busy: its jobs wait, which costs them no attempt. ``seconds``: how long this job waits."""

    kind = "source_on_hold"

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class CompanyNotFound(FilesureError):
    """The source does not know the company."""

    kind = "company_not_found"


class DocumentUnavailable(FilesureError):
    """This attempt to retrieve the document failed; another may succeed."""

    kind = "document_unavailable"
    retryable = True


class DocumentUnreadable(FilesureError):
    """The document is damaged, empty, locked or not a document at all; retrying does not help."""

    kind = "document_unreadable"


# --- storage -----------------------------------------------------------------------------------


class BlobStoreUnavailable(FilesureError):
    """The blob store does not respond, or is temporarily full."""

    kind = "blob_store_unavailable"
    retryable = True


class BlobStoreRefused(FilesureError):
    """The blob store rejects the operation: wrong key, missing permission, or disabled account."""

    kind = "blob_store_refused"


class BlobNotFound(FilesureError):
    """No blob has this name."""

    kind = "blob_not_found"


class DatabaseUnavailable(FilesureError):
    """MongoDB does not respond."""

    kind = "database_unavailable"
    retryable = True


class DatabaseRefused(FilesureError):
    """MongoDB rejects the operation: wrong credentials, missing permission, or invalid document."""

    kind = "database_refused"


# --- runs --------------------------------------------------------------------------------------


class RunTimedOut(FilesureError):
    """The run took longer than RUN_TIMEOUT_SECONDS."""

    kind = "run_timed_out"
    retryable = True


class LocalDiskError(FilesureError):
    """The worker's local disk is full or not writable."""

    kind = "local_disk"
    retryable = True


class DocumentsInUse(FilesureError):
    """The job whose documents are to be read again is running. Waiting costs no attempt. ``seconds``: how long."""

    kind = "documents_in_use"
    retryable = True
    seconds = 60.0

    def __init__(self, job_id: str) -> None:
        super().__init__(f"Job {job_id} is unfinished; its documents are read again afterwards.")


class WorkerDied(FilesureError):
    """Several workers in a row died while holding this job."""

    kind = "worker_died"


class UnexpectedError(FilesureError):
    """An error that no other type describes, most likely a bug."""

    kind = "unexpected"
    retryable = True
