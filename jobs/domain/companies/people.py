"""Directors and officers over time, and auditors with their tenures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from jobs.domain.companies.statements import Fact, Source, StatedFiling, fact, in_order, newest, of_forms, plain
from jobs.domain.filings.accounts import FinancialStatements
from jobs.domain.filings.annual_returns import AnnualReturn
from jobs.domain.filings.appointments import AuditorAppointment, DirectorKyc, Directors

_EVENTS = {"APPN": "appointed", "RESG": "resigned", "CESS": "ceased", "CHNG": "changed"}


class PersonEvent(NamedTuple):
    """The change that a DIR-12 reports of a person: ``appointed``, ``ceased``, ``resigned`` or ``changed``."""

    what: str
    on: date | None
    designation: str | None
    source: Source


@dataclass(frozen=True, kw_only=True)
class Person:
    """A director or officer. ``since`` and ``until`` are empty if no filing states them.

    ``has_left``: a filing reports it, and none a later appointment; ``until`` may be empty, as the filing may not state
    the day. ``years`` are the ends of the financial years whose annual returns name the person.
    """

    din: str | None
    names: Fact[str]
    designations: Fact[str]
    since: Fact[date]
    until: Fact[date]
    events: tuple[PersonEvent, ...]
    years: tuple[date, ...]
    has_left: bool
    is_current: bool

    @property
    def name(self) -> str:
        return newest(self.names) or (f"DIN {self.din}" if self.din else "unnamed")


class _Mention(NamedTuple):
    """One row about a person; ``key`` is empty if it states neither DIN nor name."""

    filing: StatedFiling
    key: str
    din: str | None
    name: str | None
    designation: str | None
    event: PersonEvent | None = None
    year: date | None = None


def people_of(filings: Sequence[StatedFiling]) -> list[Person]:
    """Current directors and officers first, then by name."""
    mentions: dict[str, list[_Mention]] = {}
    for filing in in_order(filings):
        for mention in _mentions(filing):
            if mention.key:
                mentions.setdefault(mention.key, []).append(mention)
    returns = [
        each.year_end for each in of_forms(filings, AnnualReturn.FORMS) if each.year_end and each.rows("directors")
    ]
    latest = max(returns, default=None)
    found = [_person(each, latest) for each in mentions.values()]
    return sorted(
        (each for each in found if each.events or each.years), key=lambda each: (not each.is_current, each.name)
    )


def _mentions(filing: StatedFiling) -> Iterable[_Mention]:
    if filing.form in Directors.FORMS:
        for row in filing.rows("directors") or ([filing] if filing.text("din") else []):
            yield _mention(row, row.text("din"), None, row.text("designation"), event=_event(row))
        for row in filing.rows("officers"):
            yield _mention(row, row.text("din"), _full_name(row), row.text("designation"), event=_event_of_officer(row))
    elif filing.form in AnnualReturn.FORMS:
        for row in filing.rows("directors"):
            left = row.day("ceased_on")
            event = (
                PersonEvent(what="ceased", on=left, designation=None, source=row.source("ceased_on")) if left else None
            )
            yield _mention(row, row.text("din"), row.text("name"), row.text("designation"), event=event, annual=True)
    elif filing.form in DirectorKyc.FORMS:
        yield _mention(filing, filing.text("din"), _full_name(filing), None)


def _full_name(row: StatedFiling) -> str | None:
    return " ".join(each for each in (row.text("first_name"), row.text("last_name")) if each) or None


def _mention(
    row: StatedFiling,
    din: str | None,
    name: str | None,
    designation: str | None,
    *,
    event: PersonEvent | None = None,
    annual: bool = False,
) -> _Mention:
    key = din or (plain(name) if name else "")
    return _Mention(row, key, din, name, designation, event, row.year_end if annual else None)


def _event(row: StatedFiling) -> PersonEvent:
    stated, ceased, appointed = row.text("event"), row.day("ceased_on"), row.day("appointed_on")
    what = _named(stated or "") or ("ceased" if ceased and not appointed else "appointed")
    on = ceased if what in ("ceased", "resigned") and ceased else appointed or ceased
    source = row.source("appointed_on", "ceased_on", "din")
    return PersonEvent(what=what, on=on, designation=row.text("designation"), source=source)


def _event_of_officer(row: StatedFiling) -> PersonEvent:
    """The form has one date for both, which is that of the appointment or of the cessation."""
    return PersonEvent(
        what=_named(row.text("event") or "") or "appointed",
        on=row.day("effective_from"),
        designation=row.text("designation"),
        source=row.source("effective_from", "event"),
    )


def _named(event: str) -> str | None:
    """What a form calls the change."""
    text = event.strip().casefold()
    if "cess" in text or "resign" in text:
        return "ceased"
    return "changed" if "change" in text else _EVENTS.get(text.upper()[:4])


def _person(mentions: Sequence[_Mention], latest: date | None) -> Person:
    events = tuple(each.event for each in mentions if each.event)
    started = [each for each in events if each.what == "appointed"]
    ended = [each for each in events if each.what in ("ceased", "resigned")]
    first = min((each.on for each in started if each.on), default=None)
    last = max((each.on for each in ended if each.on), default=None)
    latest_start = max((day for each in started if (day := _day_of(each))), default=date.min)
    has_left = any(day >= latest_start for each in ended if (day := _day_of(each)))
    years = tuple(sorted({each.year for each in mentions if each.year}))
    in_latest = latest is None or latest in years or any(each.on and each.on > latest for each in started)
    return Person(
        din=next((each.din for each in mentions if each.din), None),
        names=fact(((each.name, each.filing.source("name", "first_name")) for each in mentions if each.name), plain),
        designations=fact(
            ((each.designation, each.filing.source("designation")) for each in mentions if each.designation), plain
        ),
        since=fact((each.on, each.source) for each in started if each.on == first),
        until=fact((each.on, each.source) for each in ended if each.on == last)
        if last and last >= latest_start
        else (),
        events=events,
        years=years,
        has_left=has_left,
        is_current=not has_left and in_latest,
    )


def _day_of(event: PersonEvent) -> date | None:
    """If the filing does not state the day, that of the filing."""
    return event.on or event.source.filed_on


@dataclass(frozen=True, kw_only=True)
class Tenure:
    """An appointment of an auditor; a day is None if the filing does not state it."""

    start: date | None
    end: date | None
    source: Source


@dataclass(frozen=True, kw_only=True)
class CompanyAuditor:
    """An auditor. ``audited`` are the ends of the financial years whose accounts name the auditor."""

    names: Fact[str]
    registrations: Fact[str]
    tenures: tuple[Tenure, ...]
    audited: tuple[date, ...]

    @property
    def name(self) -> str:
        return newest(self.names) or "unnamed"


def auditors_of(filings: Sequence[StatedFiling]) -> list[CompanyAuditor]:
    """The auditors, the latest first."""
    groups: dict[str, list[tuple[StatedFiling, StatedFiling]]] = {}
    for filing in in_order(of_forms(filings, (*AuditorAppointment.FORMS, *FinancialStatements.FORMS))):
        rows = filing.rows("auditors") or ([filing] if filing.text("auditor_name") else [])
        for row in rows:
            key = plain(row.text("name") or row.text("auditor_name") or "")
            if key:
                groups.setdefault(key, []).append((filing, row))
    return sorted((_auditor(each) for each in groups.values()), key=_last_seen, reverse=True)


def _auditor(rows: Sequence[tuple[StatedFiling, StatedFiling]]) -> CompanyAuditor:
    appointments = [each for each in rows if each[0].form in AuditorAppointment.FORMS]
    names = ("name", "auditor_name")
    numbers = ("registration_number", "firm_registration_number", "membership_number")
    return CompanyAuditor(
        names=fact(((_first(row, names), row.source(*names)) for _, row in rows), same=plain),
        registrations=fact(((_first(row, numbers), row.source(*numbers)) for _, row in rows), same=plain),
        tenures=tuple(
            Tenure(
                start=row.day("from_date") or filing.day("appointed_on"),
                end=row.day("to_date"),
                source=row.source("from_date", "name"),
            )
            for filing, row in appointments
        ),
        audited=tuple(
            sorted(
                {
                    filing.year_end
                    for filing, _ in rows
                    if filing.year_end and filing.form not in AuditorAppointment.FORMS
                }
            )
        ),
    )


def _first(row: StatedFiling, names: Iterable[str]) -> str | None:
    for name in names:
        if text := row.text(name):
            return text
    return None


def _last_seen(auditor: CompanyAuditor) -> date:
    days = [*auditor.audited, *(each.end or each.start or date.min for each in auditor.tenures)]
    return max(days, default=date.min)
