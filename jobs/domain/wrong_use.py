"""Errors of requests that have to be changed; nothing was changed by them. ``jobs.domain.errors`` has the tree."""

from __future__ import annotations

from jobs.domain.errors import WrongUse


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


class InvalidEndpoint(WrongUse):
    """A webhook endpoint's address, name or choice is invalid. ``field`` names it."""

    kind = "invalid_endpoint"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class NoMailAddress(WrongUse):
    """The account wants mail and has no address for it."""

    kind = "no_mail_address"

    def __init__(self) -> None:
        super().__init__("Your account has no address for mail. Enter one first.")


class UnknownEndpoint(WrongUse):
    """No webhook endpoint has this id."""

    kind = "unknown_endpoint"

    def __init__(self, endpoint_id: str) -> None:
        super().__init__(f"There is no webhook endpoint {endpoint_id[:40]}.")


class UnknownDelivery(WrongUse):
    """No delivery has this id; old ones are deleted."""

    kind = "unknown_delivery"

    def __init__(self, delivery_id: str) -> None:
        super().__init__(f"There is no delivery {delivery_id[:40]}; the log keeps 30 days.")


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


class InvalidExport(WrongUse):
    """An export of nothing, or of too much."""

    kind = "invalid_export"


class UnknownExport(WrongUse):
    """No export has this id."""

    kind = "unknown_export"

    def __init__(self, export_id: str) -> None:
        super().__init__(f"There is no ZIP export {export_id}.")


class ExportExpired(WrongUse):
    """The export was kept for a week, which is over."""

    kind = "export_expired"

    def __init__(self) -> None:
        super().__init__("This ZIP has expired: it was kept for a week. Order it again.")


class UnknownPart(WrongUse):
    """The export has no such part, or not yet."""

    kind = "unknown_part"

    def __init__(self, number: int) -> None:
        super().__init__(f"Part {number} does not exist, or is not finished yet.")


class UnknownLink(WrongUse):
    """No link has this secret."""

    kind = "unknown_link"

    def __init__(self) -> None:
        super().__init__("This link does not exist. Check that it is complete, or ask the sender for a new one.")


class LinkEnded(WrongUse):
    """The link has expired or was revoked, or what it leads to is gone."""

    kind = "link_ended"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} Ask the sender for a new one.")


class UnknownCompany(WrongUse):
    """No order names this company. ``fault``: why it cannot be one, if it cannot."""

    kind = "unknown_company"

    def __init__(self, cin: str, fault: str = "") -> None:
        super().__init__(f"No filings of the company {cin} have been ordered. {fault}".rstrip())
        self.cin = cin


class UnknownDocument(WrongUse):
    """No document has this number in this job."""

    kind = "unknown_document"

    def __init__(self, job_id: str, number: int) -> None:
        super().__init__(f"Job {job_id} has no document {number}.")


class UnknownRun(WrongUse):
    """The job has no run with this number, or nothing is kept of it."""

    kind = "unknown_run"

    def __init__(self, job_id: str, number: int) -> None:
        super().__init__(f"Run {number} of job {job_id} has no log.")


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


class InvalidView(WrongUse):
    """A saved view without a name or filters, or with one that is too long."""

    kind = "invalid_view"


class UnknownView(WrongUse):
    """The saved view does not exist, or another user keeps it private."""

    kind = "unknown_view"

    def __init__(self) -> None:
        super().__init__("This view does not exist. It may have been deleted, or is no longer shared.")


class ViewNameTaken(WrongUse):
    """The user has another view of the list with this name."""

    kind = "view_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is already a view named “{name}”. Choose another name.")


class TooManyViews(WrongUse):
    """The user has as many views of the list as are allowed."""

    kind = "too_many_views"

    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} views of this list. Delete one before you save another.")


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


class UnknownWatch(WrongUse):
    """No watch has this id."""

    kind = "unknown_watch"

    def __init__(self, watch_id: str) -> None:
        super().__init__(f"There is no watch {watch_id[:40]}.")


class InvalidWatch(WrongUse):
    """A watch has an unknown interval or an invalid reason, or its user has too many."""

    kind = "invalid_watch"
