"""The history of a fictional company, as far as it filed it. A pure function of the CIN.

Histories begin on 1 April 2014, when the Companies Act, 2013, and its forms came into force, and end in 2025.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, partial

from jobs.domain.cin import year_of
from jobs.simulated_companies.accounts import Year, years_between
from jobs.simulated_companies.chance import chance_of, day_between
from jobs.simulated_companies.company import Company
from jobs.simulated_companies.events import Event

FEWEST, MOST = 30, 50
FIRST_DAY, LAST_YEAR = date(2014, 4, 1), 2025  # fixed, so that a history does not depend on today's date
_UNKNOWN_YEAR = 2000
_LOANS_REPORTED_SINCE = 2019
_TERM = 5  # years of an auditor


@dataclass(frozen=True, kw_only=True)
class History:
    """A company's events, in the order in which their forms were filed. ``pan`` is the company's own."""

    cin: str
    pan: str
    incorporated_on: date
    email: str
    events: tuple[Event, ...]


Step = tuple[date, Callable[[], Event]]


@lru_cache(maxsize=64)  # a job's downloads follow its listing
def history(cin: str) -> History:
    """The history of the company with this CIN, FEWEST to MOST events."""
    chance = chance_of(cin, "history")
    founded = year_of(cin) or _UNKNOWN_YEAR
    incorporated_on = day_between(chance, date(founded, 1, 2), date(founded, 9, 30))
    last = date(max(LAST_YEAR, founded), 12, 31)
    company = Company(cin, incorporated_on, FIRST_DAY, last)
    years = years_between(incorporated_on, FIRST_DAY, last)
    annual = list(_annual(company, years, incorporated_on))
    count = chance.randint(max(FEWEST, len(annual) + 4), MOST)
    first = max(incorporated_on, FIRST_DAY) + timedelta(days=20)
    days = [day_between(chance, first, last - timedelta(days=45)) for _ in range(count - len(annual))]
    return History(
        cin=cin,
        pan=company.pan,
        incorporated_on=incorporated_on,
        email=f"compliance.{cin[-6:]}@example.com",
        events=_acted(company, years, [*annual, *((day, partial(company.something, day)) for day in days)]),
    )


def _annual(company: Company, years: list[Year], incorporated_on: date) -> Iterator[Step]:
    """One step for each filing that recurs; the order of those on one day is the order in which they take effect."""
    until = _first_auditor(company, years, incorporated_on)
    yield until[0]
    term_ends = until[1]
    reports_loans = company.chance.random() < 0.6
    for year in years:
        met = date(year.end.year, 9, company.chance.randint(1, 30))
        if reports_loans and year.end.year >= _LOANS_REPORTED_SINCE:
            yield date(year.end.year, 4, 1), partial(company.return_loans, year.end, year)
        yield met, partial(company.file_accounts, met, year)
        yield met, partial(company.file_return, met, year)
        if term_ends == year.end:
            start, term_ends = year.end + timedelta(days=1), date(year.end.year + _TERM, 3, 31)
            yield met, partial(company.appoint_auditor, met, start, term_ends, first=False)


def _first_auditor(company: Company, years: list[Year], incorporated_on: date) -> tuple[Step, date]:
    """The step and the end of the term: by the board after the incorporation, else by the meeting of 2014."""
    if company.is_new:
        end = years[0].end if years else date(incorporated_on.year + 1, 3, 31)
        day = incorporated_on + timedelta(days=company.chance.randint(3, 28))
        return (day, partial(company.appoint_auditor, day, incorporated_on, end, first=True)), end
    day, end = date(FIRST_DAY.year, 9, company.chance.randint(1, 30)), date(FIRST_DAY.year + _TERM, 3, 31)
    return (day, partial(company.appoint_auditor, day, FIRST_DAY, end, first=False)), end


def _acted(company: Company, years: list[Year], steps: list[Step]) -> tuple[Event, ...]:
    """Take the steps in the order of their days, and close each year at its end."""
    happened: list[Event] = []
    left = list(years)
    for day, act in sorted(steps, key=lambda step: step[0]):
        while left and left[0].end < day:
            company.close(left.pop(0))
        happened.append(act())
    return tuple(sorted(happened, key=lambda event: (event.filed_on, event.on)))
