"""The records of a company's filings and attachments."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from jobs.domain.document import attachment_number
from jobs.web import company_records
from tests.unit.domain.stating import MARCH, a_document, profile, says


def test_record_of_an_attachment_names_its_filing(monkeypatch):
    monkeypatch.setattr(company_records, "stored_record", lambda document, full: {"values": {}})
    filing = says("AOC-4", date(2025, 10, 20), year_end=MARCH)
    filing = replace(filing, reading=replace(filing.reading, record_blob_name="r"))
    inside = a_document(
        "j1",
        number=attachment_number(filing.filing.number, 1),
        parent=filing.filing.number,
        form="ATTACHMENT",
        srn=None,
    )
    inside = replace(inside, reading=filing.reading)
    own, attached = company_records.records(profile(filing, inside), full=False)
    assert attached["documentNumber"] == inside.filing.number
    for name in ("form", "srn", "filedOn", "year"):
        assert attached[name] == own[name]
    assert (own["form"], own["filedOn"], own["year"]) == ("AOC-4", "2025-10-20", 2025)
