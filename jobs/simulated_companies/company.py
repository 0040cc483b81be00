"""A fictional company while its history is being invented: what is true today, and what can happen next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from jobs.simulated_companies import events
from jobs.simulated_companies.accounts import Accounts, Year, a_nature, following, opening
from jobs.simulated_companies.chance import chance_of, rounded
from jobs.simulated_companies.events import Charge, Event, Seat
from jobs.simulated_companies.people import Firm, a_bank, a_firm, a_pan, a_person, an_address

_LAKH = 100_000
_MOST_DIRECTORS = 9
_SETTLED = timedelta(days=60)  # nobody leaves sooner
_ABRIDGED_SINCE = date(2021, 3, 5)  # when MGT-7A came into force
_INSTRUMENTS = ("Deed of hypothecation", "Memorandum of entry", "Loan agreement and deed of mortgage")
_PROPERTY = (
    "Stocks of raw material, finished goods and book debts, present and future",
    "Plant and machinery at the factory, present and future",
    "Land and building of the registered office",
    "Motor vehicles bought with the loan",
)
_RESOLUTIONS = (
    ("Approval of the financial statements and the board's report", "179(3)(g)"),
    ("Borrowing of monies from banks", "179(3)(d)"),
    ("Investment of the company's funds", "179(3)(e)"),
    ("Grant of loans and guarantees", "179(3)(f)"),
    ("Borrowing beyond the paid-up capital and free reserves", "180(1)(c)"),
    ("Alteration of the articles of association", "14"),
    ("Appointment of the managing director", "196(4)"),
    ("Approval of transactions with related parties", "188"),
)


class Company:
    """Its methods invent one event each and change the state. They must be called in the order of their days."""

    def __init__(self, cin: str, incorporated_on: date, first_day: date, last_day: date) -> None:
        self.chance = chance_of(cin, "company")
        self.last_day = last_day
        self.registrar = cin[6:8]
        self.is_public = cin[12:15] in ("PLC", "GOI", "SGC", "FLC")
        self.is_small = not self.is_public and self.chance.random() < 0.6
        self.pan = a_pan(self.chance, "C")
        self.nature = a_nature(self.chance, small=self.is_small)
        self.nominal = self.chance.choice((10, 10, 10, 100))
        self.is_new = incorporated_on >= first_day
        self._establish(max(incorporated_on, first_day))

    def _establish(self, day: date) -> None:
        self.office = an_address(self.chance, self.registrar)
        self.paid_up = rounded(self.nature.revenue * (0.002 if self.is_new else 0.05), _LAKH)
        self.authorised = self.paid_up * self.chance.choice((1, 2, 4))
        self.seats: list[Seat] = []
        for number in range(self.chance.randint(3 if self.is_public else 2, 4)):
            self.seats.append(self._seat("DIRT" if number else "MAND", day))
        self.charges: list[Charge] = []
        self.lent = rounded(self.nature.revenue * self.chance.uniform(0.005, 0.03), _LAKH)  # by directors
        self.auditor: Firm = a_firm(self.chance, self.registrar)
        self.resolutions = self.premium = 0
        self.accounts: Accounts | None = None
        self.before: Accounts | None = None
        if not self.is_new:
            self.accounts = opening(self.chance, self.nature, self.paid_up, self.lent)
        self.closed: tuple[tuple[Seat, ...], tuple[Charge, ...], int] = ((), (), self.authorised)

    def _seat(self, designation: str, since: date) -> Seat:
        taken = {seat.person.name for seat in self.seats}
        person = a_person(self.chance)
        while person.name in taken:
            person = a_person(self.chance)
        return Seat(person=person, designation=designation, since=since)

    def _filed(self, on: date, least: int, most: int) -> date:
        return min(self.last_day, on + timedelta(days=self.chance.randint(least, most)))

    def close(self, year: Year) -> None:
        """The accounts of the year, and who was on the board and what was owed at its end."""
        self.before = self.accounts
        self.accounts = following(
            self.chance,
            self.nature,
            self.before,
            share_capital=self.paid_up,
            premium=self.premium,
            loans=self.lent + sum(charge.owed_on(year.end) for charge in self.charges),
        )
        self.premium = 0
        self.closed = (tuple(self.seats), tuple(self.charges), self.authorised)

    def file_accounts(self, on: date, year: Year) -> Event:
        assert self.accounts  # noqa: S101  the year was closed
        return events.AccountsFiled(
            on=on,
            filed_on=self._filed(on, 8, 30),
            year=year,
            accounts=self.accounts,
            before=self.before,
            auditor=self.auditor,
            office=self.office,
            signed_by=tuple(seat.person for seat in self.closed[0][:2]),
        )

    def file_return(self, on: date, year: Year) -> Event:
        assert self.accounts  # noqa: S101  the year was closed
        seats, charges, authorised = self.closed
        return events.ReturnFiled(
            on=on,
            filed_on=self._filed(on, 31, 60),
            year=year,
            accounts=self.accounts,
            authorised=authorised,
            nominal=self.nominal,
            seats=seats,
            charges=charges,
            office=self.office,
            abridged=self.is_small and year.end > _ABRIDGED_SINCE,
        )

    def return_loans(self, on: date, year: Year) -> Event:
        assert self.accounts  # noqa: S101  the year was closed
        filed_on = date(on.year, 6, self.chance.randint(2, 30))
        return events.LoansReturned(on=on, filed_on=filed_on, year=year, received=self.lent, accounts=self.accounts)

    def appoint_auditor(self, on: date, start: date, end: date, *, first: bool) -> Event:
        if not first and self.chance.random() < 0.6:
            self.auditor = a_firm(self.chance, self.registrar)
        years = end.year - (start.year if start.month > 3 else start.year - 1)
        return events.AuditorAppointed(
            on=on,
            filed_on=self._filed(on, 4, 15),
            auditor=self.auditor,
            start=start,
            end=end,
            years=years,
            first=first,
            office=self.office,
        )

    def something(self, on: date) -> Event:
        """Anything that does not happen every year."""
        kinds = (self._board, self._charge, self._satisfaction, self._capital, self._move, self._resolution)
        (kind,) = self.chance.choices(kinds, (24, 12, 12, 16, 4, 20))
        return kind(on) or self._resolution(on)

    def _resolution(self, on: date) -> Event:
        self.resolutions += 1
        subject, section = self.chance.choice(_RESOLUTIONS)
        filed_on = self._filed(on, 5, 30)
        return events.ResolutionPassed(
            on=on, filed_on=filed_on, number=self.resolutions, subject=subject, section=section
        )

    def _board(self, on: date) -> Event | None:
        fewest = 3 if self.is_public else 2
        leaving = [seat for seat in self.seats if seat.designation != "MAND" and seat.since + _SETTLED < on]
        additional = [seat for seat in leaving if seat.designation == "ADDD"]
        if additional:
            seat = additional[0]
            kind, changed = "CHNG", replace(seat, designation="DIRT", since=on)
            self.seats[self.seats.index(seat)] = changed
        elif leaving and len(self.seats) > fewest and self.chance.random() < 0.5:
            kind, changed = "RESG", replace(self.chance.choice(leaving))
            self.seats.remove(changed)
        elif len(self.seats) < _MOST_DIRECTORS:
            kind, changed = "APPN", self._seat(self.chance.choice(("DIRT", "ADDD", "WHTD")), on)
            self.seats.append(changed)
        else:
            return None
        return events.BoardChanged(on=on, filed_on=self._filed(on, 5, 30), kind=kind, seat=changed, office=self.office)

    def _charge(self, on: date) -> Event:
        charge = Charge(
            number=f"100{self.chance.randint(100_000, 999_999)}",
            bank=a_bank(self.chance, self.registrar),
            amount=rounded(self.nature.revenue * self.chance.uniform(0.03, 0.18), 5 * _LAKH),
            created_on=on,
            years=self.chance.randint(3, 8),
            rate=self.chance.randint(170, 230) / 20,
            instrument=self.chance.choice(_INSTRUMENTS),
            property=self.chance.choice(_PROPERTY),
        )
        self.charges.append(charge)
        return events.ChargeCreated(on=on, filed_on=self._filed(on, 5, 30), charge=charge, office=self.office)

    def _satisfaction(self, on: date) -> Event | None:
        if not self.charges or self.charges[0].created_on + timedelta(days=300) > on:
            return None
        charge = self.charges.pop(0)
        return events.ChargeSatisfied(on=on, filed_on=self._filed(on, 5, 30), charge=charge)

    def _capital(self, on: date) -> Event:
        """Shares are allotted, or, if nothing is left of the authorised capital, more of it is authorised first."""
        filed_on = self._filed(on, 5, 30)
        shares = rounded(self.paid_up * self.chance.uniform(0.03, 0.25) / self.nominal, 100)
        if self.paid_up + shares * self.nominal > self.authorised:
            before = self.authorised
            self.authorised += rounded(before * self.chance.choice((0.5, 1, 1.5)), 10 * _LAKH)
            return events.CapitalAuthorised(on=on, filed_on=filed_on, before=before, after=self.authorised)
        premium = self.nominal * self.chance.randint(0, 9)
        self.paid_up += shares * self.nominal
        self.premium += shares * premium
        return events.SharesAllotted(
            on=on, filed_on=filed_on, shares=shares, nominal=self.nominal, premium=premium, paid_up=self.paid_up
        )

    def _move(self, on: date) -> Event:
        self.office = an_address(self.chance, self.registrar)
        return events.OfficeMoved(on=on, filed_on=self._filed(on, 5, 30), office=self.office)
