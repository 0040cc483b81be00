"""The forms of simulated companies are read as what happened to the companies."""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jobs.domain.filings.accounts import FinancialStatements
from jobs.domain.filings.reading import Method, Reading, ReadingState
from jobs.domain.filings.records import record_of, values_of
from jobs.domain.filings.values import Value
from jobs.domain.forms import FORMS
from jobs.simulated_companies import simulated_companies
from tests.making import a_pdf
from worker.extractors.reader import Reader
from worker.sources.simulated_annual import accounts_filed
from worker.sources.simulated_answers import indian
from worker.sources.simulated_filings import SimulatedFiling, Style, pdf_of, simulated_filings, truth_of

COMPANIES = list(simulated_companies(3, random.Random(12)))
METHODS = {
    Style.XFA: Method.XFA,
    Style.FIELDS: Method.ACROFORM,
    Style.PRINTED: Method.TEXT,
    Style.DRAWN: Method.TEXT,
}
_WRAPPED = 45  # characters; the reader takes the first line of longer values


def filings_of(cin: str) -> Iterator[SimulatedFiling]:
    """Without scans, which take a second each."""
    return (filing for filing in simulated_filings(cin) if filing.style is not Style.SCANNED)


def read(extractor: Reader, folder: Path, filing: SimulatedFiling, name: str) -> Reading:
    return extractor.read(a_pdf(folder, pdf_of(filing, name)), "filing")


@pytest.mark.parametrize(("cin", "name"), COMPANIES)
def test_records_are_what_happened(extractor: Reader, tmp_path: Path, cin: str, name: str) -> None:
    balances: dict[date, dict[str, object]] = {}
    for filing in filings_of(cin):
        reading = read(extractor, tmp_path, filing, name)
        assert (reading.state, reading.method) == (ReadingState.READ, METHODS[filing.style])
        record = record_of(reading)
        assert record.form == filing.form
        found, truth = dict(values_of(record)), truth_of(filing, name)
        assert len(truth) > 5
        assert {field: str_or(found.get(field), value) for field, value in truth.items()} == truth
        if isinstance(record, FinancialStatements):
            balances[filing.event.on] = {field: found[field].value for field in ("total_assets", "total_liabilities")}
    assert balances
    assert all(each["total_assets"] == each["total_liabilities"] for each in balances.values())


def str_or(found: Value | None, truth: object) -> object:
    """The value read; for a long text, of which the first line was read, the truth."""
    value = found.value if found else None
    begins = isinstance(value, str) and isinstance(truth, str) and len(value) > _WRAPPED and truth.startswith(value)
    return truth if begins else value


def test_every_form_and_style_occurs() -> None:
    styles = defaultdict(set)
    for cin, _ in simulated_companies(40, random.Random(3)):
        for filing in simulated_filings(cin):
            styles[filing.style].add(filing.form)
    assert set(styles) == set(Style)
    assert set().union(*styles.values()) == set(FORMS)
    assert styles[Style.XFA] == {"ADT-1", "AOC-4", "CHG-1", "DIR-12"}


def test_attachments_are_inside(extractor: Reader, tmp_path: Path) -> None:
    cin, name = COMPANIES[0]
    filing = next(filing for filing in filings_of(cin) if filing.form == "AOC-4")
    (report,) = read(extractor, tmp_path, filing, name).attachments
    assert report.name == "Auditors Report.pdf"
    assert f"Total assets: Rs. {indian(filing.event.accounts.total_assets)}" in report.text  # type: ignore[attr-defined]


def test_drawn_radio_buttons_are_read(extractor: Reader, tmp_path: Path) -> None:
    cin, name = COMPANIES[0]
    filing = replace(next(filing for filing in filings_of(cin) if filing.form == "MGT-7"), style=Style.DRAWN)
    fields = read(extractor, tmp_path, filing, name).fields
    assert {field.caption: field.value for field in fields} == {"Whether annual general meeting (AGM) held": "Yes"}


@pytest.mark.skipif(not shutil.which("tesseract"), reason="needs Tesseract")
def test_scan_is_read_like_the_form(extractor: Reader, tmp_path: Path) -> None:
    cin, name = COMPANIES[0]
    printed = (filing for filing in filings_of(cin) if filing.style is Style.PRINTED and not filing.has_tables)
    filing = replace(next(printed), style=Style.SCANNED)
    reading = read(extractor, tmp_path, filing, name)
    assert reading.method is Method.OCR
    found, truth = dict(values_of(record_of(reading))), truth_of(filing, name)
    right = [field for field, value in truth.items() if field in found and found[field].value == value]
    assert "cin" in right
    assert len(right) >= 0.7 * len(truth)


def test_scans_repeat_their_bytes() -> None:
    cin, name = COMPANIES[0]
    filing = replace(simulated_filings(cin)[0], style=Style.SCANNED)
    assert pdf_of(filing, name) == pdf_of(filing, name)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "0"), (999, "999"), (1_000, "1,000"), (123_456_789, "12,34,56,789"), (-1_234_567, "-12,34,567")],
)
def test_amounts_are_grouped_in_lakhs_and_crores(amount: int, shown: str) -> None:
    assert indian(amount) == shown


def test_accounts_state_the_year_before() -> None:
    filing = [filing for filing in filings_of(COMPANIES[0][0]) if filing.form == "AOC-4"][1]
    answers = {answer.key: answer.value for answer in accounts_filed(filing.event).answers}  # type: ignore[arg-type]
    assert answers["ZMCA_NCA_AOC_4/TOTAL_PREV_REP"] == filing.event.before.total_assets  # type: ignore[attr-defined]
