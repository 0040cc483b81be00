"""The search among a company's filings, for its page and for exports."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import QueryDict

from jobs.domain.companies.filings import CompanyFiling
from jobs.web.request_context import whole_number

_LONGEST = 100


class FilingsSearch:
    """Category, financial year, and a part of the form, SRN or file name; each empty for any.

    ``after``: only filings first listed after this time, in seconds since 1970; None for all.
    """

    def __init__(self, given: QueryDict) -> None:
        self.category, self.year = given.get("category", ""), given.get("year", "")
        self.text = given.get("q", "")[:_LONGEST]
        self.after = whole_number(given.get("after", ""), most_digits=10)

    @property
    def is_narrow(self) -> bool:
        return bool(self.category or self.year or self.text.strip() or self.after is not None)

    def matching(self, filings: Iterable[CompanyFiling]) -> list[CompanyFiling]:
        text = self.text.strip().casefold()
        return [each for each in filings if self._matches(each, text)]

    def _matches(self, filing: CompanyFiling, text: str) -> bool:
        if self.category and filing.category != self.category:
            return False
        if self.year and str(filing.year) != self.year:
            return False
        if self.after is not None and _first_listed(filing) <= self.after:
            return False
        names = (filing.form, filing.document.filing.file_name, filing.document.filing.srn or "")
        return not text or any(text in name.casefold() for name in names)


def _first_listed(filing: CompanyFiling) -> int:
    """When the first of its orders was placed, in seconds since 1970: an id begins with its time."""
    return int(filing.jobs[-1][:8], 16)
