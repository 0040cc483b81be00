"""Response bodies about companies. Every value comes with the filings that state it; amounts are in paise."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from pydantic import AliasPath, Field

from jobs.domain.companies.dues import DueState
from jobs.domain.companies.filings import Category, CompanyFiling
from jobs.domain.companies.profile import Profile
from jobs.web.api.base import Out
from jobs.web.api.document_schemas import DocumentOut, FoundDocumentOut


class SourceOut(Out):
    """A filing that states a value, and the page, null if unknown."""

    job_id: str
    document_number: int = Field(validation_alias="number")
    form: str
    srn: str | None
    filed_on: date | None
    page: int | None
    confidence: float


class SaidTextOut(Out):
    """A text, and the filings that state it. Several in a list: filings disagree, the newest is first."""

    value: str
    sources: list[SourceOut]


class SaidDayOut(Out):
    """A day, and the filings that state it."""

    value: date
    sources: list[SourceOut]


class SaidNumberOut(Out):
    """A number or an amount in paise, and the filings that state it."""

    value: int
    sources: list[SourceOut]


class OfficeOut(Out):
    """A registered office."""

    address: str
    since: date | None
    source: SourceOut


class PersonEventOut(Out):
    """The change that a form reports of a person: `appointed`, `ceased`, `resigned` or `changed`."""

    what: str
    on: date | None
    designation: str | None
    source: SourceOut


class PersonOut(Out):
    """A director or officer. ``years`` end the financial years whose annual returns name the person."""

    din: str | None
    names: list[SaidTextOut]
    designations: list[SaidTextOut]
    since: list[SaidDayOut]
    until: list[SaidDayOut]
    events: list[PersonEventOut]
    years: list[date]
    is_current: bool


class TenureOut(Out):
    """An appointment of an auditor."""

    start: date | None
    end: date | None
    source: SourceOut


class AuditorOut(Out):
    """An auditor. ``audited`` ends the financial years whose accounts name the auditor."""

    names: list[SaidTextOut]
    registrations: list[SaidTextOut]
    tenures: list[TenureOut]
    audited: list[date]


class ChargeOut(Out):
    """A charge. ``amounts`` in paise: a modification may change them."""

    ids: list[SaidTextOut]
    holders: list[SaidTextOut]
    created: list[SaidDayOut]
    modified: list[SaidDayOut]
    satisfied: list[SaidDayOut]
    amounts: list[SaidNumberOut]
    properties: list[SaidTextOut]
    is_open: bool


class CapitalStepOut(Out):
    """A change of the authorised capital, or an allotment and the paid-up capital after it; amounts in paise."""

    on: date | None
    authorised: int | None
    paid_up: int | None
    shares: int | None
    source: SourceOut


class ShareholdingOut(Out):
    """Holders of the equity at the end of a year, in percent."""

    end: date
    shareholders: list[SaidNumberOut]
    promoters: list[SaidTextOut]
    public: list[SaidTextOut]


class FinancialYearOut(Out):
    """A year's measures by name, in paise."""

    end: date
    consolidated: bool
    measures: dict[str, list[SaidNumberOut]]


class MeetingsOut(Out):
    """When the board approved a year's accounts, and the annual general meeting."""

    end: date
    board: list[SaidDayOut]
    general: list[SaidDayOut]


class DueOut(Out):
    """An annual filing. ``days``: how late it was filed or is, or how many remain; ``year`` ends the financial year."""

    form: str
    year: int
    due_on: date
    filed_on: date | None
    state: DueState
    days: int
    source: SourceOut | None


class CompanyOut(Out):
    """A company as its filings describe it; lists begin with the latest.

    ``status`` is that of the master data, null if the directory does not have the company. ``asOf`` is when the last
    complete order ended. ``unread`` filings are not considered. ``isCut``: the company has more documents than are
    considered.
    """

    cin: str
    name: str
    status: str | None
    former_names: list[SaidTextOut]
    other_ids: list[SaidTextOut]
    offices: list[OfficeOut]
    people: list[PersonOut]
    auditors: list[AuditorOut]
    charges: list[ChargeOut]
    capital: list[CapitalStepOut]
    shareholding: list[ShareholdingOut]
    years: list[FinancialYearOut]
    meetings: list[MeetingsOut]
    dues: list[DueOut]
    filings: int
    job_ids: list[str]
    as_of: datetime | None
    unread: int
    is_cut: bool

    @classmethod
    def of(cls, profile: Profile, status: str | None) -> Self:
        more = {"filings": len(profile.filings), "job_ids": [job.id for job in profile.jobs], "status": status}
        own = {name: getattr(profile, name) for name in cls.model_fields if name not in more}
        return cls.model_validate({**own, **more}, from_attributes=True)


class FilingOut(Out):
    """A filing, once. ``document`` is its best copy; ``jobIds`` are the orders that list it, the newest first."""

    form: str
    category: Category
    filed_on: date | None
    year: int | None
    versions: int
    job_ids: list[str] = Field(validation_alias=AliasPath("jobs"))
    document: FoundDocumentOut
    attachments: list[DocumentOut]


class FilingsOut(Out):
    """A part of a company's filings. ``next`` is the ``offset`` of the following part, null at the end."""

    items: list[FilingOut]
    total: int
    next: int | None

    @classmethod
    def of(cls, filings: list[CompanyFiling], offset: int, limit: int) -> Self:
        beyond = offset + limit
        return cls(
            items=[FilingOut.model_validate(each) for each in filings[offset:beyond]],
            total=len(filings),
            next=beyond if beyond < len(filings) else None,
        )


class ListedCompanyOut(Out):
    """A company of the directory; capital in rupees, empty and null are unknown. ``warning``: before it is ordered."""

    cin: str = Field(validation_alias="id")
    name: str
    status: str
    warning: str | None
    kind: str = Field(serialization_alias="class")
    category: str
    state: str
    registered_on: date | None
    authorised_capital: int | None
    paid_up_capital: int | None


class DirectoryOut(Out):
    """The best companies first."""

    items: list[ListedCompanyOut]
