"""The filings of simulated LLPs and foreign companies: fewer and shorter than those of companies with a CIN."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from jobs.domain.company_id import IdKind
from jobs.domain.document import Filing
from jobs.simulated_companies.chance import chance_of, day_between, rounded
from worker.sources.simulated_answers import indian
from worker.sources.simulated_pages import NOTE
from worker.sources.simulated_pdf import text_pdf

_FIRST_YEAR, _LAST_YEAR = 2012, 2025  # fixed, so that filings do not depend on today's date
_LAKH = 100_000
_BEARER = {IdKind.LLPIN: "LLP", IdKind.FCRN: "foreign company"}


@dataclass(frozen=True, kw_only=True)
class _Form:
    """A form with its purpose, and the month and day by which it is due; it is filed in the weeks before."""

    name: str
    purpose: str
    due: tuple[int, int] = (12, 31)


#: At the beginning, each year, and now and then.
_FORMS = {
    IdKind.LLPIN: (
        _Form(name="LLP-3", purpose="Information on the LLP agreement"),
        (
            _Form(name="LLP-11", purpose="Annual return", due=(5, 30)),
            _Form(name="LLP-8", purpose="Statement of account and solvency", due=(10, 30)),
        ),
        _Form(name="LLP-4", purpose="Appointment and cessation of partners"),
    ),
    IdKind.FCRN: (
        _Form(name="FC-1", purpose="Information on the establishment of a place of business in India"),
        (
            _Form(name="FC-4", purpose="Annual return", due=(5, 30)),
            _Form(name="FC-3", purpose="Annual accounts and places of business in India", due=(9, 30)),
        ),
        _Form(name="FC-2", purpose="Alteration of the particulars of the foreign company"),
    ),
}
_PURPOSES = {form.name: form.purpose for first, yearly, other in _FORMS.values() for form in (first, *yearly, other)}


def partner_filings(identifier: str, kind: IdKind) -> Sequence[Filing]:
    """The filings in the order of their dates. The same identifier always has the same."""
    chance = chance_of(identifier, "partner filings")
    filed = sorted(_filed(identifier, kind))
    serials = chance.sample(range(1_000_000, 9_999_999), len(filed))
    return [
        Filing(
            number=number,
            document_type=form,
            file_name=f"{form}_{day.year}_R{serial}{serial % 7}.pdf",
            srn=f"R{serial}{serial % 7}",
            filed_on=day,
        )
        for number, ((day, form), serial) in enumerate(zip(filed, serials, strict=True), start=1)
    ]


def _filed(identifier: str, kind: IdKind) -> Iterator[tuple[date, str]]:
    chance = chance_of(identifier, "partner")
    first, yearly, other = _FORMS[kind]
    founded = chance.randint(_FIRST_YEAR, _LAST_YEAR - 3)
    yield day_between(chance, date(founded, 1, 2), date(founded, 3, 31)), first.name
    for year in range(founded + 1, _LAST_YEAR + 1):
        for form in yearly:
            month, day = form.due
            yield day_between(chance, date(year, month, 1), date(year, month, day)), form.name
        if chance.random() < 0.25:
            yield day_between(chance, date(year, 1, 2), date(year, 12, 20)), other.name


def partner_pdf(identifier: str, kind: IdKind, name: str, filing: Filing) -> bytes:
    """The filing as a page of text. The same filing and name always give the same bytes."""
    form, day, bearer = filing.document_type, filing.filed_on, _BEARER[kind]
    chance = chance_of(identifier, filing.srn)
    lines = [
        f"Form No. {form}",
        _PURPOSES.get(form, ""),
        NOTE,
        f"{kind}: {identifier}",
        f"Name of the {bearer}: {name}",
        f"Service request number (SRN): {filing.srn}",
        f"Date of filing: {day:%d/%m/%Y}" if day else "",
    ]
    if day and any(form == each.name for each in _FORMS[kind][1]):
        turnover = rounded(chance.uniform(20, 4_000) * _LAKH, _LAKH)
        lines += [f"Financial year: {day.year - 1}-{day.year % 100:02}", f"Turnover in rupees: {indian(turnover)}"]
    return text_pdf([[line for line in lines if line]], title=filing.file_name)
