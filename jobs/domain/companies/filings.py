"""A company's filings, each once, however often it was ordered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache

from jobs.domain.companies.statements import connected
from jobs.domain.document import Document, DocumentStatus
from jobs.domain.filings.accounts import FinancialStatements
from jobs.domain.filings.annual_returns import AnnualReturn
from jobs.domain.filings.appointments import Directors
from jobs.domain.filings.charges import Charge
from jobs.domain.filings.file_names import named_form

_MARCH = 3


class Category(StrEnum):
    """The Ministry's categories of public documents."""

    CERTIFICATES = "Certificates"
    DIRECTORS = "Change in directors"
    INCORPORATION = "Incorporation documents"
    CHARGES = "Charge documents"
    ANNUAL = "Annual returns and balance sheets"
    LLP = "LLP forms"
    OTHER = "Other forms"


_FORMS = {
    **dict.fromkeys((*Directors.FORMS, "DIR-3", "DIR-3 KYC", "DIR-11", "DIR-2", "DIR-8"), Category.DIRECTORS),
    **dict.fromkeys(Charge.FORMS, Category.CHARGES),
    **dict.fromkeys((*FinancialStatements.FORMS, *AnnualReturn.FORMS, "Form 66", "FC-3", "FC-4"), Category.ANNUAL),
    **dict.fromkeys(
        ("INC-1", "INC-2", "INC-7", "INC-32", "INC-33", "INC-34", "Form 1", "Form 1A"), Category.INCORPORATION
    ),
}
_YEARLY_OF_LLPS = ("LLP-8", "LLP-11")
_PREFIXES = {"DIR-": Category.DIRECTORS, "CHG-": Category.CHARGES, "AOC-": Category.ANNUAL, "LLP-": Category.LLP}
_WORDS = {
    "certificate": Category.CERTIFICATES,
    "memorandum of association": Category.INCORPORATION,
    "articles of association": Category.INCORPORATION,
}


@dataclass(frozen=True, kw_only=True)
class CompanyFiling:
    """One filing. ``document`` is its best copy; ``jobs`` are the orders that list it, the newest first.

    ``versions`` counts different contents under the same SRN and file name. ``year`` is the calendar year in which
    its financial year ends: that of its accounts if it states it, else the year before an annual filing, or the year of
    any other filing.
    """

    document: Document
    form: str
    category: Category
    filed_on: date | None
    year: int | None
    versions: int
    jobs: tuple[str, ...]
    attachments: tuple[Document, ...]


def filings_of(documents: Iterable[Document]) -> list[CompanyFiling]:
    """Each filing once, the newest first, with its attachments.

    Two documents are the same filing if they have the SRN and the file name in common, or the SRN and the SHA-256.
    """
    attachments: dict[tuple[str, int], list[Document]] = defaultdict(list)
    filings = []
    for document in sorted(documents, key=lambda each: (each.job_id, each.filing.number)):
        if document.parent is None:
            filings.append(document)
        else:
            attachments[document.job_id, document.place[0]].append(document)
    listed: Counter[tuple[str, ...]] = Counter()
    groups = connected(filings, lambda each: _keys(each, listed))
    found = [_filing(group, attachments) for group in groups]
    return sorted(found, key=_newest_first, reverse=True)


def _keys(document: Document, listed: Counter[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """One order may list two filings alike; they are told apart by their order."""
    filing, checksum = document.filing, document.file.checksum if document.file else None
    day = filing.filed_on.isoformat() if filing.filed_on else ""
    named = ("named", filing.srn or f"{filing.document_type} {day}", filing.file_name)
    listed[document.job_id, *named] += 1
    position = str(listed[document.job_id, *named])
    return [(*named, position), *([("content", filing.srn or "", checksum)] if checksum else [])]


def _filing(group: Sequence[Document], attachments: dict[tuple[str, int], list[Document]]) -> CompanyFiling:
    best = max(group, key=_quality) if len(group) > 1 else group[0]
    category = category_of(best.form, best.filing.file_name)
    inside = attachments.get((best.job_id, best.filing.number), [])
    return CompanyFiling(
        document=best,
        form=best.form,
        category=category,
        filed_on=best.filed_on,
        year=_year(best.year_end, best.filed_on, is_annual=category is Category.ANNUAL or best.form in _YEARLY_OF_LLPS),
        versions=len({each.file.checksum for each in group if each.file}) or 1,
        jobs=tuple(sorted({each.job_id for each in group}, reverse=True)),
        attachments=tuple(sorted(inside, key=lambda each: each.place)),
    )


def _year(year_end: date | None, filed_on: date | None, *, is_annual: bool) -> int | None:
    if year_end:
        return financial_year(year_end)
    if filed_on is None:
        return None
    return financial_year(filed_on) - is_annual


def _quality(document: Document) -> tuple[bool, int, int, datetime]:
    """A stored document is better than a listed one, and one that was read by a newer reader is better still."""
    reading = document.reading
    stored = document.status is DocumentStatus.STORED
    at = document.downloaded_at or document.created_at or datetime.min.replace(tzinfo=UTC)
    return (stored, reading.version if reading else -1, reading.values if reading else 0, at)


def _newest_first(filing: CompanyFiling) -> tuple[date, str, int]:
    return (filing.filed_on or date.min, filing.document.job_id, -filing.document.filing.number)


def financial_year(day: date) -> int:
    """The calendar year in which the financial year with this day ends, on 31 March."""
    return day.year + (day.month > _MARCH)


def year_name(year: int) -> str:
    """``2025`` is "2024-25"."""
    return f"{year - 1}-{year % 100:02}"


def name_of_year(end: date) -> str:
    """The financial year that ends on this day: "2024-25", or "to Dec 2014" for one that does not end in March."""
    return year_name(end.year) if end.month == _MARCH else f"to {end:%b %Y}"


@lru_cache(maxsize=1_000)  # the same few forms are in thousands of filings
def _category_of_form(form: str) -> Category | None:
    if form in _FORMS:
        return _FORMS[form]
    if named_form(form):
        return next((category for prefix, category in _PREFIXES.items() if form.startswith(prefix)), Category.OTHER)
    return None


def category_of(form: str, file_name: str = "") -> Category:
    """The Ministry's category of a form, or of a document that its file name describes."""
    if category := _category_of_form(form):
        return category
    text = f"{form} {file_name}".casefold().replace("_", " ")
    return next((category for words, category in _WORDS.items() if words in text), Category.OTHER)
