"""Permits for requests to a host, in every implementation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from jobs.adapters.memory import MemoryHostRepository
from jobs.adapters.mongo.hosts import MongoHostRepository
from jobs.domain.sources import HostLimits
from jobs.ports import HostRepository

LIMITS = HostLimits(per_second=2, concurrency=2)
LEASE = 30.0


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def hosts(request, clock) -> HostRepository:
    # Records that were last used a day ago are deleted, by the server's own clock.
    clock.now = datetime.now(UTC).replace(microsecond=0)
    if request.param == "memory":
        return MemoryHostRepository(clock)
    return MongoHostRepository(request.getfixturevalue("database"), clock)


@pytest.fixture
def host() -> str:
    return f"{uuid4().hex}.example.com"


def test_places_are_served_in_order(hosts, host):
    assert [hosts.join(host, LIMITS, place, LEASE) for place in "abcd"] == [0, 1, 2, 3]
    hosts.leave(host, "b")
    assert [hosts.renew(host, place, LEASE) for place in "acd"] == [0, 1, 2]


def test_expired_places_free_their_permits(hosts, host, clock):
    hosts.join(host, LIMITS, "dead", LEASE)
    hosts.join(host, LIMITS, "alive", LEASE)
    clock.advance(LEASE / 2)
    assert hosts.renew(host, "alive", LEASE) == 1
    clock.advance(LEASE / 2)
    assert hosts.renew(host, "alive", LEASE) == 0
    assert hosts.renew(host, "dead", LEASE) is None


def test_late_worker_keeps_its_unclaimed_place(hosts, host, clock):
    hosts.join(host, LIMITS, "late", LEASE)
    clock.advance(2 * LEASE)
    assert hosts.renew(host, "late", LEASE) == 0
    assert hosts.join(host, LIMITS, "next", LEASE) == 1


def test_leaving_twice_changes_nothing(hosts, host):
    hosts.join(host, LIMITS, "a", LEASE)
    for _ in range(2):
        hosts.leave(host, "a")
    assert hosts.renew(host, "a", LEASE) is None
    assert hosts.join(host, LIMITS, "b", LEASE) == 0


def test_booked_starts_are_an_interval_apart(hosts, host, clock):
    starts = [hosts.book(host, LIMITS) for _ in range(3)]
    assert starts == [clock() + number * timedelta(seconds=0.5) for number in range(3)]
    clock.advance(60)
    assert [hosts.book(host, LIMITS) for _ in range(2)] == [clock(), clock() + timedelta(seconds=0.5)]


def test_pause_delays_later_starts(hosts, host, clock):
    until = clock() + timedelta(seconds=40)
    hosts.pause(host, until)
    hosts.pause(host, clock() + timedelta(seconds=10))
    assert hosts.book(host, LIMITS) == until
    assert hosts.book(host, LIMITS) == until + LIMITS.interval


def test_racing_threads_share_one_line(hosts, host):
    places = [f"place {number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda place: hosts.join(host, LIMITS, place, LEASE), places))
        before = list(pool.map(lambda place: hosts.renew(host, place, LEASE), places))
        starts = list(pool.map(lambda _: hosts.book(host, LIMITS), places))
    assert sorted(before) == list(range(16))
    assert len(set(starts)) == 16


def test_use_of_hosts_is_shown(hosts, host, clock):
    for place in "abc":
        hosts.join(host, LIMITS, place, LEASE)
    hosts.book(host, LIMITS)
    use = next(each for each in hosts.in_use() if each.host == host)
    assert (use.limits, use.in_use, use.waiting, use.started) == (LIMITS, 2, 1, 1)
    assert use.next_at == clock() + LIMITS.interval
    clock.advance(LEASE)
    assert next(each for each in hosts.in_use() if each.host == host).in_use == 0
