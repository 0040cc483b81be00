"""Limits of watches: unfinished rechecks, companies per user, and orders per month."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.domain.audit import Actor as Person
from jobs.domain.watching import CheckOutcome, Interval
from jobs.domain.wrong_use import InvalidWatch, UnknownCompany
from jobs.services import watching
from tests.contract.growing_source import COMPANIES
from tests.contract.stepping import Actor
from tests.making import a_cin

CIN, OTHER = COMPANIES
ASHA = Person(name="asha")
DAY = timedelta(days=1)


def test_limit_counts_orders_and_not_watches(watched, monkeypatch):
    monkeypatch.setattr(watching, "MOST_AT_ONCE", 2)
    for name in ("asha", "ravi", "vera"):
        watched.service().watch(CIN, Interval.DAILY, Person(name=name))
    asked, due = [], watched.watches.due
    monkeypatch.setattr(watched.watches, "due", lambda limit: asked.append(limit) or due(limit))
    watched.pass_time()
    for _ in range(2):
        watched.service().step()
    watched.world.drain()
    assert watched.orders() == 1
    assert watched.service().step().settled == 3
    assert asked == [2, 1, 2]


def test_limit_per_user_and_unknown_company_are_refused(watched):
    service = watched.service()
    with pytest.raises(UnknownCompany):
        service.watch(a_cin(), Interval.DAILY, ASHA)
    for number in range(3):
        watched.watches.add([replace(service.watch(CIN, Interval.DAILY, ASHA), id=f"{number:024x}", cin=a_cin())])
        with suppress(InvalidWatch):
            service.watch(OTHER, Interval.DAILY, ASHA)
    with pytest.raises(InvalidWatch, match="You can watch 3 companies; 0 more are possible"):
        service.watch_list("1" * 24, [replace(watched.jobs.newest_first()[0], cin=a_cin())], Interval.DAILY, ASHA)


def test_monthly_limit_stops_rechecks_until_the_next_month(watched, clock):
    watched.limit = 2
    watch = watched.service().watch(CIN, Interval.DAILY, ASHA)
    for _ in range(4):
        watched.pass_time()
        watched.service().step()
        watched.world.drain()
        watched.service().step()
    found = watched.watches.get(watch.id)
    assert (watched.orders(), found.last.outcome, found.failures) == (2, CheckOutcome.LIMITED, 0)
    assert found.last.error == "asha has ordered 2 of 2 this month."
    assert found.next_at - clock() <= DAY
    watched.limit = 3  # raised
    watched.pass_time()
    assert watched.service().step().ordered == 1
    watched.world.drain()
    watched.pass_time(timedelta(days=31))
    assert watched.service().step().ordered == 1
    assert watched.allowances.of("asha").used == 1


@pytest.mark.parametrize("calls", range(1, 16))
def test_interrupted_recheck_counts_once(watched, calls):
    watched.limit = 2
    watched.service().watch(CIN, Interval.DAILY, ASHA)
    watched.pass_time()
    actor = Actor("dies", lambda mine: watched.service(mine).step())
    for _ in range(calls):
        if actor.call:
            actor.step()
    actor.kill()
    watched.service().step()
    watched.world.drain()
    watched.service().step()
    assert (watched.orders(), watched.allowances.of("asha").used) == (1, 1)
