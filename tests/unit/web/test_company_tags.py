"""Names of financial years on a company's page, and the growth in one."""

from __future__ import annotations

from datetime import date

import pytest

from jobs.domain.companies.finances import FinancialYear
from jobs.domain.companies.statements import Said, Source
from jobs.templatetags.companies import growth, year_of, year_ranges


@pytest.mark.parametrize(
    ("end", "name"),
    [
        (date(2025, 3, 31), "2024-25"),
        (date(2000, 3, 31), "1999-00"),
        (date(2014, 12, 31), "to Dec 2014"),  # neither 2013-14, which it does not end, nor 2014-15
        (date(2012, 6, 30), "to Jun 2012"),
    ],
)
def test_year_is_named_by_its_end(end, name):
    assert year_of(end) == name


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ([], "–"),
        ([date(2015, 3, 31)], "2014-15"),
        ([date(year, 3, 31) for year in (2024, 2015, 2020, 2021, 2023, 2022)], "2014-15, 2019-20 to 2023-24"),
        ([date(2013, 12, 31), date(2014, 12, 31), date(2016, 3, 31)], "to Dec 2013 to Dec 2014, 2015-16"),
        ([date(2014, 12, 31), date(2015, 3, 31)], "to Dec 2014, 2014-15"),
        ([date(2015, 3, 30), date(2015, 3, 31)], "2014-15"),
    ],
)
def test_consecutive_years_are_one_range(ends, text):
    assert year_ranges(ends) == text


def a_year(end: date, revenue: int | None) -> FinancialYear:
    source = Source(job_id="1", number=1, form="AOC-4", srn=None, filed_on=None)
    said = () if revenue is None else (Said(value=revenue, sources=(source,)),)
    return FinancialYear(end=end, consolidated=False, measures={"revenue": said})


@pytest.mark.parametrize(
    ("before", "revenue", "text"),
    [
        (date(2024, 3, 31), 200, "▴ 50 %"),
        (date(2024, 3, 31), 600, "▾ 50 %"),
        (date(2024, 3, 31), None, ""),
        (date(2021, 3, 31), 200, ""),  # the growth of four years
        (date(2024, 12, 31), 200, ""),  # of three months
    ],
)
def test_growth_is_that_of_one_year(before, revenue, text):
    assert growth([a_year(before, revenue), a_year(date(2025, 3, 31), 300)], "revenue") == text
    assert growth([a_year(before, revenue)], "revenue") == ""
