"""Typed records: identifiers, dates, amounts, file names, and values with their origin."""

from __future__ import annotations

from datetime import date

import pytest

from jobs.domain.filings.amounts import parse_amount, parse_date
from jobs.domain.filings.appointments import AuditorAppointment
from jobs.domain.filings.file_names import Named, from_file_name
from jobs.domain.filings.forms import GenericRecord
from jobs.domain.filings.identifiers import Identifier, is_valid, normalised
from jobs.domain.filings.masking import mask_pan
from jobs.domain.filings.reading import Cell, Field, Method, PageReading, Reading, ReadingState
from jobs.domain.filings.records import record_of, values_of

CIN = "L24295GJ1987PLC143792"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Identifier.CIN, CIN, "L24295XX1987PLC143792"),
        (Identifier.LLPIN, "AAB-1234", "AAB-123"),
        (Identifier.FCRN, "F01234", "01234"),
        (Identifier.DIN, "1234567", "123456789"),
        (Identifier.SRN, "AB1190384", "ABC190384"),
        (Identifier.PAN, "AAACV1234K", "AAAXV1234K"),
        (Identifier.FRN, "117366W/W-100018", "11736W"),
        (Identifier.PIN_CODE, "380 001", "080001"),
    ],
)
def test_identifiers_are_checked_by_their_grammar(kind: Identifier, good: str, bad: str) -> None:
    assert is_valid(kind, normalised(kind, good))
    assert not is_valid(kind, normalised(kind, bad))


@pytest.mark.parametrize("text", ["2025-03-03", "03/03/2025", "3 March 2025", "03-03-2025", "20250303", "03032025"])
def test_dates_are_read_as_forms_write_them(text: str) -> None:
    assert parse_date(text) == date(2025, 3, 3)


@pytest.mark.parametrize("text", ["31/02/2025", "", "2025", "99/99/9999"])
def test_impossible_dates_are_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12,34,56,000.00", (123456000, "rupees")),
        ("Rs. 1,000/-", (1000, "rupees")),
        ("₹ 40.5", (4050, "paise")),
        ("(2,500)", (-2500, "rupees")),
        ("-7", (-7, "rupees")),
        ("forty", None),
    ],
)
def test_amounts_keep_their_unit(text: str, amount: tuple[int, str] | None) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize(
    ("name", "form", "srn", "day"),
    [
        ("Form_CHG-1_AB1190384_03032025.pdf", "CHG-1", "AB1190384", date(2025, 3, 3)),
        ("AOC-4(XBRL)-291119.pdf", "AOC-4 XBRL", None, date(2019, 11, 29)),
        ("Form AOC4 T12345678 2021-12-01_signed.PDF", "AOC-4", "T12345678", date(2021, 12, 1)),
        ("Form_MGT_7A.pdf", "MGT-7A", None, None),
        ("DIR-3-KYC_1.pdf", "DIR-3 KYC", None, None),
        ("Form 23AC-061014 for the FY ending on-310314.OCT", "Form 23AC", None, date(2014, 10, 6)),
        ("Form_AOC4CFS_AA1234567.pdf", "AOC-4 CFS", "AA1234567", None),
        ("Form MGT-7-560038.pdf", "MGT-7", None, None),
        ("Balance sheet.pdf", None, None, None),
    ],
)
def test_file_names_name_form_srn_and_date(name: str, form: str | None, srn: str | None, day: date | None) -> None:
    assert from_file_name(name) == Named(form=form, srn=srn, filed_on=day)


def a_field(path: str, value: str, method: Method = Method.XFA, **changes: str) -> Field:
    name = changes.pop("name", path.rpartition("/")[2])
    return Field(path=path, name=name, kind="text", method=method, value=value, shown=changes.pop("shown", value))


def a_reading(fields: tuple[Field, ...] = (), cells: tuple[Cell, ...] = ()) -> Reading:
    text = "\n".join(cell.text for cell in cells)
    page = PageReading(number=1, method=Method.TEXT, text=text, cells=cells)
    return Reading(name="a.pdf", kind="pdf", size=1, state=ReadingState.READ, pages=(page,), fields=fields)


