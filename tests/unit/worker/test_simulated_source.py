"""The simulated source is deterministic."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.domain.cin import CLASSES, STATES
from jobs.domain.document import Filing
from jobs.domain.errors import DocumentUnavailable
from jobs.domain.filings.file_names import named_form
from jobs.domain.forms import FORMS
from jobs.simulated_companies.history import FIRST_DAY, LAST_YEAR
from worker.sources.simulated import SimulatedSource
from worker.sources.simulated_filings import Style, simulated_filings
from worker.sources.simulated_pages import NOTE
from worker.sources.simulated_pdf import LINES_PER_PAGE, text_pdf

CIN = "L24295GJ1987PLC143792"
ROOT = Path(__file__).parents[3]

cins = st.builds(
    "{}{:05d}{}{}{}{:06d}".format,
    st.sampled_from("LU"),
    st.integers(0, 99_999),
    st.sampled_from(sorted(STATES)),
    st.integers(1850, LAST_YEAR + 1),
    st.sampled_from(sorted(CLASSES)),
    st.integers(0, 999_999),
)


def a_source(*, fault_rate: float = 0.0) -> SimulatedSource:
    return SimulatedSource(seconds_per_document=0, fault_rate=fault_rate)


def the_bytes(filing: Filing, *, company_name: str = "Test Company", cin: str = CIN) -> bytes:
    return b"".join(a_source().download(cin, company_name, filing, 1))


def text_of(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return "\n".join(page_text(page) for page in document)


def page_text(page: pypdfium2.PdfPage) -> str:
    text_page = page.get_textpage()
    try:
        return text_page.get_text_range().replace("\r\n", "\n")
    finally:
        text_page.close()
        page.close()


FINGERPRINT = """
import hashlib
from worker.sources.simulated import SimulatedSource
source, digest = SimulatedSource(seconds_per_document=0, fault_rate=0), hashlib.sha256()
for filing in source.filings("L24295GJ1987PLC143792", "Test Company"):
    digest.update(repr(filing).encode())
    for chunk in source.download("L24295GJ1987PLC143792", "Test Company", filing, 1):
        digest.update(chunk)
