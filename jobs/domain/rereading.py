"""Reading stored documents again, for example with a newer reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jobs.domain.document import Document, DocumentStatus
from jobs.domain.filings.reading import READER_VERSION


@dataclass(frozen=True, kw_only=True)
class Reread:
    """Which documents of the job ``job_id`` to read again; None selects all. Attachments follow their document.

    ``form`` is the form as listed by the source, ``stored_since`` when the document was stored, and ``below`` selects
    readings by readers before this version, and documents without a reading.
    """

    job_id: str
    form: str | None = None
    stored_since: datetime | None = None
    below: int | None = None

    def selects(self, document: Document) -> bool:
        if document.status is not DocumentStatus.STORED or document.parent is not None:
            return False
        stored, version = document.downloaded_at, document.reading.version if document.reading else -1
        return (
            (self.form is None or document.filing.document_type == self.form)
            and (self.stored_since is None or bool(stored and stored >= self.stored_since))
            and (self.below is None or version < self.below)
        )

    def remaining(self, documents: Iterable[Document], ordered_at: datetime) -> list[Document]:
        """The selected documents that have not been read since the order.

        A reading by a newer reader is never replaced, so it counts as read.
        """
        return [each for each in documents if self.selects(each) and not _is_read(each, ordered_at)]


def _is_read(document: Document, ordered_at: datetime) -> bool:
    reading = document.reading
    if document.downloaded_at and document.downloaded_at >= ordered_at:  # the job that stored it reads it
        return True
    return bool(reading and (reading.version > READER_VERSION or (reading.at and reading.at >= ordered_at)))
