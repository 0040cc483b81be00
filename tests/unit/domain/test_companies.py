"""What a company's filings say about it, with their sources and disagreements."""

from __future__ import annotations

import cProfile
import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest

from jobs.domain.companies.dues import DueState
from jobs.domain.companies.filings import Category, category_of, filings_of, year_name
from jobs.domain.companies.profile import Profile, profile_of
from jobs.domain.companies.statements import CompanyDocuments, plain
from jobs.domain.document import Document, DocumentStatus, Filing, StoredFile, attachment_number
from jobs.domain.filings.appointments import Auditor, AuditorAppointment
from jobs.domain.filings.identifiers import Identifier
from jobs.domain.filings.reading import Method, ReadingState
from jobs.domain.filings.stated import MOST_VALUES, Stated, stated_by
from jobs.domain.filings.summary import DocumentReading, Facts
from jobs.domain.filings.values import Found, Kind, as_value
from jobs.domain.job import JobStatus
from tests.making import a_job

CIN = "L24295GJ1987PLC143792"
NOW = datetime(2025, 12, 1, tzinfo=UTC)
MARCH = date(2025, 3, 31)
MOST_CALLS = 25
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


def test_directors_come_and_go():
    found = profile(
        says(
            "DIR-12",
            date(2016, 4, 20),
            directors__1__din="07120034",
            directors__1__event="APPN",
            directors__1__designation="Managing director",
            directors__1__appointed_on=date(2016, 4, 12),
            officers__1__first_name="Leela",
            officers__1__last_name="Nair",
            officers__1__designation="CFO",
        ),
        says("DIR-12", date(2022, 4, 20), din="06510007", event="Cessation", ceased_on=date(2022, 4, 12)),
        says(
            "MGT-7",
            date(2025, 11, 1),
            year_end=MARCH,
            directors__1__name="Asha Raman",
            directors__1__din="07120034",
            directors__2__name="LEELA NAIR",
        ),
        says("MGT-7", date(2021, 11, 1), year_end=date(2021, 3, 31), directors__1__name="Gone", directors__1__din="1"),
    )
    people = {each.name: each for each in found.people}
    assert [each.name for each in found.people if each.is_current] == ["Asha Raman", "LEELA NAIR"]
    assert people["Asha Raman"].since[0].value == date(2016, 4, 12)
    assert people["Asha Raman"].since[0].source.form == "DIR-12"
    assert people["DIN 06510007"].until[0].value == date(2022, 4, 12)
    assert not people["Gone"].is_current


def test_director_who_returned_is_current():
    def row(filed_on: date, **values: object) -> Document:
        return says("DIR-12", filed_on, din="07120034", **values)

    (person,) = profile(
        row(date(2016, 1, 9), appointed_on=date(2016, 1, 1)),
        row(date(2018, 1, 9), ceased_on=date(2018, 1, 1)),
        row(date(2020, 1, 9), appointed_on=date(2020, 1, 1)),
    ).people
    assert person.is_current
    assert person.until == ()
    assert [each.what for each in person.events] == ["appointed", "ceased", "appointed"]


def test_auditors_have_tenures():
    found = profile(
        says("ADT-1", date(2020, 10, 1), auditors__1__name="A & Co", auditors__1__from_date=date(2020, 4, 1)),
        says("AOC-4", date(2025, 10, 1), year_end=MARCH, auditors__1__name="A AND CO."),
        says("ADT-1", date(2015, 10, 1), auditor_name="B", appointed_on=date(2015, 9, 1)),
    )
    assert [each.name for each in found.auditors] == ["A AND CO.", "B"]
    assert found.auditors[0].tenures[0].start == date(2020, 4, 1)
    assert found.auditors[0].audited == (MARCH,)


def test_satisfaction_without_a_number_closes_its_charge():
    made, bank = date(2016, 10, 24), "Narmada Finance Corporation"
    found = profile(
        says("CHG-1", date(2016, 11, 1), holder=bank, created_on=made, amount=36000000),
        says("CHG-1", date(2018, 11, 1), holder=bank.upper(), created_on=made, amount=40000000, charge_id="100"),
        says("CHG-4", date(2019, 4, 16), charge_id="100", satisfied_on=date(2019, 4, 7)),
        says("CHG-1", date(2020, 11, 1), holder=bank, created_on=date(2020, 10, 1), amount=5000),
    )
    open_, closed = found.charges
    assert (open_.is_open, closed.is_open) == (True, False)
    assert [each.value for each in closed.amounts] == [4000000000, 3600000000]
    assert closed.satisfied[0].value == date(2019, 4, 7)
    assert len(closed.sources) == 3


def test_late_and_missing_filings_are_named():
    found = profile(
        says("AOC-4", date(2025, 11, 1), year_end=MARCH, held_agm_on=date(2025, 9, 1)),
        says("ADT-1", date(2025, 10, 1), held_agm_on=date(2025, 9, 1), appointed_on=date(2025, 9, 1)),
        says("AOC-4", date(2024, 10, 1), year_end=date(2024, 3, 31), held_agm_on=date(2024, 9, 15)),
    )
    dues = {(each.form, each.year): (each.state, each.days, each.due_on) for each in found.dues}
    assert dues["AOC-4", 2025] == (DueState.LATE, 31, date(2025, 10, 1))
    assert dues["AOC-4", 2024] == (DueState.FILED, 0, date(2024, 10, 15))
    assert dues["MGT-7", 2025] == (DueState.UNFILED, 31, date(2025, 10, 31))
    assert dues["ADT-1", 2025] == (DueState.LATE, 15, date(2025, 9, 16))


def test_filing_that_is_not_due_yet_is_upcoming():
    found = profile(
        says("AOC-4", date(2024, 10, 1), year_end=date(2024, 3, 31)), ended=datetime(2025, 10, 20, tzinfo=UTC)
    )
    due = next(each for each in found.dues if (each.form, each.year) == ("AOC-4", 2025))
    assert (due.state, due.days, due.due_on) == (DueState.UPCOMING, 10, date(2025, 10, 30))


def test_company_without_an_ended_order_has_no_dues():
    job = a_job(NOW, cin=CIN)
    document = says("AOC-4", date(2025, 10, 1), year_end=MARCH)
    found = profile_of(CIN, [job], CompanyDocuments.of([document]), most=1)
    assert (found.as_of, found.dues, found.is_cut) == (None, (), True)


def test_former_names_ignore_spelling():
    found = profile(
        says("AOC-4", date(2025, 10, 1), company="VINDHYA CHEMICALS LTD."),
        says("AOC-4", date(2015, 10, 1), company="Vindhya Dyes Private Limited"),
    )
    assert [each.value for each in found.former_names] == ["Vindhya Dyes Private Limited"]
    assert plain("A & B (Pvt.) Ltd") == plain("a and b PRIVATE LIMITED")


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
