"""Records from XBRL and XFA data, the checks of sums, and the form that a reading is of."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from jobs.domain.filings.accounts import FinancialStatements
from jobs.domain.filings.annual_returns import AnnualReturn
from jobs.domain.filings.reading import Field, Method, PageReading, Reading, ReadingState
from jobs.domain.filings.records import BY_FORM, form_of, record_of, values_of
from jobs.domain.filings.stated import stated_by
from worker.sources import simulated_forms

STRUCTURES = Path(simulated_forms.__file__).parent / "structures"


def field(path: str, value: str, method: Method = Method.XFA) -> Field:
    name = path.partition("[")[0].rpartition("/")[2]
    return Field(path=path, name=name, kind="text", method=method, value=value, shown=value)


def reading(*fields: Field, text: str = "", name: str = "a", attachments: tuple[Reading, ...] = ()) -> Reading:
    pages = (PageReading(number=1, method=Method.TEXT, text=text),)
    given = {"state": ReadingState.READ, "pages": pages, "fields": fields, "attachments": attachments}
    return Reading(name=name, kind="pdf", size=1, **given)  # type: ignore[arg-type]


def confidence(of: Reading, name: str) -> float:
    return dict(values_of(record_of(of)))[name].confidence


def test_attached_xbrl_facts_come_first() -> None:
    facts = (
        field("Assets[2024-03-31][INR]", "900", Method.XBRL),
        field("Assets[2025-03-31][INR]", "1000", Method.XBRL),
        field("Assets[2025-03-31 in-gaap:LandMember][INR]", "10", Method.XBRL),
        field("ProfitLossForPeriod[2025-01-01/2025-03-31][INR]", "3", Method.XBRL),
        field("ProfitLossForPeriod[2024-04-01/2025-03-31][INR]", "12", Method.XBRL),
    )
    form = field("ZMCA_NCA_AOC_4/TOTAL_CURR_REP1", "999")
    record = record_of(reading(form, attachments=(reading(*facts, name="accounts.xml"),)))
    assert isinstance(record, FinancialStatements)
    assert record.total_assets
    assert (record.total_assets.value, record.total_assets.method) == (1000, Method.XBRL)
    assert record.profit
    assert record.profit.value == 12


@pytest.mark.parametrize(("form", "assets", "profit"), [("AOC-4", 1000, None), ("AOC-4 CFS", 5000, 70)])
def test_own_and_consolidated_accounts_are_not_mixed(form, assets, profit) -> None:
    def instance(nature: str, **amounts: int) -> Reading:
        facts = {"NatureOfReportStandaloneConsolidated": nature, **amounts}
        fields = (field(f"{name}[2025-03-31][INR]", str(each), Method.XBRL) for name, each in facts.items())
        return reading(*fields, name=f"{nature}.xml")

    group = instance("Consolidated", Assets=5000, ProfitLossForPeriod=70)
    record = record_of(reading(attachments=(group, instance("Standalone", Assets=1000))), form)
    assert isinstance(record, FinancialStatements)
    assert record.total_assets
    assert record.total_assets.value == assets
    assert (record.profit and record.profit.value) == profit
    alone = record_of(reading(attachments=(group,)), "AOC-4")
    assert isinstance(alone, FinancialStatements)
    assert alone.consolidated
    assert alone.consolidated.value == "Consolidated"


def test_cessation_of_an_officer_is_read() -> None:
    row = "T_ZMCA_NCA_DIR12_S/DATA[1]"
    form = (field("ZMCA_NCA_DIR_12/NUM_MD_DIR", "0"), field(f"{row}/LAST_NAME", "Nair"), field(f"{row}/RB_A_C", "RESG"))
    stated = {each.name: each.value for each in stated_by(record_of(reading(*form)))}
    assert stated == {"officers[1].last_name": "Nair", "officers[1].event": "RESG"}


def test_xbrl_instance_alone_is_a_financial_statement() -> None:
    record = record_of(reading(field("NameOfCompany[2024-04-01/2025-03-31]", "Vindhya", Method.XBRL)))
    assert (record.form, record.company_name and record.company_name.value) == ("AOC-4 XBRL", "Vindhya")


def test_annual_return_is_read_from_its_data() -> None:
    record = record_of(
        reading(
            field("ZMCA_NCA_MGT_7/CIN", "U45201TN2005PTC057073"),
            field("ZMCA_NCA_MGT_7/TOT_TURNOVER", "100.50"),
            field("T_ZNCA_MGT_7_S8_B1/DATA[1]/DIN_PAN", "01234567"),
        )
    )
    assert isinstance(record, AnnualReturn)
    assert record.turnover
    assert (record.turnover.value, record.turnover.unit) == (10050, "paise")
    assert [row.din.value for row in record.directors if row.din] == ["01234567"]


@pytest.mark.parametrize(("public", "doubted"), [("48.75", False), ("48.6", True), ("58.75", True)])
def test_shares_must_add_up_to_the_whole(public: str, doubted: bool) -> None:
    shares = (field("ZMCA_NCA_MGT_7/PER_ES_TOTAL", "51.2500"), field("ZMCA_NCA_MGT7_II/PE_ES_TOTAL_PUBC", public))
    assert (confidence(reading(*shares), "promoters_share") < 0.9) == doubted


@pytest.mark.parametrize(
    ("given", "form"),
    [
        (reading(field("ZMCA_MGT_7A/CIN", "x")), "MGT-7A"),
        (reading(field("ZMCA_NCA_INC_22/CIN", "x")), "INC-22"),
        (reading(field("ZMCA_NCA_SH_7/CIN", "x")), "SH-7"),
        (reading(field("Form8/CIN", "x")), "Form 8"),
        (reading(text="FORM NO. MGT.14 Filing of Resolutions"), "MGT-14"),
        (reading(text="[Pursuant to section 12(2) & (4) of The Companies Act, 2013]"), "INC-22"),
        (reading(text="Pursuant to section 82(1) of the Companies Act, 2013"), "CHG-4"),
        (reading(text="Instruction kit\nForm CHG-9", name="Form DIR-12.pdf"), "CHG-9"),
        (reading(text="Form No. AOC-4 NBFC (Ind AS)\nNon-Banking Financial Company"), "AOC-4 NBFC"),
        (reading(text="Letter", name="Form PAS-3-291119.pdf"), "PAS-3"),
        (reading(text="Letter"), None),
    ],
)
def test_form_is_named_by_data_title_or_section(given: Reading, form: str | None) -> None:
    assert form_of(given) == form


@pytest.mark.parametrize("form", ["ADT-1", "AOC-4", "CHG-1", "DIR-12"])
def test_records_look_up_elements_that_exist(form: str) -> None:
    known = json.dumps(json.loads((STRUCTURES / f"{form}.json").read_text()))
    table = f"ZMCA_NCA_{form.replace('-', '_')}/"
    for each in dataclasses.fields(BY_FORM[form]):
        spec = each.metadata.get("spec")
        paths = [key for key in spec.keys if key.startswith(table)] if spec else []
        assert all(key in known for key in paths), (each.name, paths)