def a_cell(text: str, left: float, top: float, confidence: float = 1.0) -> Cell:
    return Cell(text=text, box=(left, top, left + 100, top + 10), confidence=confidence)


def test_xfa_outweighs_what_the_page_shows() -> None:
    cells = (a_cell("Form ADT-1", 50, 10), a_cell(f"CIN: {CIN.replace('1987', '1988')}", 50, 30))
    record = record_of(a_reading((a_field("ZMCA_NCA_ADT_1/CIN", CIN),), cells))
    assert isinstance(record, AuditorAppointment)
    assert record.cin
    assert (record.cin.value, record.cin.method, record.cin.path) == (CIN, Method.XFA, "ZMCA_NCA_ADT_1/CIN")


def test_rows_of_a_table_stay_together() -> None:
    fields = (
        a_field("T_ZNCA_ADT_1_S4/DATA[1]/NAME_AUDITOR", "Rao & Co"),
        a_field("T_ZNCA_ADT_1_S4/DATA[1]/PIN_CODE", "380001"),
        a_field("T_ZNCA_ADT_1_S4/DATA[2]/NAME_AUDITOR", "Shah LLP"),
        a_field("ZMCA_NCA_ADT_1/NATURE_APPOINT", "ARGM", shown="Appointment/Re-appointment in AGM"),
    )
    values = {name: value.value for name, value in values_of(record_of(a_reading(fields)))}
    assert values == {
        "nature": "Appointment/Re-appointment in AGM",
        "auditors[1].name": "Rao & Co",
        "auditors[1].pin_code": "380001",
        "auditors[2].name": "Shah LLP",
    }


def test_value_beside_its_label_has_page_and_box() -> None:
    cells = (
        a_cell("Form No. ADT-1", 50, 10),
        a_cell("6. * Date of appointment", 50, 30),
        a_cell("27/09/2024", 300, 31, confidence=0.5),
    )
    record = record_of(a_reading(cells=cells))
    assert isinstance(record, AuditorAppointment)
    assert record.appointed_on
    assert (record.appointed_on.value, record.appointed_on.page) == (date(2024, 9, 27), 1)
    assert record.appointed_on.box == (300, 31, 400, 41)
    assert record.appointed_on.confidence == 0.45


def test_invalid_value_is_kept_and_flagged() -> None:
    record = record_of(a_reading((a_field("CIN", "U123"),)))
    assert isinstance(record, GenericRecord)
    assert record.cin
    assert (record.cin.raw, record.cin.valid) == ("U123", False)
    assert record.cin.confidence < 0.5


def test_sheets_that_do_not_balance_are_doubted() -> None:
    def confidence(assets: str) -> float:
        fields = (
            a_field("ZNCA_AOC_4_III/TOTAL_CF", "1000"),
            a_field("ZNCA_AOC_4_III/TOTAL1_CF", assets),
        )
        return dict(values_of(record_of(a_reading(fields))))["total_assets"].confidence

    assert confidence("1000.00") == 0.99
    assert confidence("1001") < 0.7


@pytest.mark.parametrize("read", ["L24295GJ1987PLCI43792", "L2429SGJ1987PLC1437 92", "L24295GJI987PLC143792"])
def test_misread_cin_is_repaired_by_its_grammar(read: str) -> None:
    page = PageReading(number=1, method=Method.OCR, text="", cells=(a_cell(f"CIN: {read}", 50, 10),))
    record = record_of(Reading(name="a", kind="pdf", size=1, state=ReadingState.READ, pages=(page,)))
    assert record.cin
    assert (record.cin.value, record.cin.raw, record.cin.valid) == (CIN, read, True)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("PAN AAACV1234K of V", "PAN XXXXXX234K of V"),
        ("aaapv1234k,AAACV1234L", "XXXXXX234k,XXXXXX234L"),
        (CIN, CIN),
        ("XAAACV1234K", "XAAACV1234K"),
    ],
)
def test_pans_are_masked_wherever_they_stand(text: str, masked: str) -> None:
    assert mask_pan(text) == masked
