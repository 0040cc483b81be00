"""Response bodies about documents and their readings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self

from pydantic import AliasPath, Field

from jobs.domain.document import Document, DocumentStatus
from jobs.domain.filings.reading import Method, ReadingState
from jobs.web.api.base import Out, PageOut


class DocumentErrorOut(Out):
    """Why a document could not be retrieved."""

    kind: str
    message: str


class FactsOut(Out):
    """A record in short. ``yearEnd`` ends the financial year."""

    form: str | None
    company_name: str | None
    cin: str | None
    srn: str | None
    filed_on: date | None
    year_end: date | None


class ReadingOut(Out):
    """The result of reading a document. ``reason`` is null if everything was read; ``methods`` counts pages.

    ``version`` is the reader's; ``values`` and ``attachments`` are numbers.
    """

    state: ReadingState
    reason: str | None
    kind: str
    method: Method
    methods: dict[Method, int]
    version: int
    pages: int | None
    characters: int
    values: int
    attachments: int
    seconds: float
    facts: FactsOut
    at: datetime | None


class DocumentOut(Out):
    """A document. The fields of its file are null until it is stored; ``fileSize`` is in bytes.

    ``storedWith`` is the order that stored the file, if that was another order of the company; it may be deleted.
    ``reading`` is null until it is read. ``parent`` is the number of the document that contains an attachment.
    """

    document_number: int = Field(validation_alias=AliasPath("filing", "number"))
    document_type: str = Field(validation_alias=AliasPath("filing", "document_type"))
    srn: str | None = Field(validation_alias=AliasPath("filing", "srn"))
    filed_on: date | None = Field(validation_alias=AliasPath("filing", "filed_on"))
    file_name: str = Field(validation_alias=AliasPath("filing", "file_name"))
    status: DocumentStatus
    attempts: int
    error: DocumentErrorOut | None
    blob_name: str | None = Field(None, validation_alias=AliasPath("file", "blob_name"))
    text_blob_name: str | None = Field(None, validation_alias=AliasPath("reading", "text_blob_name"))
    file_size: int | None = Field(None, validation_alias=AliasPath("file", "size"))
    checksum: str | None = Field(None, validation_alias=AliasPath("file", "checksum"))
    stored_with: str | None
    reading: ReadingOut | None
    parent: int | None
    downloaded_at: datetime | None


class FoundDocumentOut(DocumentOut):
    """A document in a list of several jobs' documents."""

    job_id: str


class ValueOut(Out):
    """One value of a record. ``raw`` is its text in the filing; ``value`` is null if that could not be converted.

    Dates are ISO 8601. ``unit`` is rupees or paise, for amounts only. ``valid`` is false if the value fails its check.
    ``box`` is left, top, right, bottom in points from the page's upper left corner; ``path`` the form field.
    """

    value: str | int | None
    raw: str
    unit: str | None
    valid: bool
    method: Method
    confidence: float
    rule: str
    page: int | None
    box: list[float] | None
    path: str | None


class SignatureOut(Out):
    """A signature as stated in the file; it is not verified."""

    signer: str | None
    at: str | None
    reason: str | None


class RecordOut(Out):
    """The values of a form by name; rows of tables are numbered, as in ``directors[2].din``."""

    form: str | None
    kind: str
    values: dict[str, ValueOut]
    signatures: list[SignatureOut]


class DocumentDetailOut(FoundDocumentOut):
    """A document with its record, null if nothing was found, and the files inside its filing."""

    record: RecordOut | None
    attachments: list[DocumentOut]

    @classmethod
    def of(cls, document: Document, record: dict[str, Any] | None, attachments: list[Document]) -> Self:
        return cls.model_construct(
            **dict(FoundDocumentOut.model_validate(document)),
            record=RecordOut.model_validate(record) if record else None,
            attachments=[DocumentOut.model_validate(each) for each in attachments],
        )


class DocumentsOut(PageOut):
    """A page of documents. ``next`` and ``previous`` are cursors, null at the ends.

    ``among``: only so many of the newest documents that match were sorted, null if all were.
    """

    items: list[FoundDocumentOut]
    among: int | None
