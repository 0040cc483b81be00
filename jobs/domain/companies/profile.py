"""A company's profile: everything that its filings state, with the filings that state it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from jobs.domain.cin import year_of
from jobs.domain.companies.charges import CompanyCharge, charges_of
from jobs.domain.companies.dues import Due, dues_of
from jobs.domain.companies.filings import CompanyFiling, filings_of
from jobs.domain.companies.finances import (
    CapitalStep,
    FinancialYear,
    Meetings,
    Shareholding,
    capital_of,
    meetings_of,
    shareholding_of,
    years_of,
)
from jobs.domain.companies.people import CompanyAuditor, Person, auditors_of, people_of
from jobs.domain.companies.statements import (
    CompanyDocuments,
    Said,
    Source,
    StatedFiling,
    fact,
    in_order,
    of_forms,
    plain,
)
from jobs.domain.company_id import IdKind, kind_of
from jobs.domain.company_names import latest_name
from jobs.domain.document import Document
from jobs.domain.filings.annual_returns import AnnualReturn
from jobs.domain.filings.forms import RegisteredOffice
from jobs.domain.filings.reading import READER_VERSION, Method
from jobs.domain.job import DONE, Job

_ADDRESS = ("address", "address_2", "city", "district", "state", "pin_code")
_CLASS = slice(12, 15)  # of a CIN
_INDIA = timezone(timedelta(hours=5, minutes=30))  # whose days count for due dates


@dataclass(frozen=True, kw_only=True)
class Office:
    """A registered office; ``since`` is None if the filing does not state it."""

    address: str
    since: date | None
    source: Source


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A company as its filings describe it. Lists begin with the latest.

    ``former_names`` and ``other_ids`` are those in filings that differ from the company's own. ``as_of`` is when the
    last complete order ended, None if there is none. ``unread`` counts stored filings whose values are not known:
    unread, or read by an older reader. ``is_cut``: the company has more documents than were considered.
    """

    cin: str
    name: str
    former_names: tuple[Said[str], ...]
    other_ids: tuple[Said[str], ...]
    offices: tuple[Office, ...]
    people: tuple[Person, ...]
    auditors: tuple[CompanyAuditor, ...]
    charges: tuple[CompanyCharge, ...]
    capital: tuple[CapitalStep, ...]
    shareholding: tuple[Shareholding, ...]
    years: tuple[FinancialYear, ...]
    meetings: tuple[Meetings, ...]
    dues: tuple[Due, ...]
    filings: tuple[CompanyFiling, ...]
    jobs: tuple[Job, ...]
    as_of: datetime | None
    unread: int
    is_cut: bool

    @property
    def has_cin(self) -> bool:
        return kind_of(self.cin) is IdKind.CIN


def profile_of(cin: str, jobs: Sequence[Job], found: CompanyDocuments, *, most: int) -> Profile:
    """Fold a company's documents. ``jobs`` are its orders, the newest first; ``most`` the limit of documents."""
    documents = found.documents
    filings = filings_of(documents)
    copies = [filing.document for filing in filings]
    inside = [attachment for filing in filings for attachment in filing.attachments]
    stated = in_order(
        StatedFiling.of(each, values) for each in (*copies, *inside) if (values := found.stated.get(each.id))
    )
    as_of = max((each.completed_at for each in jobs if _has_listed(each) and each.completed_at), default=None)
    name = latest_name(jobs) or next((each.company_name for each in documents), cin)
    return Profile(
        cin=cin,
        name=name,
        former_names=_former_names(name, [*copies, *inside]),
        other_ids=_other_ids(copies),
        offices=tuple(_offices(stated)),
        people=tuple(people_of(stated)),
        auditors=tuple(auditors_of(stated)),
        charges=tuple(charges_of(stated)),
        capital=tuple(capital_of(stated)),
        shareholding=tuple(shareholding_of(stated)),
        years=tuple(years_of(stated)),
        meetings=tuple(meetings_of(stated)),
        dues=_dues(cin, stated, filings, as_of.astimezone(_INDIA).date()) if as_of and filings else (),
        filings=tuple(filings),
        jobs=tuple(jobs),
        as_of=as_of,
        unread=sum(_is_unread(each) for each in copies),
        is_cut=len(documents) >= most,
    )


def _dues(cin: str, stated: list[StatedFiling], filings: Sequence[CompanyFiling], as_of: date) -> tuple[Due, ...]:
    """LLPs and foreign companies file other forms, whose dates are not considered."""
    if kind_of(cin) in (IdKind.LLPIN, IdKind.FCRN):
        return ()
    return tuple(dues_of(stated, filings, kind=cin[_CLASS], since=year_of(cin), as_of=as_of))


def _has_listed(job: Job) -> bool:
    """Only orders list filings."""
    return job.status in DONE and job.is_order


def _is_unread(document: Document) -> bool:
    return document.file is not None and (document.reading is None or 0 < document.reading.version < READER_VERSION)


def _former_names(name: str, documents: Sequence[Document]) -> tuple[Said[str], ...]:
    """Names in filings other than the company's own. Scans are left out, since a misread name is no other name."""
    return fact(
        (
            (stated, StatedFiling.of(each).source())
            for each in documents
            if each.reading and each.reading.method is not Method.OCR and each.reading.facts.cin == each.cin
            if (stated := each.reading.facts.company_name) and plain(stated) != plain(name)
        ),
        same=plain,
    )


def _other_ids(documents: Sequence[Document]) -> tuple[Said[str], ...]:
    """CINs in forms other than the company's own. An attachment may be about another company, a scan be misread."""
    return fact(
        (each.reading.facts.cin, StatedFiling.of(each).source())
        for each in documents
        if each.reading and each.reading.method is not Method.OCR and each.reading.facts.cin != each.cin
    )


def _offices(stated: Sequence[StatedFiling]) -> list[Office]:
    """Each address once: as the first filing states it that does, or the last one that moves the office there."""
    found: dict[str, Office] = {}
    for each in of_forms(stated, (*RegisteredOffice.FORMS, *AnnualReturn.FORMS)):
        parts = [text for name in _ADDRESS if (text := each.text(name))]
        if parts:
            address = ", ".join(dict.fromkeys(parts))
            office = Office(address=address, since=each.day("effective_from"), source=each.source("address"))
            if office.since and next(reversed(found), None) != plain(address):
                found.pop(plain(address), None)  # the company has returned to it
            found.setdefault(plain(address), office)
    return list(reversed(found.values()))
