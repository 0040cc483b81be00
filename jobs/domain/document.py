"""A filing as a source lists it, and the document that we make of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import PurePosixPath

_PLAIN_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)


class DocumentStatus(StrEnum):
    """``listed``: known, not yet had. ``stored``: in the blob store. ``failed``: cannot be had."""

    LISTED = "listed"
    STORED = "stored"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Filing:
    """One document that a source offers. ``number`` is 1, 2, … and stable for a company."""

    number: int
    document_type: str
    file_name: str
    srn: str | None = None
    filed_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class DocumentError:
    """Why a document was not had: a word for filters, a sentence for people."""

    kind: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What was read out of a document. ``pages`` is None where the kind of file has none."""

    method: str
    characters: int
    pages: int | None = None


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A document's bytes, once they are in the blob store. ``size`` is in bytes."""

    blob_name: str
    blob_url: str
    size: int
    content_type: str
    checksum: str
    text_blob_name: str | None
    extraction: Extraction | None


@dataclass(frozen=True, kw_only=True)
class Document:
    """One filing of one job. ``attempts`` counts the failed tries; ``file`` is None until stored."""

    id: str
    job_id: str
    cin: str
    company_name: str
    filing: Filing
    status: DocumentStatus = DocumentStatus.LISTED
    attempts: int = 0
    error: DocumentError | None = None
    file: StoredFile | None = None
    downloaded_at: datetime | None = None
    created_at: datetime | None = None

    @property
    def blob_name(self) -> str:
        """Where the original goes: the same name at every try, so twice is once."""
        suffix = PurePosixPath(self.filing.file_name).suffix.lower()
        return f"{self._stem}{suffix if _PLAIN_SUFFIX.fullmatch(suffix) else '.bin'}"

    @property
    def text_blob_name(self) -> str:
        """Where the text goes: beside the original, never over it."""
        name = f"{self._stem}.txt"
        return name if name != self.blob_name else f"{self._stem}.text.txt"

    @property
    def _stem(self) -> str:
        return f"jobs/{self.job_id}/document_{self.filing.number}"

    def log_context(self) -> dict[str, object]:
        """What every log line about this document carries."""
        return {"document": self.filing.number, "documentType": self.filing.document_type}
