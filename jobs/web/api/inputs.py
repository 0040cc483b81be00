"""Request bodies and queries, as described in the OpenAPI document. JSON names are those of the data model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated

from ninja import Schema
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StrictInt, WithJsonSchema
from pydantic.alias_generators import to_camel

from jobs.domain.audit import Action
from jobs.domain.companies.filings import Category
from jobs.domain.document import DocumentStatus
from jobs.domain.filings.reading import ReadingState
from jobs.domain.job import VISIBLE, JobStatus
from jobs.domain.listing import DocumentOrder, JobOrder, TextKind
from jobs.domain.search import LONGEST


def printable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    return text


def _visible(given: object) -> object:
    if given not in VISIBLE:
        raise ValueError(f"must be one of {', '.join(VISIBLE)}")
    return given


Status = Annotated[
    JobStatus,
    BeforeValidator(_visible),
    WithJsonSchema({"title": "JobStatus", "type": "string", "enum": [str(status) for status in VISIBLE]}),
]
ListId = Annotated[str, Field(pattern="^([0-9a-f]{24})?$")]
Statuses = list[Status]
_no_statuses: Callable[[], Statuses] = list
Text = Annotated[str, Field(max_length=200), AfterValidator(printable)]
Priority = Annotated[StrictInt, Field(ge=0, le=9)]
Cursor = Annotated[str, Field(max_length=1000, description="`next` or `previous` of another page; empty: the first.")]
Limit = Annotated[int, Field(ge=1, le=200)]
_Reason = Annotated[Text, Field(description="The `kind` of the last error.")]
RunNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]


class _In(Schema):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Body(_In):
    """Only the named fields."""

    model_config = ConfigDict(extra="forbid")


class OrderIn(Body):
    """One company's filings."""

    cin: Text
    company_name: Text
    priority: Priority = 0
    not_before: datetime | None = Field(None, description="Start no earlier; UTC unless it has an offset.")
    fresh: bool = Field(False, description="Download again what another order of the company has stored.")


class ListRowIn(Body):
    """One row. Invalid values refuse only the row."""

    cin: Text = ""
    company_name: Text = ""
    priority: Text | StrictInt = 0
    not_before: Text | None = None


class ListIn(Body):
    """Orders of many companies under one name."""

    name: Text
    orders: Annotated[list[ListRowIn], Field(min_length=1, max_length=5_000)]


class ListMailIn(Body):
    """Whether you get an email when a list ends, in whatever state."""

    mail: bool


class CreateJobIn(Body):
    """Either ``num_jobs`` simulated companies, or one company."""

    num_jobs: Annotated[StrictInt, Field(ge=1, le=10)] | None = Field(None, alias="num_jobs")
    cin: Text | None = None
    company_name: Text | None = None
    priority: Priority = 0


class RetryIn(Body):
    """``again``: even if the company has another unfinished job."""

    again: bool = False


class PriorityIn(Body):
    """A job's new priority."""

    priority: Priority


class PauseIn(Body):
    """A pause of the queue, or of ``source``. ``stopRuns``: active runs stop at their next document."""

    minutes: StrictInt
    reason: Annotated[str, Field(max_length=1000), AfterValidator(printable)]
    source: Text | None = None
    stop_runs: bool = False


class ResumeIn(Body):
    """The pause to end: the queue's, or that of ``source``."""

    source: Text | None = None


class ListActionIn(Body):
    """An action on all jobs of a list, as one request of an Idempotency-Key."""

    list_id: Text
    action: Action
    priority: Priority | None = None


class CursorQuery(_In):
    """After which cursor."""

    cursor: Cursor = ""
    limit: Limit = 50


class JobsQuery(_In):
    """Which jobs, in which order, after which cursor."""

    text: Text = Field("", description="A job's id, or the beginning of a CIN, LLPIN, FCRN or of words of the name.")
    status: Statuses = Field(default_factory=_no_statuses, max_length=len(VISIBLE))
    requested_by: Text = Field("", description="The name of the account that ordered.")
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    reason: _Reason = ""
    list: ListId = Field("", description="The id of a list.")
    since: date | None = Field(None, description="Ordered on this day of UTC or later.")
    until: date | None = Field(None, description="Ordered on this day of UTC or earlier.")
    ended_since: Moment | None = Field(None, description="Ended then or later; UTC unless it has an offset.")
    ended_until: Moment | None = Field(None, description="Ended before then.")
    order: JobOrder = JobOrder.NEWEST
    cursor: Cursor = ""
    limit: Limit = 50


class DocumentsQuery(_In):
    """Which documents, in which order, after which cursor."""

    text: Text = Field(
        "", description="The beginning of a CIN, LLPIN, FCRN or of words of the company's name, or an SRN."
    )
    document_type: Text = Field("", description="The form, such as MGT-7.")
    status: DocumentStatus | None = None
    text_kind: TextKind | None = Field(None, description="Whether the document has text, or is a scan.")
    reading: ReadingState | None = None
    reason: _Reason = ""
    since: date | None = Field(None, description="Filed on this day or later.")
    until: date | None = Field(None, description="Filed on this day or earlier.")
    order: DocumentOrder = DocumentOrder.NEWEST
    cursor: Cursor = ""
    limit: Limit = 50


class FilingsQuery(_In):
    """Which of a company's filings."""

    category: Category | None = None
    year: Annotated[int, Field(ge=1850, le=9999)] | None = None
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0
    limit: Limit = 50


class DirectoryQuery(_In):
    """The text to look up: the beginning of an id or a name, or a misspelled name."""

    q: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable)]
    limit: Annotated[int, Field(ge=1, le=20)] = 8


class SearchQuery(_In):
    """A search in the text of documents."""

    q: Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(printable)]
    cin: Text = ""
    form: Text = ""
    year: Annotated[int, Field(ge=1850, le=9999)] | None = None
    cursor: Cursor = ""
    limit: Limit = 50


class RecordsQuery(_In):
    """A search in records: a person, an amount, or both."""

    director: Text = ""
    din: Text = ""
    least: Text = ""
    most: Text = ""
    cin: Text = ""
    form: Text = ""
    year: Annotated[int, Field(ge=1850, le=9999)] | None = None
    cursor: Cursor = ""
    limit: Limit = 50
