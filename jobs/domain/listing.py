"""Lists of jobs and documents: filters, orders, cursors and pages.

Lists use keyset pagination: a page starts after the last entry of the previous page, so the
thousandth page costs as much as the first, and new jobs never cause an entry to appear twice.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from jobs.domain.job import JOB_ID, JobStatus
from jobs.domain.wrong_use import InvalidCursor

if TYPE_CHECKING:
    from jobs.domain.document import DocumentStatus
    from jobs.domain.filings.reading import ReadingState

T = TypeVar("T")

DAYS = 7


class JobOrder(StrEnum):
    """The sort orders of job lists; each has an index."""

    NEWEST = "newest"
    OLDEST = "oldest"
    PRIORITY = "priority"
    COMPANY = "company"


class DocumentOrder(StrEnum):
    """The sort orders of lists of documents; each has an index. ``filed`` begins with the latest filing date.

    Documents without a filing date or size come last.
    """

    NEWEST = "newest"
    OLDEST = "oldest"
    COMPANY = "company"
    FORM = "form"
    FILED = "filed"
    FILED_FIRST = "filed_first"
    LARGEST = "largest"
    SMALLEST = "smallest"


class CompanyOrder(StrEnum):
    """The sort orders of the list of companies: by name, or the latest order first."""

    COMPANY = "company"
    NEWEST = "newest"


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """A filter of jobs. Fields that are empty or None match all jobs. Both days are days of ``zone``, and inclusive.

    ``text`` is a job's id, the beginning of a CIN, LLPIN or FCRN, or the beginnings of words in a company's name.
    ``reason`` is the ``kind`` of the job's last error. ``ended_since`` is inclusive, ``ended_until`` is not.
    """

    text: str = ""
    statuses: frozenset[JobStatus] = frozenset()
    requested_by: str = ""
    priority: int | None = None
    reason: str = ""
    list_id: str = ""
    since: date | None = None
    until: date | None = None
    ended_since: datetime | None = None
    ended_until: datetime | None = None
    zone: tzinfo = UTC


class TextKind(StrEnum):
    """Whether text was found in a document; if not, it is a scan."""

    TEXT = "text"
    SCAN = "scan"


@dataclass(frozen=True, kw_only=True)
class DocumentFilter:
    """A filter of documents, like JobFilter. The days are filing dates."""

    text: str = ""
    document_type: str = ""
    status: DocumentStatus | None = None
    reading: ReadingState | None = None
    text_kind: TextKind | None = None
    reason: str = ""
    since: date | None = None
    until: date | None = None


class JobDocuments(StrEnum):
    """Which documents of a job are listed. The first three are filings; attachments are files inside filings."""

    FAILED = "failed"
    LISTED = "listed"
    STORED = "stored"
    ATTACHMENTS = "attachments"


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A position in a list: an entry, and whether the page comes before it instead of after it.

    ``value`` is the entry's value of the sort field, None if the list is sorted by id.
    """

    id: str
    value: str | int | None = None
    before: bool = False

    def __str__(self) -> str:
        """The form used in URLs."""
        text = json.dumps([self.id, self.value, self.before], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _is_storable(value: object) -> bool:
    """Whether every server accepts it in a query: NUL, lone surrogates and integers beyond 64 bits are rejected."""
    if isinstance(value, str):
        return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)
    return value is None or (type(value) is int and abs(value) < 2**63)


def parse_cursor(text: str) -> Cursor | None:
    """Parse the cursor in a URL; None means the first page. Raises InvalidCursor."""
    if not text:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        id_, value, before = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise InvalidCursor from error
    is_valid = isinstance(id_, str) and JOB_ID.fullmatch(id_) and isinstance(before, bool)
    if not is_valid or not _is_storable(value):
        raise InvalidCursor
    return Cursor(id=id_, value=value, before=before)


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list, and the cursors of the next and previous pages, None if there is no such page.

    ``among``: only so many of the newest entries that match were sorted, or read; None if all were.
    """

    items: list[T]
    next: Cursor | None = None
    previous: Cursor | None = None
    among: int | None = None


def every(read: Callable[[Cursor | None], Page[T]]) -> Iterator[T]:
    """The items of all pages, read page by page."""
    cursor: Cursor | None = None
    while True:
        page = read(cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number, counted up to a limit; ``more`` if the limit was exceeded."""

    number: int
    more: bool = False

    @classmethod
    def sum_of(cls, counts: Collection[Count]) -> Self:
        return cls(number=sum(each.number for each in counts), more=any(each.more for each in counts))


@dataclass(frozen=True, kw_only=True)
class Facets:
    """How many of the newest jobs would match each value of a filter, with the other filters unchanged.

    ``among`` is the number of newest jobs considered. ``matching`` is the number of these that match all
    filters; with ``everything`` there are no older jobs, so it covers the whole list.
    """

    statuses: dict[JobStatus, int]
    priorities: dict[int, int]
    requesters: dict[str, int]
    matching: int
    among: int
    everything: bool


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Failures of one kind among the newest: their number, latest time, and an example message.

    ``days`` has one count per 24 hours for the last DAYS days, the most recent last.
    """

    kind: str
    number: int
    days: tuple[int, ...]
    last_at: datetime | None
    example: str


#: Longer than any known wait.
UNKNOWN_WAIT = math.inf


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """The jobs that ended in the interval starting at ``begins``. ``completed`` includes ``partial``."""

    begins: datetime
    completed: int = 0
    partial: int = 0
    failed: int = 0
    cancelled: int = 0
    #: The longest wait of the runs that began in it, in seconds; None if none began or it was not read.
    waited: float | None = None


def bucket_begin(at: datetime, seconds: int) -> datetime:
    """The beginning of the bucket of this length that contains the time."""
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)
