"""Lists: orders of many jobs at once, with the rows that were refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jobs.domain.errors import FilesureError
from jobs.domain.wrong_use import AlreadyOrdered, InvalidCin, InvalidOrder

LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class OrderList:
    """One list. ``done_at`` is None while its rows are being ordered, or if that was interrupted.

    ``attempt``: of the attempts to order its rows, the one whose refused rows are the list's. This is the first that is
    done; until then, the latest.
    ``wishes``: whether accounts want a mail when it ends. Without a wish, the account of ``by`` decides for itself, and
    others get none.
    """

    id: str
    name: str
    by: str
    at: datetime
    attempt: str = ""
    ordered: int = 0
    refused: int = 0
    done_at: datetime | None = None
    wishes: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """A row as it was entered, its number, the field at fault, and the reason.

    ``row`` is the text of a row that could not be split into fields, else empty.
    """

    line: int
    cin: str = ""
    company_name: str = ""
    priority: str = ""
    not_before: str = ""
    row: str = ""
    field: str
    reason: str


def job_id_in(list_id: str, line: int) -> str:
    """The id of a row's job: the same whenever the list is ordered, so a repetition stores no second job."""
    return f"{list_id[:8]}{hashlib.sha256(list_id.encode()).hexdigest()[:8]}{line:08x}"


def field_at_fault(error: FilesureError) -> str:
    if isinstance(error, InvalidCin | AlreadyOrdered):
        return "cin"
    return error.field if isinstance(error, InvalidOrder) else "row"
