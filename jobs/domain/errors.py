"""All errors that this project raises deliberately, in one hierarchy; ``wrong_use`` has most of the first branch:

    FilesureError
    ├── WrongUse                    the request is at fault; nothing was changed
    │   ├── ConfigurationError      a setting is missing or invalid
    │   ├── InvalidCin              not a CIN, or an implausible one
    │   ├── InvalidOrder            a row of an order is incomplete or out of range
    │   ├── InvalidPause            a pause without reason, too long, or of another source
    │   ├── InvalidEndpoint         a webhook endpoint's address, name or choice is invalid
    │   ├── InvalidJobId, InvalidCursor
    │   ├── InvalidView, UnknownView, ViewNameTaken, TooManyViews
    │   ├── UnknownJob, UnknownDocument, UnknownList, UnknownBulkAction, UnknownUpload
    │   ├── UnknownEndpoint, UnknownDelivery
    │   ├── WrongState              the job's state does not allow the action
    │   ├── AlreadyOrdered          the company has an unfinished job
    │   ├── MonthlyLimit            the requester has ordered enough this month
    │   └── IdempotencyKeyReused, InvalidIdempotencyKey
    ├── TooSlow                     a query exceeded its time limit
    ├── LeaseLost                   this worker no longer holds the job
    ├── SourceUnavailable *, CompanyNotFound
    │   ├── SourceChanged *         its pages are not as configured
    │   └── SourceOnHold *          costs the job no attempt
    ├── DocumentUnavailable *, DocumentUnreadable
    ├── BlobStoreUnavailable *, BlobStoreRefused, BlobNotFound
    ├── DatabaseUnavailable *, DatabaseRefused
    │   └── DatabaseSlow *          it is there, but did not answer in time
    ├── DocumentsInUse *            costs the job no attempt
    └── RunTimedOut *, LocalDiskError *, ExportImpossible, WorkerDied, UnexpectedError *

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


class NothingNew(FilesureError):
    """A recheck found no filing that is not known already, which is not a failure."""

    kind = "nothing_new"


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


class DatabaseSlow(DatabaseUnavailable):
    """MongoDB was asked, but did not answer in time; a write may or may not have taken place."""

    kind = "database_slow"


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


class ExportImpossible(FilesureError):
    """None of the documents of an export can be packed."""

    kind = "export_impossible"


class WorkerDied(FilesureError):
    """Several workers in a row died while holding this job."""

    kind = "worker_died"


class UnexpectedError(FilesureError):
    """An error that no other type describes, most likely a bug."""

    kind = "unexpected"
    retryable = True
