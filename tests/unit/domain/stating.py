"""A company's filings with what they state, and its profile."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from jobs.domain.companies.profile import Profile, profile_of
from jobs.domain.companies.statements import CompanyDocuments
from jobs.domain.document import Document, DocumentStatus, Filing, StoredFile
from jobs.domain.filings.reading import Method, ReadingState
from jobs.domain.filings.stated import Stated
from jobs.domain.filings.summary import DocumentReading, Facts
from jobs.domain.job import JobStatus
from tests.making import a_job

CIN = "L24295GJ1987PLC143792"
NOW = datetime(2025, 12, 1, tzinfo=UTC)
MARCH = date(2025, 3, 31)
_numbers = itertools.count(1)


def a_document(job_id: str = "j1", *, number: int | None = None, name: str = "", **more: Any) -> Document:
    number = number or next(_numbers)
    day, content = more.pop("filed_on", None), more.pop("content", f"{number:064d}")
    srn, form = more.pop("srn", f"S{number}"), more.pop("form", "AOC-4")
    return Document(
        id=f"{number}",
        job_id=job_id,
        cin=CIN,
        company_name="Vindhya Chemicals Limited",
        filing=Filing(number=number, document_type=form, file_name=name or f"{form}.pdf", srn=srn, filed_on=day),
        status=DocumentStatus.STORED if content else DocumentStatus.LISTED,
        file=StoredFile(blob_name="b", blob_url="u", size=1, content_type="application/pdf", checksum=content)
        if content
        else None,
        **more,
    )


def says(form: str, filed_on: date, *, year_end: date | None = None, **values: Any) -> Document:
    """A filing of this form that states these values; ``rows__1__name`` is ``rows[1].name``."""
    facts = Facts(form=form, cin=CIN, company_name=values.pop("company", None), year_end=year_end)
    stated = tuple(
        Stated(name=_name(name), value=value, unit="rupees" if type(value) is int and value > 999 else None)
        for name, value in values.items()
    )
    reading = DocumentReading(
        state=ReadingState.READ, kind="pdf", method=Method.XFA, facts=facts, stated=stated, values=len(stated)
    )
    return a_document(form=form, filed_on=filed_on, reading=reading)


def _name(name: str) -> str:
    table, *rest = name.split("__")
    return f"{table}[{rest[0]}].{rest[1]}" if rest else table


def profile(*documents: Document, ended: datetime = NOW) -> Profile:
    job = a_job(NOW, cin=CIN, company_name="Vindhya Chemicals Limited", status=JobStatus.COMPLETED, completed_at=ended)
    return profile_of(CIN, [job], CompanyDocuments.of(documents), most=100)
