"""The summary of a reading that is stored with its document, small enough for lists. The rest is in the blob store."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from jobs.domain.filings.masking import mask_pan
from jobs.domain.filings.reading import READER_VERSION, Method, Reading, ReadingState
from jobs.domain.filings.records import values_of
from jobs.domain.filings.stated import Stated, stated_by

if TYPE_CHECKING:
    from jobs.domain.filings.forms import FormRecord
    from jobs.domain.filings.values import Value

_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A record in short; None for values that are missing or not valid. ``year_end`` ends the financial year."""

    form: str | None = None
    company_name: str | None = None
    cin: str | None = None
    srn: str | None = None
    filed_on: date | None = None
    year_end: date | None = None


@dataclass(frozen=True, kw_only=True)
class DocumentReading:
    """One reading of a stored document.

    ``version`` is the reader's. ``methods`` counts pages by method, ``values`` the record's values. ``reason`` is
    None in the state ``read``. Names of blobs are None if there is nothing to store. ``stated`` has what a company's
    profile needs.
    """

    state: ReadingState
    kind: str
    method: Method
    version: int = READER_VERSION
    reason: str | None = None
    pages: int | None = None
    characters: int = 0
    values: int = 0
    attachments: int = 0
    seconds: float = 0.0
    methods: Mapping[Method, int] = dataclasses.field(default_factory=dict)
    facts: Facts = Facts()
    stated: tuple[Stated, ...] = ()
    text_blob_name: str | None = None
    record_blob_name: str | None = None
    thumbnail_blob_name: str | None = None
    at: datetime | None = None
    #: The version of an earlier reader, if it read more than the reader ``version``: its reading is kept.
    kept_from: int | None = None

    @property
    def blob_names(self) -> tuple[str, ...]:
        names = (self.text_blob_name, self.record_blob_name, self.thumbnail_blob_name)
        return tuple(name for name in names if name)


def summary_of(reading: Reading, record: FormRecord) -> DocumentReading:
    """The summary of a reading and its record, without names of blobs."""
    values = dict(values_of(record))
    return DocumentReading(
        state=reading.state,
        kind=reading.kind,
        method=reading.method,
        reason=_short(reading.reason),
        pages=reading.page_count,
        characters=len(reading.text),
        values=len(values),
        attachments=len(list(reading.all())) - 1,
        seconds=reading.seconds,
        methods=dict(Counter(page.method for page in reading.pages)),
        facts=Facts(
            form=record.form,
            company_name=_text(values.get("company_name")),
            cin=_text(values.get("cin")),
            srn=_text(values.get("srn")),
            filed_on=_day(values.get("filed_on")),
            year_end=_day(values.get("year_to")),
        ),
        stated=stated_by(record),
    )


def unread(reason: str) -> DocumentReading:
    """The reading of a document that could not be read at all."""
    return DocumentReading(state=ReadingState.UNREADABLE, kind="unknown", method=Method.NONE, reason=_short(reason))


#: From nothing to everything.
_RANKS = {
    ReadingState.UNSUPPORTED: 0,
    ReadingState.UNREADABLE: 0,
    ReadingState.NEEDS_OCR: 1,
    ReadingState.PARTIAL: 2,
    ReadingState.READ: 3,
}


def loses(earlier: DocumentReading, later: DocumentReading) -> bool:
    """Whether the later reading of a document lacks what the earlier one has."""
    return _RANKS[later.state] < _RANKS[earlier.state] and later.characters <= earlier.characters


def confirmed(earlier: DocumentReading, later: DocumentReading) -> DocumentReading:
    """The earlier reading, marked as confirmed by the later reader."""
    made_by = earlier.version if earlier.kept_from is None else earlier.kept_from
    return dataclasses.replace(earlier, version=later.version, kept_from=made_by, at=None)


def _text(value: Value | None) -> str | None:
    return _short(mask_pan(value.value)) if value and value.valid and isinstance(value.value, str) else None


def _day(value: Value | None) -> date | None:
    return value.value if value and value.valid and isinstance(value.value, date) else None


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