print(digest.hexdigest())
"""


def test_every_process_sees_the_same_filings_and_bytes() -> None:
    digest = hashlib.sha256()
    for filing in a_source().filings(CIN, "Test Company"):
        digest.update(repr(filing).encode() + the_bytes(filing))
    for seed in ("0", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        process = subprocess.run(
            [sys.executable, "-c", FINGERPRINT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert process.stdout.strip() == digest.hexdigest()


@given(cins)
def test_companies_have_30_to_50_filings(cin: str) -> None:
    filings = a_source().filings(cin, "Any Name")
    assert 30 <= len(filings) <= 50
    assert [filing.number for filing in filings] == list(range(1, len(filings) + 1))
    days = [filing.filed_on for filing in filings]
    assert None not in days
    assert days == sorted(days)  # type: ignore[type-var]
    assert days[0] >= max(date(int(cin[8:12]), 1, 1), FIRST_DAY)  # type: ignore[operator]
    assert days[-1] <= date(max(int(cin[8:12]), LAST_YEAR), 12, 31)  # type: ignore[operator]


@given(cins)
def test_names_hold_form_year_and_srn(cin: str) -> None:
    filings = a_source().filings(cin, "Any Name")
    for filing in filings:
        assert filing.document_type in FORMS
        assert re.fullmatch(r"[A-Z]\d{8}|[A-Z]{2}\d{7}", filing.srn or "")
        assert filing.filed_on
        assert filing.file_name == f"{filing.document_type}_{filing.filed_on.year}_{filing.srn}.pdf"
    assert len({filing.srn for filing in filings}) == len(filings)


@pytest.mark.parametrize(("identifier", "annual"), [("AAB-1234", {"LLP-8", "LLP-11"}), ("F01234", {"FC-3", "FC-4"})])
def test_llps_and_foreign_companies_file_their_own_forms(identifier: str, annual: set[str]) -> None:
    filings = a_source().filings(identifier, "Any")
    assert filings == a_source().filings(identifier, "Another")
    assert 7 <= len(filings) < 45
    assert annual <= {filing.document_type for filing in filings}
    assert all(named_form(filing.document_type) for filing in filings)
    assert len({filing.srn for filing in filings}) == len(filings)
    days = [filing.filed_on for filing in filings]
    assert days == sorted(days)  # type: ignore[type-var]
    text = text_of(the_bytes(filings[-1], cin=identifier, company_name="Kaveri Foods"))
    for part in (identifier, "Kaveri Foods", str(filings[-1].srn), NOTE):
        assert part in text


def test_filings_depend_only_on_the_cin() -> None:
    source = a_source()
    assert source.filings(CIN, "One") == source.filings(CIN, "Another")
    assert source.filings(CIN, "One") != source.filings("U72900KA2008PTC046374", "One")


def test_every_form_occurs() -> None:
    filed = {f.document_type for n in range(20) for f in a_source().filings(f"U72900KA2008PTC{n:06d}", "")}
    assert filed == set(FORMS)


def a_filing(style: Style) -> Filing:
    number = next(at for at, filing in enumerate(simulated_filings(CIN)) if filing.style is style)
    return a_source().filings(CIN, "Any")[number]


def test_documents_say_that_they_are_simulated() -> None:
    assert "Simulated for demonstration. No such filing exists." in text_of(the_bytes(a_filing(Style.PRINTED)))


def test_filing_of_another_listing_can_be_downloaded() -> None:
    filing = Filing(number=1, document_type="AOC-4", file_name="AOC-4_1.pdf", srn="H00000001")
    assert f"Form No. AOC-4\nSimulated for demonstration. No such filing exists.\nCIN: {CIN}" in text_of(
        the_bytes(filing)
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Bee & Sons (India) Limited", "Bee & Sons (India) Limited"),
        ("((Unbalanced \\) Ltd", "((Unbalanced \\) Ltd"),
        ("“Quoted” – Müller’s €", "“Quoted” – Müller’s €"),
        ("Mahārāṣṭra Śakti", "Maharastra Sakti"),
        ("₹ Finance", "Rs. Finance"),
        ("हिन्दी Limited", "??? Limited"),
        ("Two\nLines\x00", "Two Lines"),
        ("Company 🏭 of Steel", "Company ? of Steel"),
    ],
)
def test_any_company_name_can_be_printed(name: str, shown: str) -> None:
    text = text_of(the_bytes(a_filing(Style.PRINTED), company_name=name))
    assert "Name of the company" in text
    assert f"\n{shown}\n" in text


@given(st.text(max_size=2000))
def test_no_company_name_breaks_a_document(name: str) -> None:
    filing = a_filing(Style.PRINTED)
    assert str(filing.srn) in text_of(the_bytes(filing, company_name=name))


@given(st.text(max_size=400))
def test_no_company_name_breaks_the_data_of_a_form(name: str) -> None:
    data = the_bytes(a_filing(Style.XFA), company_name=name)
    packet = data[data.index(b"<xfa:datasets") : data.index(b"</xfa:datasets>") + len(b"</xfa:datasets>")]
    (found,) = ElementTree.fromstring(packet).iter("ZNCACOMPANYNAME")  # noqa: S314  made here
    assert (found.text or "").split() == re.sub("[\x00-\x1f\ufffe\uffff]", " ", name[:300]).split()


def test_long_text_continues_on_further_pages() -> None:
    data = text_pdf([[f"Line {number}" for number in range(LINES_PER_PAGE + 1)], []], title="Long")
    with pypdfium2.PdfDocument(data) as document:
        assert [page_text(page).split("\n")[-1] for page in document] == ["Line 45", "Line 46", ""]


def test_object_table_points_at_objects() -> None:
    data = text_pdf([["One"], ["Two"]], title="Two pages")
    start = int(data.split(b"startxref\n")[1].split(b"\n")[0])
    assert data[start:].startswith(b"xref\n")
    offsets = [int(line[:10]) for line in data[start:].split(b"\n") if line.endswith(b" n ")]
    assert [data[offset:].startswith(b"%d 0 obj" % number) for number, offset in enumerate(offsets, 1)] == [True] * 8


def test_each_download_takes_its_time() -> None:
    slept: list[float] = []
    source = SimulatedSource(seconds_per_document=0.5, fault_rate=0, sleep=slept.append)
    for filing in source.filings(CIN, "Test Company")[:3]:
        b"".join(source.download(CIN, "Test Company", filing, 1))
    assert slept == [0.5, 0.5, 0.5]


def is_delivered(source: SimulatedSource, filing: Filing, attempt: int) -> bool:
    try:
        return bool(list(source.download(CIN, "Test Company", filing, attempt)))
    except DocumentUnavailable:
        return False


def test_faults_repeat_and_retries_can_succeed() -> None:
    source = a_source(fault_rate=0.4)
    filings = source.filings(CIN, "Test Company")
    tries = {(f, attempt): is_delivered(source, f, attempt) for f in filings for attempt in (1, 2, 3)}
    assert tries == {(f, attempt): is_delivered(a_source(fault_rate=0.4), f, attempt) for f, attempt in tries}
    assert any(not tries[f, 1] and tries[f, 2] for f in filings)
    assert 0.2 < sum(not delivered for delivered in tries.values()) / len(tries) < 0.6


@pytest.mark.parametrize(("fault_rate", "delivered"), [(0.0, True), (1.0, False)])
def test_fault_rate_extremes_hold(fault_rate: float, delivered: bool) -> None:
    source = a_source(fault_rate=fault_rate)
    tries = itertools.product(source.filings(CIN, "Test Company"), (1, 2, 3))
    assert {is_delivered(source, filing, attempt) for filing, attempt in tries} == {delivered}


def test_fault_is_described_in_a_sentence() -> None:
    source = a_source(fault_rate=1)
    filing = source.filings(CIN, "Test Company")[0]
    with pytest.raises(DocumentUnavailable, match=rf"did not deliver {filing.file_name} at attempt 2\.$"):
        next(source.download(CIN, "Test Company", filing, 2))
