"""Filings, as a source lists them, and the documents stored for them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.domain.filings.summary import DocumentReading

#: Attachments have numbers from here on, so that their numbers never meet those of a listing.
ATTACHMENTS_FROM = 1_000_000
MOST_ATTACHMENTS = 999

_PLAIN_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)


def folders_of(job_id: str) -> tuple[str, str]:
    """The folder of a job's blobs, and the folder that earlier versions used.

    A hash comes first: Azure divides its load by the beginning of names, and an id begins with its time.
    """
    digest = hashlib.sha256(job_id.encode()).hexdigest()
    return f"jobs/{digest[:3]}-{job_id}/", f"jobs/{job_id}/"


def job_of_blob(name: str) -> str:
    """The id of the job in whose folder the blob is."""
    return name.removeprefix("jobs/").partition("/")[0].rpartition("-")[2]


class DocumentStatus(StrEnum):
    """``listed``: known, not yet downloaded. ``stored``: in the blob store. ``failed``: could not be retrieved."""

    LISTED = "listed"
    STORED = "stored"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Filing:
    """One document that a source offers. ``number`` is its position, 1, 2, …; ``key`` identifies it."""

    number: int
    document_type: str
    file_name: str
    srn: str | None = None
    filed_on: date | None = None

    @property
    def key(self) -> str:
        """Stays the same each time the source lists this filing, even if its position changes."""
        return f"{self.srn or ''}/{self.file_name}"


def not_yet_listed(filings: Iterable[Filing], listed: Collection[Filing]) -> list[Filing]:
    """The filings that are not listed yet, with unused numbers.

    The source's list may have changed since the others were listed: positions may differ, keys do not.
    """
    known, taken = Counter(filing.key for filing in listed), {filing.number for filing in listed}
    new = []
    for filing in filings:
        if known[filing.key]:
            known[filing.key] -= 1
            continue
        number = filing.number if filing.number not in taken else max(taken) + 1
        taken.add(number)
        new.append(replace(filing, number=number))
    return new


def listing_keys(filings: Iterable[Filing], listed: Iterable[Filing]) -> list[str]:
    """One key per new filing, unique within the job even if the source lists two filings alike."""
    known, keys = Counter(filing.key for filing in listed), []
    for filing in filings:
        known[filing.key] += 1
        keys.append(f"{filing.key}#{known[filing.key]}")
    return keys


def attachment_number(root: int, index: int) -> int:
    """The number of the ``index``-th attachment (1, 2, …) of the filing with the number ``root``."""
    if not 0 < index <= MOST_ATTACHMENTS:
        raise ValueError(f"A document has at most {MOST_ATTACHMENTS} attachments.")
    return ATTACHMENTS_FROM + root * (MOST_ATTACHMENTS + 1) + index


def place_of(number: int) -> tuple[int, int]:
    """The number of the filing, and the index of its attachment; 0 for the filing itself."""
    if number < ATTACHMENTS_FROM:
        return number, 0
    return divmod(number - ATTACHMENTS_FROM, MOST_ATTACHMENTS + 1)


@dataclass(frozen=True, kw_only=True)
class DocumentError:
    """Why a document was not retrieved: ``kind`` for filters, ``message`` for people."""

    kind: str
    message: str


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A document's original in the blob store. ``size`` is in bytes."""

    blob_name: str
    blob_url: str
    size: int
    content_type: str
    checksum: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """One filing of one job, or a file attached to one.

    ``attempts`` counts failed downloads. ``file`` is None until the original is stored, and ``reading`` until it is
    read. ``parent`` is the number of the document that contains this one, None for a filing of the listing. Documents
    of one company may have the same file, see ``jobs.domain.sharing``.
    """

    id: str
    job_id: str
    cin: str
    company_name: str
    filing: Filing
    status: DocumentStatus = DocumentStatus.LISTED
    attempts: int = 0
    error: DocumentError | None = None
    file: StoredFile | None = None
    #: The stored file that this document is about to have in common with another.
    reserved: StoredFile | None = None
    reading: DocumentReading | None = None
    #: Readings that an earlier run began and never ended.
    unended_readings: int = 0
    parent: int | None = None
    downloaded_at: datetime | None = None
    created_at: datetime | None = None
    #: Part of the names of what a later reading finds; 0 for the first one.
    edition: int = 0

    @property
    def form(self) -> str:
        """As read from the document, else as listed."""
        facts = self.reading.facts if self.reading else None
        return (facts.form if facts else None) or self.filing.document_type

    @property
    def filed_on(self) -> date | None:
        """As listed, else as read."""
        facts = self.reading.facts if self.reading else None
        return self.filing.filed_on or (facts.filed_on if facts else None)

    @property
    def year_end(self) -> date | None:
        """The end of its financial year, if it was read."""
        facts = self.reading.facts if self.reading else None
        return facts.year_end if facts else None

    @property
    def blob_name(self) -> str:
        """The original's name in the blob store: the same for every attempt, so a retry overwrites it."""
        suffix = PurePosixPath(self.filing.file_name).suffix.lower()
        return f"{self._stem}{suffix if _PLAIN_SUFFIX.fullmatch(suffix) else '.bin'}"

    @property
    def text_blob_name(self) -> str:
        """The text's name in the blob store: next to the original, never equal to its name."""
        name = f"{self._stem}.txt"
        return name if name != self.blob_name else f"{self._stem}.text.txt"

    @property
    def record_blob_name(self) -> str:
        return f"{self._stem}.record.json"

    @property
    def thumbnail_blob_name(self) -> str:
        return f"{self._stem}.page1.png"

    @property
    def blob_names(self) -> frozenset[str]:
        """The names of the original and of what was read from it. Also those reserved."""
        derived = self.reading.blob_names if self.reading else ()
        return frozenset([*(file.blob_name for file in (self.file, self.reserved) if file), *derived])

    @property
    def stored_with(self) -> str | None:
        """The id of the order that stored the original, if that was another order."""
        owner = job_of_blob(self.file.blob_name) if self.file else self.job_id
        return owner if owner != self.job_id else None

    @property
    def place(self) -> tuple[int, int]:
        """Sorts documents by number, each followed by its attachments."""
        return place_of(self.filing.number)

    @property
    def _stem(self) -> str:
        """In the folder of this document's job, even if its original is in another one."""
        root, index = self.place
        own = None if self.stored_with else self.file
        folder = own.blob_name.rpartition("/")[0] + "/" if own else folders_of(self.job_id)[0]
        edition = f".r{self.edition}" if self.edition else ""
        return f"{folder}document_{root}{f'_attachment_{index}' if index else ''}{edition}"

    def log_context(self) -> dict[str, object]:
        return {"document": self.filing.number, "documentType": self.filing.document_type}
