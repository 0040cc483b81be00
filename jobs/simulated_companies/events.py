"""Events in a company's history, one dataclass per kind of filing that reports them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from jobs.simulated_companies.accounts import Accounts, Year
from jobs.simulated_companies.people import Address, Bank, Firm, Person


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A person on the board. ``designation`` is a code of DIR-12, such as MAND."""

    person: Person
    designation: str
    since: date


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A loan that the company's property secures. It is repaid in equal parts over ``years``."""

    number: str
    bank: Bank
    amount: int
    created_on: date
    years: int
    rate: float
    instrument: str
    property: str

    def owed_on(self, day: date) -> int:
        left = 1 - (day - self.created_on).days / (365.25 * self.years)
        return round(self.amount * min(1, max(0.05, left)))


@dataclass(frozen=True, kw_only=True)
class Event:
    """``on`` is the day on which it happened, ``filed_on`` the day on which the form was filed."""

    form: ClassVar[str]
    on: date
    filed_on: date


@dataclass(frozen=True, kw_only=True)
class AccountsFiled(Event):
    """``before`` is None for the first year. The meeting that adopted the accounts was on ``on``."""

    form = "AOC-4"
    year: Year
    accounts: Accounts
    before: Accounts | None
    auditor: Firm
    office: Address
    signed_by: tuple[Person, ...]


@dataclass(frozen=True, kw_only=True)
class ReturnFiled(Event):
    """``seats`` and ``charges`` are those at the end of the year. ``abridged``: MGT-7A, for small companies."""

    form = "MGT-7"
    year: Year
    accounts: Accounts
    authorised: int
    nominal: int
    seats: tuple[Seat, ...]
    charges: tuple[Charge, ...]
    office: Address
    abridged: bool


@dataclass(frozen=True, kw_only=True)
class AuditorAppointed(Event):
    """``first``: the first auditor, appointed by the board until the first annual meeting."""

    form = "ADT-1"
    auditor: Firm
    start: date
    end: date
    years: int
    first: bool
    office: Address


@dataclass(frozen=True, kw_only=True)
class BoardChanged(Event):
    """One director: ``kind`` is APPN (appointed), RESG (ceased) or CHNG (new designation), as in DIR-12."""

    form = "DIR-12"
    kind: str
    seat: Seat
    office: Address


@dataclass(frozen=True, kw_only=True)
class ChargeCreated(Event):
    """On the day of the instrument."""

    form = "CHG-1"
    charge: Charge
    office: Address


@dataclass(frozen=True, kw_only=True)
class ChargeSatisfied(Event):
    """The loan is repaid in full."""

    form = "CHG-4"
    charge: Charge


@dataclass(frozen=True, kw_only=True)
class SharesAllotted(Event):
    """``nominal`` and ``premium`` are rupees per share; ``paid_up`` is the capital afterwards."""

    form = "PAS-3"
    shares: int
    nominal: int
    premium: int
    paid_up: int


@dataclass(frozen=True, kw_only=True)
class CapitalAuthorised(Event):
    """The members raise the capital up to which shares can be allotted."""

    form = "SH-7"
    before: int
    after: int


@dataclass(frozen=True, kw_only=True)
class OfficeMoved(Event):
    """The registered office moves within the state."""

    form = "INC-22"
    office: Address


@dataclass(frozen=True, kw_only=True)
class ResolutionPassed(Event):
    """``number`` counts the company's resolutions."""

    form = "MGT-14"
    number: int
    subject: str
    section: str


@dataclass(frozen=True, kw_only=True)
class LoansReturned(Event):
    """Money received that is not a deposit, at the end of the year."""

    form = "DPT-3"
    year: Year
    received: int
    accounts: Accounts
