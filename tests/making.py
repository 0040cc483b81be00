"""Jobs, filings and files for tests."""

from __future__ import annotations

import hashlib
import io
import itertools
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from jobs.bootstrap import new_id
from jobs.domain.directory import ListedCompany
from jobs.domain.document import Document, Filing, StoredFile, folders_of
from jobs.domain.errors import DocumentUnreadable
from jobs.domain.filings.reading import Method, PageReading, Reading, ReadingState
from jobs.domain.filings.records import record_of
from jobs.domain.filings.summary import DocumentReading, summary_of
from jobs.domain.job import Job
from jobs.ports import BlobStore
from worker.extractors.reader import Reader

_numbers = itertools.count(1)


def a_cin(number: int | None = None) -> str:
    return f"U72900KA2008PTC{number or next(_numbers):06d}"


def a_listed(name: str, **changes: Any) -> ListedCompany:
    """A company of the directory."""
    return ListedCompany(**{"id": a_cin(), "name": name, "status": "Active", **changes})


def a_job(now: datetime, **changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": new_id(),
        "cin": a_cin(),
        "company_name": "Test Company",
        "run_after": now,
        "max_attempts": 3,
        "requested_by": "tests",
        "created_at": now,
        "updated_at": now,
    }
    return Job(**{**fields, **changes})


def some_filings(count: int) -> list[Filing]:
    return [
        Filing(number=number, document_type="AOC-4", file_name=f"AOC-4_{number}.pdf", srn=f"H{number:08d}")
        for number in range(1, count + 1)
    ]


def blobs_of(blobs: BlobStore, job_id: str) -> list[str]:
    """The names of all blobs of a job."""
    return [name for folder in folders_of(job_id) for name in blobs.names(folder)]


def a_file(name: str = "jobs/x/document_1.pdf", size: int = 7) -> StoredFile:
    return StoredFile(
        blob_name=name,
        blob_url=f"memory:///{name}",
        size=size,
        content_type="application/pdf",
        checksum="sha256:" + "0" * 64,
    )


def a_reading(text: str = "abc", name: str = "a.pdf", **changes: Any) -> Reading:
    fields: dict[str, Any] = {
        "name": name,
        "kind": "pdf",
        "size": len(text),
        "state": ReadingState.READ,
        "page_count": 1,
        "pages": (PageReading(number=1, method=Method.TEXT, text=text),),
    }
    return Reading(**{**fields, **changes})


def a_summary(**changes: Any) -> DocumentReading:
    """That of ``a_reading``."""
    reading = a_reading(**changes)
    return summary_of(reading, record_of(reading))


def an_attachment(spool: IO[bytes], data: bytes, name: str = "inside.pdf") -> Reading:
    """A file inside another one, written to the spool."""
    start = spool.seek(0, 2)
    spool.write(data)
    spool.flush()
    return a_reading(data.decode(), name, spooled=(start, start + len(data)))


def a_pdf(folder: Path, data: bytes) -> Path:
    path = folder / "document.pdf"
    path.write_bytes(data)
    return path


def read(extractor: Reader, path: Path) -> str:
    """The text. Raises DocumentUnreadable with the reason if nothing could be read."""
    reading = extractor.read(path, path.name)
    if reading.state in (ReadingState.UNREADABLE, ReadingState.UNSUPPORTED):
        raise DocumentUnreadable(reading.reason or "")
    return reading.text


def store_original(blobs: BlobStore, document: Document, data: bytes) -> StoredFile:
    """Put the original of a document into the store."""
    blob = blobs.put(
        document.blob_name,
        io.BytesIO(data),
        content_type="application/pdf",
        md5=hashlib.md5(data, usedforsecurity=False).digest(),
        fence=1,
        metadata={},
    )
    checksum = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return replace(a_file(blob.name, blob.size), blob_url=blob.url, checksum=checksum)
