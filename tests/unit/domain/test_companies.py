"""What a company's filings say about it, with their sources and disagreements."""

from __future__ import annotations

import cProfile
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from jobs.domain.companies.filings import Category, category_of, filings_of, year_name
from jobs.domain.companies.profile import profile_of
from jobs.domain.companies.statements import CompanyDocuments, plain
from jobs.domain.document import Document, attachment_number
from jobs.domain.filings.appointments import Auditor, AuditorAppointment
from jobs.domain.filings.identifiers import Identifier
from jobs.domain.filings.reading import Method
from jobs.domain.filings.stated import MOST_VALUES, stated_by
from jobs.domain.filings.values import Found, Kind, as_value
from jobs.domain.job import Job
from jobs.domain.rereading import Reread
from tests.making import a_job
from tests.unit.domain.stating import CIN, MARCH, NOW, a_document, profile, says

MOST_CALLS = 25


def test_filing_of_two_orders_is_listed_once():
    first = a_document("j1", srn="S1", name="a.pdf", content="x")
    listed = a_document("j2", srn="S1", name="a.pdf", content="")
    renamed = a_document("j3", srn="S1", name="b.pdf", content="x")
    (found,) = filings_of([listed, renamed, first])
    assert (found.document.file is not None, found.versions) == (True, 1)
    assert found.jobs == ("j3", "j2", "j1")


def test_different_files_of_one_srn_stay_apart():
    one, other = a_document(srn="S1", name="a.pdf"), a_document(srn="S1", name="b.pdf")
    alike = [a_document("j1", srn="S2", name="c.pdf"), a_document("j1", srn="S2", name="c.pdf")]
    assert len(filings_of([one, other, *alike])) == 4


def test_changed_content_is_another_version():
    (found,) = filings_of([a_document("j1", srn="S1", name="a.pdf"), a_document("j2", srn="S1", name="a.pdf")])
    assert found.versions == 2


def test_attachments_are_below_their_filing():
    filing = a_document("j1", number=7)
    inside = a_document("j1", number=attachment_number(7, 1), parent=7)
    (found,) = filings_of([inside, filing])
    assert found.attachments == (inside,)


@pytest.mark.parametrize(
    ("form", "name", "category"),
    [
        ("AOC-4 XBRL", "", Category.ANNUAL),
        ("CHG-4", "", Category.CHARGES),
        ("Form 32", "", Category.DIRECTORS),
        ("MGT-14", "", Category.OTHER),
        ("LLP-8", "", Category.OTHER),
        ("OTHER", "Certificate_of_Incorporation.pdf", Category.CERTIFICATES),
        ("OTHER", "Memorandum of Association.pdf", Category.INCORPORATION),
        ("OTHER", "letter.pdf", Category.OTHER),
    ],
)
def test_forms_have_the_ministrys_category(form, name, category):
    assert category_of(form, name) == (Category.LLP if form.startswith("LLP") else category)


def test_accounts_belong_to_the_year_that_they_state():
    stated = says("AOC-4", date(2025, 10, 20), year_end=MARCH)
    unread = a_document(form="MGT-7", filed_on=date(2025, 11, 20))
    other = a_document(form="DIR-12", filed_on=date(2025, 5, 1))
    assert [each.year for each in filings_of([stated, unread, other])] == [2025, 2025, 2026]
    assert year_name(2025) == "2024-25"
    assert year_name(2000) == "1999-00"


def test_filings_that_disagree_are_both_shown():
    found = profile(
        says("AOC-4", date(2025, 10, 1), year_end=MARCH, net_worth=5000, revenue=9000),
        says("MGT-7", date(2025, 11, 1), year_end=MARCH, net_worth=6000),
        says("AOC-4", date(2025, 10, 9), year_end=MARCH, revenue=9000),
    )
    (year,) = found.years
    assert [(each.value, each.source.form) for each in year.measures["net_worth"]] == [
        (600000, "MGT-7"),
        (500000, "AOC-4"),
    ]
    (revenue,) = year.measures["revenue"]
    assert [each.filed_on for each in revenue.sources] == [date(2025, 10, 9), date(2025, 10, 1)]


def test_consolidated_accounts_are_a_year_of_their_own():
    found = profile(
        says("AOC-4", date(2025, 10, 1), year_end=MARCH, revenue=9000),
        says("AOC-4 CFS", date(2025, 10, 1), year_end=MARCH, revenue=12000),
    )
    assert [(each.consolidated, each.measures["revenue"][0].value) for each in found.years] == [
        (False, 900000),
        (True, 1200000),
    ]


