"""Downloads, uploads and records one document, in this order, so that metadata never names a missing blob.

A filing that another order of the company stored is not downloaded, and bytes that it stored are not uploaded.
Only then is it read: the original is kept whatever reading it brings. Its bytes go to a temporary file, so that
memory use does not depend on the document's size.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from jobs.domain.document import Document, DocumentError, StoredFile
from jobs.domain.errors import DocumentUnavailable, DocumentUnreadable, FilesureError, UnexpectedError
from jobs.domain.run_details import StepKind
from jobs.telemetry import tracing
from jobs.telemetry.metrics import Instruments, timed
from worker.extractors.sniffing import HTML, sniff
from worker.reading_document import DocumentReader, metadata_of
from worker.scratch import temporary_file, write

if TYPE_CHECKING:
    from jobs.ports import Blob, BlobStore, DocumentRepository, Source
    from worker.hold import Hold
    from worker.linking import Linker
    from worker.stopping import Stop

logger = logging.getLogger(__name__)

CONTENT_TYPES = {".pdf": "application/pdf", ".txt": "text/plain", ".xml": "application/xml", ".zip": "application/zip"}
_SNIFFED = 4096


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The document is in the blob store and recorded. ``read``: so is its reading."""

    read: bool


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The attempt failed, and the failure is recorded with the document. ``final``: there are no attempts left."""

    error: FilesureError
    final: bool


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """The run was asked to stop before the document's turn came."""


Result = Stored | Failed | Skipped


