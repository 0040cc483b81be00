"""Reads one stored document and stores the results: its attachments, then its text, record and thumbnail.

The reading itself is recorded last, so that one which was interrupted anywhere is repeated from the stored original
and replaces everything under the same names.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from jobs.domain.document import MOST_ATTACHMENTS, Document, Filing, StoredFile, attachment_number
from jobs.domain.errors import (
    BlobNotFound,
    DocumentUnavailable,
    FilesureError,
    LeaseLost,
    LocalDiskError,
    UnexpectedError,
)
from jobs.domain.filings.forms import FormRecord
from jobs.domain.filings.reading import Reading
from jobs.domain.filings.records import record_of
from jobs.domain.filings.summary import DocumentReading, confirmed, loses, summary_of, unread
from jobs.domain.job import Lease
from jobs.ports import Blob, BlobStore, DocumentRepository, Extractor, PageIndex
from jobs.telemetry import tracing
from jobs.telemetry.metrics import Instruments, timed
from worker.indexing import index_text
from worker.reading_json import record_as_json
from worker.scratch import emptied, temporary_file, write

logger = logging.getLogger(__name__)

ATTACHMENT = "ATTACHMENT"
MOST_UNENDED = 2
_CHUNK = 256 * 1024
_LONGEST_NAME = 200
_TYPES = {
    "pdf": "application/pdf",
    "zip": "application/zip",
    "xml": "application/xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
}


@dataclass(frozen=True, kw_only=True)
class DocumentReader:
    """Thread-safe. ``check`` raises LeaseLost once the ``lease`` may have been lost."""

    extractor: Extractor
    blobs: BlobStore
    documents: DocumentRepository
    lease: Lease
    check: Callable[[], None]
    instruments: Instruments
    #: None: the text is not indexed.
    pages: PageIndex | None = None
    #: Called with the number of pages of each reading.
    on_read: Callable[[int], None] = lambda _pages: None

    def read(self, document: Document, path: Path, *, is_new: bool = False) -> bool:
        """Read the original from ``path``. Returns False if it could not be read now, through no fault of the file.

        ``is_new``: it was stored just now, so nothing of an earlier reading has to be removed.
        Raises LeaseLost, and errors of the stores.
        """
        with temporary_file() as spool:
            reading = self._reading(document, path, spool)
            if reading is None:
                return False
            record = record_of(reading, _listed_form(document))
            if not self._keeps_earlier(document, reading, record):
                self._store(self._edition(document), reading, record, spool, is_new=is_new)
        labels = {"state": str(reading.state), "method": str(reading.method)}
        self.instruments.count("filesure_readings_total", **labels)
        self.on_read(reading.page_count or 0)
        logger.debug("document.read", extra=labels)
        return True

    def read_again(self, document: Document) -> bool:
        """Read the stored original of a document whose reading was never recorded, or is out of date.

        A file whose reading ended the worker several times, or that is missing, is given up.
        """
        if document.unended_readings >= MOST_UNENDED:
            self.give_up(document, f"Reading it ended the worker {MOST_UNENDED} times.")
            return True
        self.check()
        self.documents.mark_reading(self.lease, document, document.unended_readings + 1)
        with temporary_file() as file:
            try:
                copy(self.blobs, document, file)
            except BlobNotFound:
                self.give_up(document, "Its original is missing from the blob store.")
                return True
            done = self.read(document, Path(file.name))
        if not done:
            self.check()
            self.documents.mark_reading(self.lease, document, document.unended_readings)
        return done

    def give_up(self, document: Document, reason: str) -> None:
        """Record that nothing could be read. An earlier reading is kept."""
        found = unread(reason)
        if not self._confirmed(document, found):
            self.check()
            self.documents.save_reading(self.lease, document, found)

    def _edition(self, document: Document) -> Document:
        """A later reading gets names of its own, since other documents may share the earlier one."""
        return replace(document, edition=self.lease.fence) if document.reading else document

    def _keeps_earlier(self, document: Document, reading: Reading, record: FormRecord) -> bool:
        return document.reading is not None and self._confirmed(document, summary_of(reading, record))

    def _confirmed(self, document: Document, found: DocumentReading) -> bool:
        """Whether the earlier reading has more: then it is recorded as confirmed, with its files."""
        if document.reading is None or not loses(document.reading, found):
            return False
        self.check()
        self.documents.save_reading(self.lease, document, confirmed(document.reading, found))
        return True

    def _reading(self, document: Document, path: Path, spool: IO[bytes]) -> Reading | None:
        try:
            with self._step("reading", "filesure_reading_duration_seconds") as labels:
                reading = self.extractor.read(path, document.filing.file_name, spool=spool)
                labels["method"] = reading.method
        except (DocumentUnavailable, LocalDiskError, UnexpectedError) as error:
            logger.warning("document.unread", extra={"kind": error.kind, "reason": str(error)})
            return None
        return reading

    def _store(
        self, document: Document, reading: Reading, record: FormRecord, spool: IO[bytes], *, is_new: bool
    ) -> None:
        with self._step("upload of reading"):
            try:
                kept = self._attachments(document, reading, spool)
                if not is_new:
                    self.documents.drop_attachments(self.lease, document, kept)
                summary = self._derived(document, reading, record)
                self.check()
                index_text(self.pages, document, reading, summary)
                self.check()
                self.documents.save_reading(self.lease, document, summary)
            except LeaseLost:
                with suppress(FilesureError):  # attachments recorded after another worker took over
                    self.documents.drop_attachments(self.lease, document, 0)
                raise

    def _attachments(self, document: Document, reading: Reading, spool: IO[bytes]) -> int:
        """Store the files inside the document. Returns their number."""
        kept = 0
        for attachment, inner in _placed(document, reading):
            if inner.spooled:
                self._attach(attachment, inner, spool)
                kept = attachment.place[1]
        return kept

    def _attach(self, attachment: Document, inner: Reading, spool: IO[bytes]) -> None:
        assert inner.spooled  # noqa: S101  the caller has checked it
        start, end = inner.spooled
        spool.seek(start)
        with temporary_file() as file:
            md5, sha256 = _copied(spool, end - start, file)
            blob = self._put(attachment, attachment.blob_name, file, _TYPES.get(inner.kind, ""), md5)
        stored = _stored(blob, sha256)
        summary = self._derived(attachment, inner, record_of(inner))
        self.check()
        attached = replace(attachment, file=stored, reading=summary)
        self.documents.save_attachment(self.lease, attached)
        index_text(self.pages, attached, inner, summary)

    def _derived(self, document: Document, reading: Reading, record: FormRecord) -> DocumentReading:
        """Store text, record and thumbnail. Returns the summary with their names."""
        text, found = reading.text.encode(), record_as_json(reading, record)
        if text:
            self._put_bytes(document, document.text_blob_name, text, "text/plain; charset=utf-8")
        if found:
            data = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
            self._put_bytes(document, document.record_blob_name, data, "application/json")
        if reading.thumbnail:
            self._put_bytes(document, document.thumbnail_blob_name, reading.thumbnail, "image/png")
        return replace(
            summary_of(reading, record),
            text_blob_name=document.text_blob_name if text else None,
            record_blob_name=document.record_blob_name if found else None,
            thumbnail_blob_name=document.thumbnail_blob_name if reading.thumbnail else None,
        )

    def _put_bytes(self, document: Document, name: str, data: bytes, content_type: str) -> None:
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        self._put(document, name, io.BytesIO(data), content_type, md5)

    def _put(self, document: Document, name: str, data: IO[bytes], content_type: str, md5: bytes) -> Blob:
        self.check()
        return self.blobs.put(
            name,
            data,
            content_type=content_type or "application/octet-stream",
            md5=md5,
            fence=self.lease.fence,
            metadata=metadata_of(document),
        )

    @contextmanager
    def _step(self, name: str, metric: str | None = None) -> Iterator[dict[str, str]]:
        with tracing.span(name):
            if metric is None:
                yield {}
                return
            with timed(self.instruments, metric) as labels:
                yield labels


def _listed_form(document: Document) -> str | None:
    """The source's name for the form; None for attachments."""
    return document.filing.document_type if document.parent is None else None


