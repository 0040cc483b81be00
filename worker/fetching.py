"""One document's way: download, read, upload, remember. In this order, so that nothing is told before it is so.

The bytes wait in a temporary file: memory does not depend on how large a document is.
"""

from __future__ import annotations

import hashlib
import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jobs import tracing
from jobs.domain.document import Document, DocumentError, Extraction, StoredFile
from jobs.domain.errors import (
    DocumentUnavailable,
    DocumentUnreadable,
    FilesureError,
    LeaseLost,
    UnexpectedError,
)
from jobs.domain.job import Lease
from jobs.domain.metrics import Instruments, timed
from jobs.ports import Blob, BlobStore, DocumentRepository, Extractor, Source
from worker.scratch import temporary_file, write
from worker.stopping import Reason, Stop

logger = logging.getLogger(__name__)

CONTENT_TYPES = {".pdf": "application/pdf", ".txt": "text/plain", ".xml": "application/xml", ".zip": "application/zip"}
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What became of one document: ``bytes`` if it is stored, else the error; neither if not begun."""

    bytes: int = 0
    stored: bool = False
    error: FilesureError | None = None
    final: bool = False


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What was counted while the bytes went by."""

    size: int
    sha256: str
    md5: bytes


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Fetches documents under one lease. Thread-safe: it keeps nothing between documents.

    ``downloads`` has as many places as documents may be downloaded at once.
    """

    source: Source
    extractor: Extractor
    blobs: BlobStore
    documents: DocumentRepository
    lease: Lease
    stop: Stop
    max_attempts: int
    downloads: threading.Semaphore
    instruments: Instruments

    def fetch(self, document: Document) -> Fetched:
        """Have one document. A failure that is the document's own is recorded with it.

        Raises LeaseLost, and whatever every other document would meet as well.
        """
        with tracing.span("document", document.log_context()):
            if document.attempts:
                self.instruments.count("document_retries_total")
            fetched = self._recorded(document)
            tracing.outcome("stored" if fetched.stored else "failed" if fetched.error else "left", fetched.error)
            return fetched

    def _recorded(self, document: Document) -> Fetched:
        try:
            return self._fetch(document)
        except (DocumentUnavailable, DocumentUnreadable) as error:
            return self._failed(document, error)
        except FilesureError:
            raise
        except Exception as error:  # the boundary of a document: its neighbours go on
            logger.exception("document.unexpected")
            return self._failed(document, UnexpectedError(f"{type(error).__name__}: {error}"))

    def _fetch(self, document: Document) -> Fetched:
        with temporary_file() as file:
            with self.downloads:
                if self.stop:
                    return Fetched()
                with self._step("download"):
                    digest = self._download(document, file)
            self.instruments.count("documents_downloaded_total")
            self.instruments.count("downloaded_bytes_total", digest.size)
            with self._step("extraction") as labels:
                extraction, text = self.extractor.extract(Path(file.name), document.filing.file_name)
                labels["method"] = extraction.method
            self.instruments.count("documents_extracted_total", method=extraction.method)
            with self._step("upload"):
                blob = self._upload_original(document, file, digest)
                text_name = self._upload_text(document, text) if text else None
            self.instruments.count("documents_uploaded_total")
            self.instruments.count("uploaded_bytes_total", digest.size)
            stored = _stored(blob, digest, text_name, extraction)
        self._still_ours()
        self.documents.save_stored(self.lease, document, stored)
        logger.debug("document.stored")
        return Fetched(stored=True, bytes=digest.size)

    @contextmanager
    def _step(self, name: str) -> Iterator[dict[str, str]]:
        with tracing.span(name), timed(self.instruments, f"document_{name}_duration_seconds") as labels:
            yield labels

    def _download(self, document: Document, file: IO[bytes]) -> Digest:
        size, sha256 = 0, hashlib.sha256()
        md5 = hashlib.md5(usedforsecurity=False)
        chunks = self.source.download(document.cin, document.company_name, document.filing, document.attempts + 1)
        for chunk in chunks:
            self._still_ours()
            write(file, chunk)
            size += len(chunk)
            sha256.update(chunk)
            md5.update(chunk)
        write(file, b"")
        return Digest(size=size, sha256=sha256.hexdigest(), md5=md5.digest())

    def _upload_original(self, document: Document, file: IO[bytes], digest: Digest) -> Blob:
        self._still_ours()
        file.seek(0)
        return self.blobs.put(
            document.blob_name,
            file,
            content_type=CONTENT_TYPES.get(Path(document.blob_name).suffix, "application/octet-stream"),
            md5=digest.md5,
            fence=self.lease.fence,
            metadata=self._metadata(document),
        )

    def _upload_text(self, document: Document, text: str) -> str:
        self._still_ours()
        data = text.encode()
        self.blobs.put(
            document.text_blob_name,
            io.BytesIO(data),
            content_type=TEXT,
            md5=hashlib.md5(data, usedforsecurity=False).digest(),
            fence=self.lease.fence,
            metadata=self._metadata(document),
        )
        return document.text_blob_name

    def _metadata(self, document: Document) -> dict[str, str]:
        return {
            "jobId": document.job_id,
            "documentNumber": str(document.filing.number),
            "cin": document.cin,
            "companyName": document.company_name,
            "documentType": document.filing.document_type,
        }

    def _failed(self, document: Document, error: FilesureError) -> Fetched:
        self._still_ours()
        final = not error.retryable or document.attempts + 1 >= self.max_attempts
        cause = DocumentError(kind=error.kind, message=str(error))
        self.documents.save_failure(self.lease, document, cause, final=final)
        self.instruments.count("documents_failed_total", reason=error.kind)
        extra = {"kind": error.kind, "reason": str(error)}
        logger.log(logging.WARNING if final else logging.INFO, "document.failed", extra=extra)
        return Fetched(error=error, final=final)

    def _still_ours(self) -> None:
        """Before each effect: a worker that has heard that its lease is gone leaves everything as it is."""
        if self.stop.reason is Reason.LOST:
            raise LeaseLost(self.lease.job_id, self.lease.fence)


def _stored(blob: Blob, digest: Digest, text_name: str | None, extraction: Extraction) -> StoredFile:
    return StoredFile(
        blob_name=blob.name, blob_url=blob.url, size=digest.size, content_type=blob.content_type,
        checksum=f"sha256:{digest.sha256}", text_blob_name=text_name, extraction=extraction,
    )  # fmt: skip