@dataclass(frozen=True, kw_only=True)
class Digest:
    """Size and checksums, computed during the download."""

    size: int
    sha256: str
    md5: bytes

    @property
    def checksum(self) -> str:
        return f"sha256:{self.sha256}"


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Fetches documents under one hold. Thread-safe: it keeps no state between documents."""

    source: Source
    reader: DocumentReader
    linker: Linker
    blobs: BlobStore
    documents: DocumentRepository
    hold: Hold
    stop: Stop
    max_attempts: int
    #: Limits concurrent downloads.
    downloads: threading.Semaphore
    instruments: Instruments
    #: Called with the size of what was uploaded, from any thread, as soon as a document is stored.
    on_stored: Callable[[int], object]
    #: Measures a step of a document.
    measure: Callable[[Document, StepKind], AbstractContextManager[None]]

    def fetch(self, document: Document) -> Result:
        """Fetch one document. A failure of this document alone is recorded with it and not raised.

        Raises LeaseLost, and errors that would affect every other document too.
        """
        with tracing.span("document", document.log_context()):
            if document.attempts:
                self.instruments.count("filesure_document_retries_total")
            result = self._recorded(document)
            tracing.outcome(type(result).__name__.lower(), result.error if isinstance(result, Failed) else None)
            return result

    def _recorded(self, document: Document) -> Result:
        try:
            return self._fetch(document)
        except (DocumentUnavailable, DocumentUnreadable) as error:
            return self._failed(document, error)
        except FilesureError:
            raise
        except Exception as error:  # one document's failure must not stop the others
            logger.exception("document.unexpected")
            return self._failed(document, UnexpectedError(f"{type(error).__name__}: {error}"))

    def _fetch(self, document: Document) -> Result:
        if self.stop:
            return Skipped()
        file = self.linker.by_filing(document)
        if file is None:
            return self._downloaded(document)
        stored = self._link(document, file, by="filing")
        return Stored(read=not self.stop and self._read_stored(stored))

    def _link(self, document: Document, file: StoredFile, *, by: str) -> Document:
        self.hold.check()
        self.documents.save_stored(self.hold.lease, document, file)
        self.instruments.count("filesure_documents_linked_total", by=by)
        logger.debug("document.linked", extra={"by": by})
        self.on_stored(0)
        return replace(document, file=file, reserved=None)

    def _downloaded(self, document: Document) -> Result:
        with temporary_file() as file:
            with self.downloads:
                if self.stop:
                    return Skipped()
                with self._step(document, StepKind.DOWNLOAD):
                    digest = self._download(document, file)
            self.instruments.count("filesure_documents_downloaded_total")
            self.instruments.count("filesure_downloaded_bytes_total", digest.size)
            _refuse_page(file, document.filing.file_name)
            if known := self.linker.by_content(document, digest.checksum):
                stored = self._link(document, known, by="content")
            else:
                stored = self._uploaded(document, file, digest)
            return Stored(read=self._read(stored, Path(file.name), is_new=known is None))

    def _uploaded(self, document: Document, file: IO[bytes], digest: Digest) -> Document:
        with self._step(document, StepKind.UPLOAD):
            blob = self._upload_original(document, file, digest)
        self.instruments.count("filesure_documents_uploaded_total")
        self.instruments.count("filesure_uploaded_bytes_total", digest.size)
        self.hold.check()
        self.documents.save_stored(self.hold.lease, document, _stored(blob, digest))
        logger.debug("document.stored")
        self.on_stored(digest.size)
        return replace(document, file=_stored(blob, digest), reserved=None)

    def _read(self, document: Document, path: Path, *, is_new: bool) -> bool:
        """The document is stored now: no fault of its reading may count as a failed download."""
        if self.stop:
            return False

        def read() -> bool:
            return self.linker.adopt(document) or self.reader.read(document, path, is_new=is_new)

        return self._guarded(document, read)

    def read_again(self, document: Document) -> Result:
        """Read a document that an earlier run stored but did not read. Raises the same errors as ``fetch``."""
        if self.stop:
            return Skipped()
        with tracing.span("document", document.log_context()):
            return Stored(read=self._read_stored(document))

    def _read_stored(self, document: Document) -> bool:
        def read() -> bool:
            merged = self.linker.merged(document)
            return self.linker.adopt(merged) or self.reader.read_again(merged)

        return self._guarded(document, read)

    def _guarded(self, document: Document, read: Callable[[], bool]) -> bool:
        try:
            with self.measure(document, StepKind.READ):
                return read()
        except FilesureError:
            raise
        except Exception:  # a fault of ours in one reading must not stop the others
            logger.exception("document.unread")
            self.reader.give_up(document, "The reader failed. See the worker's log.")
            return True

    @contextmanager
    def _step(self, document: Document, kind: StepKind) -> Iterator[None]:
        metric = f"filesure_document_{kind}_duration_seconds"
        with self.measure(document, kind), tracing.span(kind), timed(self.instruments, metric):
            yield

    def _download(self, document: Document, file: IO[bytes]) -> Digest:
        size, sha256 = 0, hashlib.sha256()
        md5 = hashlib.md5(usedforsecurity=False)
        chunks = self.source.download(document.cin, document.company_name, document.filing, document.attempts + 1)
        for chunk in chunks:
            self.hold.check()
            write(file, chunk)
            size += len(chunk)
            sha256.update(chunk)
            md5.update(chunk)
        write(file, b"")
        return Digest(size=size, sha256=sha256.hexdigest(), md5=md5.digest())

    def _upload_original(self, document: Document, file: IO[bytes], digest: Digest) -> Blob:
        self.hold.check()
        file.seek(0)
        return self.blobs.put(
            document.blob_name,
            file,
            content_type=CONTENT_TYPES.get(Path(document.blob_name).suffix, "application/octet-stream"),
            md5=digest.md5,
            fence=self.hold.lease.fence,
            metadata=metadata_of(document),
        )

    def _failed(self, document: Document, error: FilesureError) -> Failed:
        self.hold.check()
        final = not error.retryable or document.attempts + 1 >= self.max_attempts
        cause = DocumentError(kind=error.kind, message=str(error))
        self.documents.save_failure(self.hold.lease, document, cause, final=final)
        self.instruments.count("filesure_documents_failed_total", reason=error.kind)
        extra = {"kind": error.kind, "reason": str(error)}
        logger.log(logging.WARNING if final else logging.INFO, "document.failed", extra=extra)
        return Failed(error=error, final=final)


def _refuse_page(file: IO[bytes], file_name: str) -> None:
    """Raises DocumentUnavailable if a portal sent a web page, for example about an error, instead of the document."""
    file.seek(0)
    if sniff(file.read(_SNIFFED)) == HTML and not file_name.lower().endswith((".htm", ".html", ".xhtml")):
        raise DocumentUnavailable("The source sent a web page instead of the document.")


def _stored(blob: Blob, digest: Digest) -> StoredFile:
    return StoredFile(
        blob_name=blob.name,
        blob_url=blob.url,
        size=digest.size,
        content_type=blob.content_type,
        checksum=digest.checksum,
    )
