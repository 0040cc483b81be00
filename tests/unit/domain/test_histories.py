"""What happened to a simulated company fits together over the years."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import pairwise
from typing import TypeVar

import pytest

from jobs.simulated_companies import events, simulated_companies
from jobs.simulated_companies.accounts import Accounts
from jobs.simulated_companies.history import FEWEST, LAST_YEAR, MOST, History, history

YOUNG = [f"U72900KA{year}PTC046374" for year in range(LAST_YEAR - 3, LAST_YEAR + 2)]
CINS = [cin for cin, _ in simulated_companies(40, random.Random(5))] + YOUNG
E = TypeVar("E", bound=events.Event)


@pytest.fixture(params=CINS)
def past(request: pytest.FixtureRequest) -> History:
    return history(request.param)


def of(past: History, kind: type[E]) -> list[E]:
    """The events of one kind, in the order in which they happened."""
    return sorted((event for event in past.events if isinstance(event, kind)), key=lambda event: event.on)


def test_companies_differ_and_repeat() -> None:
    first = [history(cin) for cin in CINS]
    history.cache_clear()
    assert [history(cin) for cin in CINS] == first
    assert len({past.pan for past in first}) == len(CINS)


def test_events_are_filed_after_they_happen(past: History) -> None:
    assert FEWEST <= len(past.events) <= MOST
    filed = [event.filed_on for event in past.events]
    assert filed == sorted(filed)
    for event in past.events:
        assert past.incorporated_on <= event.on <= event.filed_on <= event.on + timedelta(days=100)


def test_balance_sheets_balance(past: History) -> None:
    for filed in of(past, events.AccountsFiled):
        accounts = filed.accounts
        assert accounts.total_assets == accounts.total_liabilities
        assert min(value for name, value in vars(accounts).items() if name != "reserves") >= 0


def test_each_year_continues_the_one_before(past: History) -> None:
    filed = of(past, events.AccountsFiled)
    for one, other in pairwise(filed):
        assert other.before == one.accounts
        assert other.year.start == one.year.end + timedelta(days=1)
    premiums = [event for event in of(past, events.SharesAllotted) if event.premium]
    for each in filed:
        received = sum(
            event.shares * event.premium for event in premiums if each.year.start <= event.on <= each.year.end
        )
        before = each.before.reserves if each.before else 0
        assert each.accounts.reserves == before + each.accounts.profit + received


def test_returns_repeat_the_figures_of_the_accounts(past: History) -> None:
    accounts: dict[date, Accounts] = {each.year.end: each.accounts for each in of(past, events.AccountsFiled)}
    assert {each.year.end: each.accounts for each in of(past, events.ReturnFiled)} == accounts


def test_returns_list_the_directors_of_their_time(past: History) -> None:
    changes = of(past, events.BoardChanged)
    for one, other in pairwise(of(past, events.ReturnFiled)):
        seats = {seat.person: seat for seat in one.seats}
        for change in changes:
            if one.year.end < change.on <= other.year.end:
                seats.pop(change.seat.person, None)
                if change.kind != "RESG":
                    seats[change.seat.person] = change.seat
        assert set(other.seats) == set(seats.values())


def test_returns_list_charges_until_they_are_satisfied(past: History) -> None:
    created, satisfied = of(past, events.ChargeCreated), of(past, events.ChargeSatisfied)
    ended = {event.charge.number: event.on for event in satisfied}
    assert set(ended) <= {event.charge.number for event in created}
    for each in of(past, events.ReturnFiled):
        end = each.year.end
        owed = {event.charge for event in created if event.on <= end and ended.get(event.charge.number, date.max) > end}
        assert set(each.charges) == owed
        assert each.accounts.long_term_borrowings >= sum(charge.owed_on(end) for charge in owed)


def test_paid_up_capital_follows_the_allotments(past: History) -> None:
    allotments = of(past, events.SharesAllotted)
    for one, other in pairwise(allotments):
        assert other.paid_up == one.paid_up + other.shares * other.nominal
    for each in of(past, events.AccountsFiled):
        until = [event.paid_up for event in allotments if event.on <= each.year.end]
        assert not until or each.accounts.share_capital == until[-1]


def test_authorised_capital_is_never_exceeded(past: History) -> None:
    raised = of(past, events.CapitalAuthorised)
    for one, other in pairwise(raised):
        assert other.before == one.after
    for each in of(past, events.ReturnFiled):
        assert each.accounts.share_capital <= each.authorised
        until = [event.after for event in raised if event.on <= each.year.end]
        assert not until or each.authorised == until[-1]


def test_auditors_follow_each_other(past: History) -> None:
    appointed = of(past, events.AuditorAppointed)
    for one, other in pairwise(appointed):
        assert other.start == one.end + timedelta(days=1)
        assert other.years == 5
    for each in of(past, events.AccountsFiled):
        (auditor,) = {event.auditor for event in appointed if event.start <= each.year.end <= event.end}
        assert each.auditor == auditor