def metadata_of(document: Document) -> dict[str, str]:
    """The metadata of a document's blobs."""
    return {
        "jobId": document.job_id,
        "documentNumber": str(document.filing.number),
        "cin": document.cin,
        "companyName": document.company_name,
        "documentType": document.filing.document_type,
    }


def copy(blobs: BlobStore, document: Document, file: IO[bytes]) -> None:
    """Copy a stored original to a local file. Raises BlobNotFound, BlobStoreUnavailable, LocalDiskError."""
    assert document.file  # noqa: S101  only stored documents are read
    with blobs.open(document.file.blob_name) as blob:
        emptied(file)
        while chunk := blob.read(_CHUNK):
            write(file, chunk)


def _copied(source: IO[bytes], size: int, target: IO[bytes]) -> tuple[bytes, str]:
    """Copy ``size`` bytes. Returns their MD5 and SHA-256; the target is ready to be read from its start."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    while size > 0 and (chunk := source.read(min(_CHUNK, size))):
        size -= len(chunk)
        md5.update(chunk)
        sha256.update(chunk)
        write(target, chunk)
    target.seek(0)
    return md5.digest(), sha256.hexdigest()


def _stored(blob: Blob, sha256: str) -> StoredFile:
    return StoredFile(
        blob_name=blob.name,
        blob_url=blob.url,
        size=blob.size,
        content_type=blob.content_type,
        checksum=f"sha256:{sha256}",
    )


def _placed(document: Document, reading: Reading) -> Iterator[tuple[Document, Reading]]:
    """Each file inside the document, at any depth, as a document of its own; its number follows from its place."""
    parents = {id(reading): document.filing.number}
    for index, (inner, outer) in enumerate(_inner(reading), start=1):
        if index > MOST_ATTACHMENTS:
            return
        number = parents[id(inner)] = attachment_number(document.filing.number, index)
        filing = Filing(number=number, document_type=ATTACHMENT, file_name=_clean(inner.name, index))
        attachment = Document(
            id="",
            job_id=document.job_id,
            cin=document.cin,
            company_name=document.company_name,
            filing=filing,
            parent=parents[id(outer)],
            edition=document.edition,
        )
        yield attachment, inner


def _inner(reading: Reading) -> Iterator[tuple[Reading, Reading]]:
    """Each file inside, in the order in which they were read, and the file that contains it."""
    for inner in reading.attachments:
        yield inner, reading
        yield from _inner(inner)


def _clean(name: str, index: int) -> str:
    """A file name that can be shown and sent in a header; the folder inside a zip stays visible."""
    shown = "".join(letter for letter in name.replace("\\", "/") if letter.isprintable()).strip("/ ")
    suffix = PurePosixPath(shown).suffix[:10]
    return shown if 0 < len(shown) <= _LONGEST_NAME else f"{shown[: _LONGEST_NAME - 10]}{suffix}" or f"file {index}"