def test_debt_is_the_sum_of_what_each_filing_states():
    both = {"long_term_borrowings": 7000, "short_term_borrowings": 5000}
    found = profile(
        says("AOC-4", date(2025, 10, 1), year_end=MARCH, **both),
        says("AOC-4", date(2024, 10, 1), year_end=date(2024, 3, 31), short_term_borrowings=5000),
        says("AOC-4", date(2023, 10, 1), year_end=date(2023, 3, 31), revenue=9000),
    )
    debts = [[(each.value, each.source.filed_on) for each in year.measures.get("debt", ())] for year in found.years]
    assert debts == [[(1200000, date(2025, 10, 1))], [(500000, date(2024, 10, 1))], []]


def test_auditors_have_tenures():
    found = profile(
        says("ADT-1", date(2020, 10, 1), auditors__1__name="A & Co", auditors__1__from_date=date(2020, 4, 1)),
        says("AOC-4", date(2025, 10, 1), year_end=MARCH, auditors__1__name="A AND CO."),
        says("ADT-1", date(2015, 10, 1), auditor_name="B", appointed_on=date(2015, 9, 1)),
    )
    assert [each.name for each in found.auditors] == ["A AND CO.", "B"]
    assert found.auditors[0].tenures[0].start == date(2020, 4, 1)
    assert found.auditors[0].audited == (MARCH,)


def test_former_names_ignore_spelling():
    found = profile(
        says("AOC-4", date(2025, 10, 1), company="VINDHYA CHEMICALS LTD."),
        says("AOC-4", date(2015, 10, 1), company="Vindhya Dyes Private Limited"),
    )
    assert [each.value for each in found.former_names] == ["Vindhya Dyes Private Limited"]
    assert plain("A & B (Pvt.) Ltd") == plain("a and b PRIVATE LIMITED")


def test_name_is_that_of_the_newest_order_of_a_person():
    def named(*orders: Job) -> str:
        return profile_of(CIN, orders, CompanyDocuments.of([]), most=1).name

    old = a_job(NOW, cin=CIN, company_name="Vindhya Dyes")
    new = a_job(NOW, cin=CIN, company_name="Vindhya Chemicals")
    recheck, reading = replace(old, recheck=True), replace(old, reread=Reread(job_id="5" * 24))
    assert named(recheck, reading, new, old) == "Vindhya Chemicals"
    assert named(recheck) == "Vindhya Dyes"


def test_offices_are_listed_with_their_first_source():
    found = profile(
        says("INC-22", date(2019, 1, 5), address="1 Fort", city="Mumbai", effective_from=date(2019, 1, 1)),
        says("MGT-7", date(2020, 1, 5), address="1 Fort, Mumbai"),
        says("MGT-7", date(2015, 1, 5), address="9 Old Road"),
    )
    assert [(each.address, each.since) for each in found.offices] == [
        ("1 Fort, Mumbai", date(2019, 1, 1)),
        ("9 Old Road", None),
    ]


def test_office_to_which_the_company_returned_comes_first():
    def moved(filed_on: date, address: str) -> Document:
        return says("INC-22", filed_on, address=address, effective_from=filed_on)

    found = profile(
        moved(date(2015, 1, 5), "1 Fort"),
        moved(date(2018, 1, 5), "9 Old Road"),
        moved(date(2021, 1, 5), "1 FORT"),
        says("MGT-7", date(2021, 2, 5), address="9 Old Road"),
    )
    assert [(each.address, each.since) for each in found.offices] == [
        ("1 FORT", date(2021, 1, 5)),
        ("9 Old Road", date(2018, 1, 5)),
    ]


def test_kept_values_have_no_pans_and_are_bounded():
    def text(raw: str, kind: Any = Kind.TEXT) -> Any:
        return as_value(kind, Found(raw=raw, method=Method.XFA, rule="r"))

    rows = tuple(Auditor(name=text("Asha ABCPE1234F"), pan=text("ABCPE1234F", Identifier.PAN)) for _ in range(300))
    stated = stated_by(AuditorAppointment(auditor_name=text("x" * 900), auditors=rows))
    assert len(stated) == MOST_VALUES
    assert {each.name.rpartition(".")[2] for each in stated} == {"auditor_name", "name"}
    assert max(len(str(each.value)) for each in stated) == 200
    assert "ABCPE1234F" not in str(stated)


def test_each_value_costs_few_calls():
    """Calls, not seconds: a company can have 3,000 filings with 20 values each."""
    directors = {f"directors__{row}__{key}": f"{key} {row}" for row in range(1, 6) for key in ("name", "din")}
    amounts = dict.fromkeys(("revenue", "profit", "net_worth", "share_capital", "cash", "expenses"), 5000)
    filings = [
        says(form, date(2025, 10, 1), year_end=date(year, 3, 31), **directors, **amounts)
        for form in ("AOC-4", "MGT-7", "DIR-12")
        for year in range(2000, 2025)
    ]
    counting = cProfile.Profile()
    counting.runcall(profile, *filings)
    calls = sum(each.callcount for each in counting.getstats())
    assert calls < MOST_CALLS * len(filings) * len(directors | amounts)
