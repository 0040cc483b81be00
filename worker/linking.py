"""Links a document to the files of another document of its company, since each filing is stored once.

A link is safe in this order: refer to the file, check that it lasts, and only then record it. See ``releasing``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from jobs.domain.document import Document, StoredFile, attachment_number, place_of
from jobs.domain.errors import BlobNotFound, FilesureError, LeaseLost
from jobs.domain.filings.reading import READER_VERSION, ReadingState
from jobs.domain.filings.summary import loses
from jobs.domain.sharing import family_of, is_linked
from jobs.domain.wrong_use import UnknownDocument
from jobs.services.releasing import exists

if TYPE_CHECKING:
    from jobs.domain.job import Lease
    from jobs.ports import BlobStore, DocumentRepository, JobRepository

_MOST_LENDERS = 20


@dataclass(frozen=True, kw_only=True)
class Linker:
    """Thread-safe. ``check`` raises LeaseLost once the ``lease`` may have been lost."""

    jobs: JobRepository
    documents: DocumentRepository
    blobs: BlobStore
    lease: Lease
    check: Callable[[], None]
    #: Whether filings that other orders have stored are downloaded again.
    fresh: bool = False
    #: Readings made before are not taken over.
    since: datetime | None = None

    def by_filing(self, document: Document) -> StoredFile | None:
        """The file of this filing as another order stored it, now reserved; None: download it. Raises LeaseLost."""
        return None if self.fresh else self._reserved(document, self.documents.of_filing(document))

    def by_content(self, document: Document, checksum: str) -> StoredFile | None:
        """A stored file of this company with the same bytes, now reserved; None: upload them. Raises LeaseLost."""
        return self._reserved(document, self.documents.with_content(document.cin, checksum))

    def merged(self, document: Document) -> Document:
        """The stored document, linked to the company's oldest file with the same bytes instead of a file of its own.

        Orders stored before filings were stored once have files of their own. The sweep removes what is replaced. A
        document that is linked keeps its file, since others may not spare what was read from it. Raises LeaseLost.
        """
        if document.file and document.reserved:  # by a run that was interrupted
            self.documents.reserve(self.lease, document, None)
        if document.file is None or is_linked(document):
            return document
        oldest = self.documents.first_with_content(document.cin, document.file.checksum)
        if oldest is None or oldest.file is None or oldest.file.blob_name == document.file.blob_name:
            return document
        if not (file := self._reserved(document, oldest)):
            return document
        self.check()
        self.documents.replace_file(self.lease, document, file)
        return replace(document, file=file, reserved=None)

    def _reserved(self, document: Document, lender: Document | None) -> StoredFile | None:
        if lender is None or lender.file is None:
            return None
        self.check()
        self.documents.reserve(self.lease, document, lender.file)
        if self._lasts(lender) and self._has_blob(lender.file):
            return lender.file
        self.check()
        self.documents.reserve(self.lease, document, None)
        return None

    def _lasts(self, lender: Document) -> bool:
        """Whether the lender's job is not being deleted. From now on its deletion spares what we refer to."""
        return exists(self.jobs, lender.job_id)

    def _has_blob(self, file: StoredFile) -> bool:
        try:
            self.blobs.open(file.blob_name).close()
        except BlobNotFound:
            return False
        return True

    def adopt(self, document: Document) -> bool:
        """Take over the reading of the document that it is linked to. False: there is none to take over.

        Raises LeaseLost.
        """
        if document.file is None or not is_linked(document):
            return False
        if document.reading:  # from now on, the whole family is spared
            self.check()
            self.documents.mark_reading(self.lease, document, document.unended_readings + 1)
        lenders = self.documents.with_blob(document.file.blob_name, _MOST_LENDERS)
        return any(self._adopted(document, each) for each in lenders if self._is_adoptable(document, each))

    def _is_adoptable(self, document: Document, lender: Document) -> bool:
        """``needs_ocr`` is not taken over, since Tesseract may have been installed in the meantime."""
        reading = lender.reading
        if reading is None or lender.id == document.id or lender.unended_readings:
            return False
        is_same = (lender.filing.document_type, lender.filing.file_name) == (
            document.filing.document_type,
            document.filing.file_name,
        )
        is_current = reading.version == READER_VERSION and reading.state is not ReadingState.NEEDS_OCR
        is_recent = self.since is None or bool(reading.at and reading.at >= self.since)
        is_worse = document.reading is not None and loses(document.reading, reading)
        return is_same and is_current and is_recent and not is_worse and _is_within(document, [lender])

    def _adopted(self, document: Document, lender: Document) -> bool:
        """False if the lender is deleted, or read again, in the meantime."""
        attachments = self.documents.attachments(lender.job_id, lender.filing.number)
        if not _is_within(document, attachments) or not self._lasts(lender):
            return False
        try:
            self._attach(document, attachments)
            if not self._is_unchanged(lender):
                self.documents.drop_attachments(self.lease, document, 0)
                return False
            self.check()
            assert lender.reading  # noqa: S101  it is adoptable
            self.documents.save_reading(self.lease, document, lender.reading)
        except LeaseLost:
            with suppress(FilesureError):  # attachments recorded after another worker took over
                self.documents.drop_attachments(self.lease, document, 0)
            raise
        return True

    def _attach(self, document: Document, attachments: Sequence[Document]) -> None:
        number = document.filing.number
        for each in attachments:
            place = place_of(each.parent or 0)[1]
            attached = replace(
                each,
                job_id=document.job_id,
                company_name=document.company_name,
                filing=replace(each.filing, number=attachment_number(number, each.place[1])),
                parent=attachment_number(number, place) if place else number,
            )
            self.check()
            self.documents.save_attachment(self.lease, attached)
        self.documents.drop_attachments(self.lease, document, max((each.place[1] for each in attachments), default=0))

    def _is_unchanged(self, lender: Document) -> bool:
        try:
            return self.documents.get(lender.job_id, lender.filing.number) == lender
        except UnknownDocument:
            return False


def _is_within(document: Document, lenders: Sequence[Document]) -> bool:
    """Whether the whole reading is stored beside the original, so that referring to the original spares it."""
    assert document.file  # noqa: S101  only stored documents adopt readings
    family = family_of(document.file.blob_name)
    return all(family_of(name) == family for lender in lenders for name in lender.blob_names)
