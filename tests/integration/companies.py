"""A company with stored and read filings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from jobs.domain.document import Filing
from jobs.domain.ending import ended_well
from jobs.domain.filings.reading import Method, ReadingState
from jobs.domain.filings.stated import Stated
from jobs.domain.filings.summary import DocumentReading, Facts
from jobs.domain.job import JobStatus
from tests.integration.conftest import a_stored_job
from tests.making import a_file

NAME = "Vindhya <Chemicals> Limited"
MARCH = date(2025, 3, 31)
STATED = {
    "AOC-4": (
        Stated(name="revenue", value=412_60_00_000, unit="rupees", page=3),
        Stated(name="net_worth", value=187_00_00_000, unit="rupees"),
        Stated(name="profit", value=-5_00_000, unit="rupees"),
    ),
    "MGT-7": (
        Stated(name="net_worth", value=190_00_00_000, unit="rupees", confidence=0.5),
        Stated(name="directors[1].name", value="Asha Raman"),
        Stated(name="directors[1].din", value="07120034"),
    ),
    "CHG-1": (
        Stated(name="holder", value="State Bank"),
        Stated(name="amount", value=40_00_00_000, unit="rupees"),
        Stated(name="created_on", value=date(2025, 3, 3)),
    ),
}


def an_order(app, cin: str, name: str = NAME, *, stated_cin: str = "") -> str:
    """An order whose worker has stored and read one filing of each form, the last one unread.

    ``stated_cin``: the CIN in the filings, if it differs.
    """
    job = a_stored_job(app, cin=cin, company_name=name)
    held = app.jobs.claim(job.id, "w", 60)
    filings = [
        Filing(number=at, document_type=form, file_name=f"{form}.pdf", srn=f"S{at}", filed_on=date(2025, 10, at))
        for at, form in enumerate([*STATED, "OTHER"], start=1)
    ]
    app.documents.add(held.lease, held, filings)
    for document in app.documents.to_download(job.id, 9):
        form, number = document.filing.document_type, document.filing.number
        app.documents.save_stored(held.lease, document, replace(a_file(), checksum=f"sha256:{number:064d}"))
        if form in STATED:
            year_end = MARCH if form in ("AOC-4", "MGT-7") else None
            app.documents.save_reading(held.lease, document, a_statement(form, stated_cin or cin, year_end))
    app.jobs.end(held.lease, ended_well(held, app.documents.progress(job.id), app.clock()))
    assert app.jobs.get(job.id).status is JobStatus.COMPLETED
    return job.id


def a_statement(form: str, cin: str, year_end: date | None) -> DocumentReading:
    facts = Facts(form=form, cin=cin, company_name="Vindhya Dyes Limited", year_end=year_end)
    return DocumentReading(
        state=ReadingState.READ, kind="pdf", method=Method.XFA, facts=facts, stated=STATED[form], values=3
    )
