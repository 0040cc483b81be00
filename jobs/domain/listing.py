"""What people ask for when they look through jobs and documents: filters, orders, and places in a list.

Lists are read by keyset: a page begins after the last entry of the one before it, so that the
thousandth page costs what the first one does, and nothing is shown twice when jobs arrive.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

from jobs.domain.document import DocumentStatus
from jobs.domain.errors import InvalidCursor
from jobs.domain.job import JobStatus

T = TypeVar("T")

_WORD = re.compile(r"[^\W_]+")
_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
MOST_WORDS = 12
DAYS = 7


class JobOrder(StrEnum):
    """The orders that a list of jobs can have; each has its index."""

    NEWEST = "newest"
    OLDEST = "oldest"
    PRIORITY = "priority"
    COMPANY = "company"


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """Which jobs. What is empty or None does not narrow. Days are UTC, both included.

    ``text`` is a job's id, the beginning of a CIN, or beginnings of words of a company's name.
    ``reason`` is the ``kind`` of the job's last error.
    """

    text: str = ""
    statuses: frozenset[JobStatus] = frozenset()
    requested_by: str = ""
    priority: int | None = None
    reason: str = ""
    since: date | None = None
    until: date | None = None


class TextKind(StrEnum):
    """What was found in a document: text, none (a scan), or nothing was read yet."""

    TEXT = "text"
    SCAN = "scan"


@dataclass(frozen=True, kw_only=True)
class DocumentFilter:
    """Which documents. ``text`` is a CIN's beginning or a company's words. Days are those of the filing."""

    text: str = ""
    document_type: str = ""
    status: DocumentStatus | None = None
    text_kind: TextKind | None = None
    reason: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A place in a list: the entry there, and whether the page lies before it instead of after it.

    ``value`` is what the list is ordered by, None where that is the id itself.
    """

    id: str
    value: str | int | None = None
    before: bool = False

    def __str__(self) -> str:
        """As it stands in an address."""
        text = json.dumps([self.id, self.value, self.before], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_cursor(text: str) -> Cursor | None:
    """The place that an address names; None for the beginning. Raises InvalidCursor."""
    if not text:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        id_, value, before = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidCursor from error
    right = isinstance(id_, str) and _ID.fullmatch(id_) and isinstance(before, bool)
    if not right or not (value is None or isinstance(value, str | int)):
        raise InvalidCursor
    return Cursor(id=id_, value=value, before=before)


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """Some entries of a list, and the places of the pages beside them, None where there is none."""

    items: list[T]
    next: Cursor | None = None
    previous: Cursor | None = None


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many, counted up to a limit: beyond it there are ``more``."""

    number: int
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Facets:
    """How many of the newest jobs each value of a filter would leave, the other filters as they are.

    ``among`` is how many jobs were looked at; ``everything`` whether there are no others, so that
    ``matching``, the number that all filters leave, is that of the whole list.
    """

    statuses: dict[JobStatus, int]
    priorities: dict[int, int]
    requesters: dict[str, int]
    matching: int
    among: int
    everything: bool


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Failures of one kind, among the newest: how many, the last one's time and sentence.

    ``days`` counts those of the last DAYS times 24 hours, the latest last.
    """

    kind: str
    number: int
    days: tuple[int, ...]
    last_at: datetime | None
    example: str


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """What ended in one stretch of time, from ``begins`` on."""

    begins: datetime
    completed: int = 0
    failed: int = 0
    cancelled: int = 0


def words(company_name: str) -> list[str]:
    """The words by which a company is found, lower case, each once."""
    found = (match.casefold() for match in _WORD.findall(company_name))
    return list(dict.fromkeys(found))[:MOST_WORDS]
