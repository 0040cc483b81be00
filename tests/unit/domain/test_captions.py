"""Values on pages: beside, after and below their captions, in nested captions and in tables."""

from __future__ import annotations

from datetime import date

import pytest

from jobs.domain.filings.reading import Cell, Method, PageReading, Reading, ReadingState
from jobs.domain.filings.records import record_of, values_of

CIN = "U45201TN2005PTC057073"
CHARGE = "FORM NO. CHG-1"


def cell(text: str, left: float, top: float, width: float = 100, height: float = 10) -> Cell:
    return Cell(text=text, box=(left, top, left + width, top + height))


def values(*cells: Cell, method: Method = Method.TEXT) -> dict[str, object]:
    text = "\n".join(each.text for each in cells)
    page = PageReading(number=1, method=method, text=text, cells=cells)
    reading = Reading(name="a", kind="pdf", size=1, state=ReadingState.READ, pages=(page,))
    return {name: value.value for name, value in values_of(record_of(reading))}


@pytest.mark.parametrize(
    "caption",
    [
        "5.(a) *Date of the instrument creating or modifying the charge (DD/MM/YYYY)",
        "(a)*Date of the instrument creating the charge",
        "v Date of the Instrument Creating charge",
    ],
)
def test_captions_are_found_however_numbered(caption: str) -> None:
    found = values(cell(CHARGE, 30, 10), cell(caption, 30, 40, 250), cell("03/03/2025", 300, 40))
    assert found["created_on"] == date(2025, 3, 3)


def test_captions_of_several_lines_are_one() -> None:
    found = values(
        cell(CHARGE, 30, 10),
        cell("(b) *Nature, description and", 30, 40, 200),
        cell("Deed of hypothecation", 300, 46),
        cell("brief particulars of the instrument(s)", 30, 51, 200),
        cell("over all stocks", 300, 57),
        cell("(c) Rate of interest", 30, 80),
        cell("9 %", 300, 80),
    )
    assert found == {"instrument": "Deed of hypothecation over all stocks", "rate_of_interest": "9 %"}


def test_value_may_follow_its_caption_in_the_cell() -> None:
    assert values(cell("Form INC-22", 30, 10), cell(f"CIN {CIN}", 30, 40))["cin"] == CIN
    assert values(cell("Form INC-22", 30, 10), cell("Pin code : 560 038", 30, 40))["pin_code"] == "560038"


def test_empty_field_does_not_take_the_next_caption() -> None:
    found = values(
        cell("Form INC-22", 30, 10),
        cell("*City", 30, 40, 30),
        cell("*District", 300, 40),
        cell("*Pin code", 30, 60),
        cell("560038", 300, 60),
    )
    assert found == {"pin_code": "560038"}


def test_short_captions_must_match_in_full() -> None:
    found = values(cell("Form PAS-3", 30, 10), cell("SRN of Form No. MGT-14", 30, 40), cell("AB1234567", 300, 40))
    assert found == {"srn_of_mgt_14": "AB1234567"}


def test_captions_within_captions_are_told_apart() -> None:
    found = values(
        cell("FORM NO. MGT.14", 30, 10),
        cell("4. Date of dispatch of notice for passing of", 30, 40, 200),
        cell("(a) Resolution(s)", 30, 60),
        cell("01/02/2024", 300, 60),
        cell("5. Date of passing of", 30, 80),
        cell("(a) Resolution(s)", 30, 100),
        cell("02/03/2024", 300, 100),
    )
    assert (found["notice_on"], found["passed_on"]) == (date(2024, 2, 1), date(2024, 3, 2))


def test_drawn_radio_buttons_give_the_chosen_option() -> None:
    options = cell("( ) New company (x) Existing company", 300, 40, 200)
    assert values(cell("Form INC-22", 30, 10), cell("1. *This form is for", 30, 40), options)["purpose"] == (
        "Existing company"
    )


def test_company_is_found_without_a_caption() -> None:
    assert values(cell("Form MGT-7", 30, 10), cell(f"of {CIN}, Chennai", 30, 40), method=Method.OCR) == {"cin": CIN}


def test_printed_tables_become_rows() -> None:
    found = values(
        cell("FORM NO. MGT-7", 30, 10),
        *(cell("Name", 60, 40, 30), cell("DIN/PAN", 200, 40, 40), cell("Designation", 300, 40, 50)),
        *(cell("A. K. RAO", 30, 60, 50), cell("01234567", 190, 60, 40), cell("Managing", 300, 60, 50)),
        cell("Director", 300, 71, 40),
        *(cell("MEENA KUMARI", 30, 90, 80), cell("07654321", 190, 90, 40), cell("Director", 300, 90, 50)),
    )
    assert found == {
        "directors[1].name": "A. K. RAO",
        "directors[1].din": "01234567",
        "directors[1].designation": "Managing Director",
        "directors[2].name": "MEENA KUMARI",
        "directors[2].din": "07654321",
        "directors[2].designation": "Director",
    }
