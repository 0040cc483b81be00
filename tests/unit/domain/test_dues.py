"""Due dates of annual filings."""

from __future__ import annotations

from datetime import UTC, date, datetime

from jobs.domain.companies.dues import DueState
from jobs.domain.companies.profile import profile_of
from jobs.domain.companies.statements import CompanyDocuments
from jobs.domain.job import JobStatus
from tests.making import a_job
from tests.unit.domain.stating import CIN, MARCH, NOW, a_document, profile, says


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


def test_day_of_an_order_is_indias():
    late = profile(
        a_document(form="MGT-14", filed_on=date(2024, 5, 1)), ended=datetime(2025, 10, 30, 18, 30, tzinfo=UTC)
    )
    due = next(each for each in late.dues if (each.form, each.year) == ("AOC-4", 2025))
    assert (due.state, due.days) == (DueState.UNFILED, 1)


def test_first_meeting_is_due_nine_months_after_the_year():
    new = CIN.replace("1987", "2023")
    job = a_job(NOW, cin=new, status=JobStatus.COMPLETED, completed_at=NOW)
    filing = a_document(form="INC-20A", filed_on=date(2023, 9, 1))
    found = profile_of(new, [job], CompanyDocuments.of([filing]), most=100)
    dues = {(each.form, each.year): each.due_on for each in found.dues}
    assert dues["AOC-4", 2024] == date(2025, 1, 30)
    assert dues["MGT-7", 2024] == date(2025, 3, 1)
    assert dues["AOC-4", 2025] == date(2025, 10, 30)


def test_company_without_an_ended_order_has_no_dues():
    job = a_job(NOW, cin=CIN)
    document = says("AOC-4", date(2025, 10, 1), year_end=MARCH)
    found = profile_of(CIN, [job], CompanyDocuments.of([document]), most=1)
    assert (found.as_of, found.dues, found.is_cut) == (None, (), True)


def test_company_without_filings_has_no_dues():
    assert profile().dues == ()
