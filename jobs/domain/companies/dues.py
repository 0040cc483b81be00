"""Due dates of annual filings under the Companies Act, 2013, and filings after them.

AOC-4: 30 days after the annual general meeting (section 137). MGT-7: 60 days (section 92). ADT-1: 15 days after the
meeting that appoints the auditor (section 139). The meeting is due six months after the end of the year, the first one
nine months (section 96), and the days count from there if none is known. A one person company holds no meeting: its
AOC-4 is due 180 days after the end of the year, and its MGT-7A 60 days after the date on which a meeting would have
been due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from jobs.domain.companies.filings import CompanyFiling, financial_year
from jobs.domain.companies.statements import Source, StatedFiling, of_forms
from jobs.domain.filings.accounts import FinancialStatements
from jobs.domain.filings.annual_returns import AnnualReturn
from jobs.domain.filings.appointments import AuditorAppointment

YEARS = 10
_FIRST_YEAR = 2015  # the first year that had to be filed under the Act of 2013
_AOC_4, _AOC_4_OF_ONE, _MGT_7, _ADT_1 = (timedelta(days=days) for days in (30, 180, 60, 15))
_ONE_PERSON = "OPC"
_ANNUAL = frozenset((*FinancialStatements.FORMS, *AnnualReturn.FORMS))


class DueState(StrEnum):
    """``unfiled``: due in the past, and not among the filings. ``upcoming``: due in the future."""

    FILED = "filed"
    LATE = "late"
    UNFILED = "unfiled"
    UPCOMING = "upcoming"


@dataclass(frozen=True, kw_only=True)
class Due:
    """A form that a company has to file for a financial year, named by the calendar year in which it ends.

    ``days`` is how late it was filed or still is, or how many days remain if it is ``upcoming``.
    """

    form: str
    year: int
    due_on: date
    filed_on: date | None
    state: DueState
    days: int
    source: Source | None


def dues_of(
    filings: Sequence[StatedFiling], listed: Sequence[CompanyFiling], *, kind: str, since: int | None, as_of: date
) -> list[Due]:
    """The last YEARS years' annual filings, the latest first, as known on ``as_of``.

    ``kind`` is the class in the CIN and ``since`` the year of incorporation.
    """
    last = financial_year(as_of) - 1
    seen = [each.year for each in listed if each.year]
    first = max(_FIRST_YEAR, (since or 0) + 1, last - YEARS + 1, min(seen, default=last))
    stated, annual = of_forms(filings, _ANNUAL), [each for each in listed if each.form in _ANNUAL]
    found: list[Due] = []
    for year in range(last, first - 1, -1):
        meeting_due = date(year, 12, 31) if since == year - 1 else date(year, 9, 30)
        found += _of_year(stated, annual, year, kind, meeting_due, as_of)
    return [*found, *_appointments(filings, first)] if found else []


def _of_year(
    filings: Sequence[StatedFiling],
    listed: Sequence[CompanyFiling],
    year: int,
    kind: str,
    meeting_due: date,
    as_of: date,
) -> list[Due]:
    end = date(year, 3, 31)
    expected = _meeting(filings, end) or meeting_due
    accounts = end + _AOC_4_OF_ONE if kind == _ONE_PERSON else expected + _AOC_4
    wanted = (
        ("AOC-4", FinancialStatements.FORMS, accounts),
        ("MGT-7", AnnualReturn.FORMS, expected + _MGT_7),
    )
    return [_due(form, forms, year, due_on, listed, as_of) for form, forms, due_on in wanted]


def _meeting(filings: Sequence[StatedFiling], end: date) -> date | None:
    held = (each.day("held_agm_on") for each in filings if each.year_end == end)
    return max((day for day in held if day), default=None)


def _due(form: str, forms: Sequence[str], year: int, due_on: date, listed: Sequence[CompanyFiling], as_of: date) -> Due:
    copies = [each for each in listed if each.form in forms and each.year == year]
    filed = min((each for each in copies if each.filed_on), key=lambda each: each.filed_on or date.max, default=None)
    if filed and filed.filed_on:
        state, days = _punctuality(filed.filed_on, due_on)
    elif copies:
        state, days = DueState.FILED, 0
    else:
        days = abs((as_of - due_on).days)
        state = DueState.UNFILED if as_of > due_on else DueState.UPCOMING
    best = filed or (copies[0] if copies else None)
    return Due(
        form=best.form if best else form,
        year=year,
        due_on=due_on,
        filed_on=best.filed_on if best else None,
        state=state,
        days=days,
        source=StatedFiling.of(best.document).source() if best else None,
    )


def _punctuality(filed_on: date, due_on: date) -> tuple[DueState, int]:
    late = max(0, (filed_on - due_on).days)
    return (DueState.LATE if late else DueState.FILED), late


def _appointments(filings: Sequence[StatedFiling], first: int) -> list[Due]:
    found = []
    for each in of_forms(filings, AuditorAppointment.FORMS):
        day = each.day("held_agm_on") or each.day("appointed_on")
        if day is None or each.filed_on is None or day.year < first:
            continue
        due_on = day + _ADT_1
        state, late = _punctuality(each.filed_on, due_on)
        found.append(
            Due(
                form=each.form,
                year=day.year,
                due_on=due_on,
                filed_on=each.filed_on,
                state=state,
                days=late,
                source=each.source("held_agm_on", "appointed_on"),
            )
        )
    return sorted(found, key=lambda each: each.due_on, reverse=True)
