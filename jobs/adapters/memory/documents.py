"""Documents in memory."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from jobs.domain.document import Document, DocumentError, DocumentStatus, Filing, StoredFile, not_yet_listed
from jobs.domain.errors import LeaseLost
from jobs.domain.filings.summary import DocumentReading
from jobs.domain.job import Job, Lease, Progress, parse_job_id
from jobs.domain.sharing import only_lender
from jobs.domain.watching import ListedFiling
from jobs.domain.wrong_use import UnknownDocument
from jobs.ports import Clock


class MemoryDocumentRepository:
    """``jobs.ports.DocumentRepository`` over a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._rows: dict[tuple[str, int], tuple[Document, int]] = {}
        self._clock = clock
        self._lock = threading.RLock()
        self._ids = itertools.count(1)

    def take_over(self, lease: Lease) -> None:
        with self._lock:
            for key, (document, fence) in self._rows.items():
                if document.job_id == lease.job_id:
                    self._rows[key] = (document, max(fence, lease.fence))

    def add(self, lease: Lease, job: Job, filings: Sequence[Filing]) -> None:
        with self._lock:
            listed = [document.filing for document in self.of_job(job.id) if document.parent is None]
            for filing in not_yet_listed(filings, listed):
                document = Document(
                    id=f"{next(self._ids):024x}",
                    job_id=job.id,
                    cin=job.cin,
                    company_name=job.company_name,
                    filing=filing,
                    created_at=self._clock(),
                )
                self._rows[job.id, filing.number] = (document, lease.fence)
            self.take_over(lease)

    def listed(self, cin: str) -> list[ListedFiling]:
        mine = [each for each in self._newest() if each.cin == cin and each.parent is None]
        return [
            ListedFiling(job_id=each.job_id, filing=each.filing, status=each.status, listed_at=each.created_at)
            for each in mine
            if each.created_at
        ]

    def withdraw(self, lease: Lease) -> None:
        with self._lock:
            mine = [key for key, (_, fence) in self._rows.items() if key[0] == lease.job_id and fence == lease.fence]
            for key in mine:
                del self._rows[key]

    def to_download(self, job_id: str, limit: int) -> list[Document]:
        listed = [document for document in self.of_job(job_id) if document.status is DocumentStatus.LISTED]
        return sorted(listed, key=lambda document: (document.attempts, document.filing.number))[: max(0, limit)]

    def of_filing(self, document: Document) -> Document | None:
        filing = document.filing
        alike = [
            each
            for each in self._newest()
            if each.cin == document.cin and each.filing.srn == filing.srn and each.filing.file_name == filing.file_name
        ]
        return only_lender(document, alike)

    def with_content(self, cin: str, checksum: str) -> Document | None:
        stored = (each for each in self._newest() if each.cin == cin and each.parent is None and each.file)
        return next((each for each in stored if each.file and each.file.checksum == checksum), None)

    def first_with_content(self, cin: str, checksum: str) -> Document | None:
        stored = [each for each in self._newest() if each.cin == cin and each.parent is None and each.file]
        return next((each for each in reversed(stored) if each.file and each.file.checksum == checksum), None)

    def with_blob(self, blob_name: str, limit: int) -> list[Document]:
        return [each for each in self._newest() if each.file and each.file.blob_name == blob_name][:limit]

    def referring(self, folder: str) -> Iterator[Document]:
        files = ((each, file) for each in self._newest() for file in (each.file, each.reserved))
        return iter([each for each, file in files if file and file.blob_name.startswith(folder)])

    def _newest(self) -> list[Document]:
        with self._lock:
            return sorted((document for document, _ in self._rows.values()), key=lambda each: each.id, reverse=True)

    def reserve(self, lease: Lease, document: Document, file: StoredFile | None) -> None:
        self._write(lease, document, reserved=file)

    def replace_file(self, lease: Lease, document: Document, file: StoredFile) -> None:
        self._write(lease, document, file=file, reserved=None)

    def save_stored(self, lease: Lease, document: Document, file: StoredFile) -> None:
        now = self._clock()
        self._write(
            lease, document, status=DocumentStatus.STORED, file=file, reserved=None, downloaded_at=now, error=None
        )

    def save_failure(self, lease: Lease, document: Document, error: DocumentError, *, final: bool) -> None:
        status = DocumentStatus.FAILED if final else DocumentStatus.LISTED
        self._write(lease, document, status=status, attempts=document.attempts + 1, error=error, reserved=None)

    def _write(self, lease: Lease, document: Document, **changes: object) -> None:
        key = (document.job_id, document.filing.number)
        with self._lock:
            stored, fence = self._rows.get(key, (None, 0))
            if stored is None or stored.id != document.id or fence > lease.fence:
                raise LeaseLost(lease.job_id, lease.fence)
            self._rows[key] = (replace(stored, **changes), fence)  # type: ignore[arg-type]

    def to_read(self, job_id: str, limit: int) -> list[Document]:
        unread = [each for each in self.of_job(job_id) if each.status is DocumentStatus.STORED and not each.reading]
        return unread[: max(0, limit)]

    def mark_reading(self, lease: Lease, document: Document, unended: int) -> None:
        self._write(lease, document, unended_readings=unended)

    def save_reading(self, lease: Lease, document: Document, reading: DocumentReading) -> None:
        with self._lock:
            row = self._rows.get((document.job_id, document.filing.number))
            if row and row[0].reading and row[0].reading.version > reading.version:
                return
            self._write(lease, document, reading=replace(reading, at=reading.at or self._clock()), unended_readings=0)

    def save_attachment(self, lease: Lease, attachment: Document) -> None:
        key, now = (lease.job_id, attachment.filing.number), self._clock()
        assert attachment.reading  # noqa: S101  attachments are recorded once they are read
        with self._lock:
            known, fence = self._rows.get(key, (None, lease.fence))
            if fence > lease.fence:
                raise LeaseLost(lease.job_id, lease.fence)
            stored = replace(
                attachment,
                id=known.id if known else f"{next(self._ids):024x}",
                status=DocumentStatus.STORED,
                reading=replace(attachment.reading, at=now),
                downloaded_at=now,
                created_at=known.created_at if known else now,
            )
            self._rows[key] = (stored, lease.fence)

    def drop_attachments(self, lease: Lease, document: Document, kept: int) -> None:
        with self._lock:
            for key, (each, fence) in list(self._rows.items()):
                root, index = each.place
                if key[0] == lease.job_id and root == document.filing.number and index > kept and fence <= lease.fence:
                    del self._rows[key]

    def progress(self, job_id: str) -> Progress:
        statuses = [document.status for document in self.of_job(job_id) if document.parent is None]
        return Progress(
            total=len(statuses) or None,
            downloaded=statuses.count(DocumentStatus.STORED),
            failed=statuses.count(DocumentStatus.FAILED),
        )

    def attachments(self, job_id: str, number: int) -> list[Document]:
        return [each for each in self.of_job(job_id) if each.parent is not None and each.place[0] == number]

    def of_job(self, job_id: str) -> list[Document]:
        key = parse_job_id(job_id)
        with self._lock:
            mine = [document for document, _ in self._rows.values() if document.job_id == key]
        return sorted(mine, key=lambda document: document.place)

    def list_again(self, job_id: str) -> int:
        with self._lock:
            failed = [each for each in self.of_job(job_id) if each.status is DocumentStatus.FAILED]
            for document in failed:
                key = (document.job_id, document.filing.number)
                again = replace(document, status=DocumentStatus.LISTED, attempts=0, error=None)
                self._rows[key] = (again, self._rows[key][1])
            return len(failed)

    def get(self, job_id: str, number: int) -> Document:
        with self._lock:
            row = self._rows.get((parse_job_id(job_id), number))
        if row is None:
            raise UnknownDocument(job_id, number)
        return row[0]

    def job_ids(self, cin: str | None = None) -> Iterator[str]:
        with self._lock:
            return iter({document.job_id for document, _ in self._rows.values() if cin in (None, document.cin)})

    def delete_of_job(self, job_id: str) -> None:
        with self._lock:
            self._rows = {key: row for key, row in self._rows.items() if key[0] != parse_job_id(job_id)}
