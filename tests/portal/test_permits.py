"""Permits keep all workers together to the portal's limits, even while MongoDB is slow or away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest

from jobs.adapters.memory import MemoryHostRepository
from jobs.domain.errors import DatabaseUnavailable, SourceOnHold
from jobs.domain.sources import HostLimits
from tests.conftest import FakeClock
from tests.portal.conftest import CIN, now
from tests.processes import wait_until
from worker.sources.portal import permits as permits_module
from worker.sources.portal.permits import PermitLost, Permits

HOST = "portal.example.com"
LEASE = 30.0


class Line(MemoryHostRepository):
    """A host whose line can be observed and made unreachable."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.away = False
        self.delay = 0.0
        self.clock = clock

    def join(self, *asked):
        self._answer()
        return super().join(*asked)

    def renew(self, *asked):
        self._answer()
        return super().renew(*asked)

    def book(self, *asked):
        booked = super().book(*asked)
        self.clock.advance(self.delay)
        return booked

    def _answer(self) -> None:
        if self.away:
            raise DatabaseUnavailable("MongoDB does not answer.")

    def use(self):
        return self.in_use()[0]


@pytest.fixture
def line(clock, monkeypatch) -> Line:
    """The time of this process is the test's too."""
    monkeypatch.setattr(permits_module, "time", SimpleNamespace(monotonic=lambda: clock.now.timestamp()))  # noqa: PLW0108
    return Line(clock)


def permits(line: Line, clock: FakeClock, *, per_second: float = 1, concurrency: int = 1, wait: float = 60) -> Permits:
    return Permits(
        hosts=line,
        clock=clock,
        host=HOST,
        limits=HostLimits(per_second=per_second, concurrency=concurrency),
        worker="w",
        lease_seconds=LEASE,
        longest_wait_seconds=wait,
        sleep=clock.advance,
    )


def test_requests_start_at_the_agreed_rate(line, clock):
    starts = []
    for _ in range(4):
        with permits(line, clock, per_second=0.5).one():
            starts.append(clock.now)
    assert [later - sooner for sooner, later in pairwise(starts)] == [timedelta(seconds=2)] * 3


def test_permit_is_returned_even_after_an_error(line, clock):
    with pytest.raises(ZeroDivisionError), permits(line, clock).one():
        raise ZeroDivisionError
    assert line.use().in_use == 0


def test_waiting_too_long_puts_the_job_back(line, clock):
    with (
        permits(line, clock).one(),
        pytest.raises(SourceOnHold, match="no further request within 20"),
        permits(line, clock, wait=20).one(),
    ):
        pass
    assert (line.use().in_use, line.use().waiting) == (0, 0)


def test_pause_beyond_the_limit_puts_the_job_back(line, clock):
    permits(line, clock).pause(300)
    with pytest.raises(SourceOnHold) as raised, permits(line, clock).one():
        pass
    assert raised.value.seconds == 300


def test_dead_worker_s_permit_expires(line, clock):
    line.join(HOST, HostLimits(per_second=1, concurrency=1), "dead", LEASE)
    with permits(line, clock).one():
        assert line.use().in_use == 1
    assert line.renew(HOST, "dead", LEASE) is None


def test_permit_is_renewed_while_it_is_kept(line, clock):
    with permits(line, clock).one() as permit:
        for _ in range(10):
            clock.advance(LEASE / 2)
            permit.keep()
            assert line.use().in_use == 1


def test_permit_that_was_not_kept_is_lost(line, clock):
    with permits(line, clock).one() as permit:
        clock.advance(LEASE)
        with pytest.raises(PermitLost):
            permit.keep()


def test_unreachable_database_starts_nothing(line, clock):
    line.away = True
    with pytest.raises(DatabaseUnavailable), permits(line, clock).one():
        pytest.fail("a request without a permit")


def test_unreachable_database_ends_a_request_in_time(line, clock):
    with permits(line, clock).one() as permit:
        line.away = True
        clock.advance(LEASE / 2)
        permit.keep()
        clock.advance(LEASE / 2)
        with pytest.raises(PermitLost):
            permit.keep()


def test_slow_database_never_makes_a_burst(line, clock):
    """Each answer takes longer than the interval, so that every booked start has passed when it arrives."""
    line.delay = 5
    with pytest.raises(DatabaseUnavailable, match="too slowly"), permits(line, clock).one():
        pytest.fail("a start that has passed was used")


def test_start_missed_by_a_pause_is_not_used(line, clock):
    line.delay = 5
    allowed = permits(line, clock)
    book = line.book

    def slow_once(*asked):
        booked = book(*asked)
        line.delay = 0
        return booked

    line.book = slow_once
    with allowed.one():
        assert line.use().started == 2


@pytest.mark.server
def test_racing_threads_respect_both_limits(make_source, portal):
    portal.fault("/files/", "", seconds=0.05)
    first = make_source(requests_per_second="40", concurrency="3")
    filings = first.filings(CIN, "Company")[:12]
    sources = [make_source(requests_per_second="40", concurrency="3") for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: list(sources[n % 3].download(CIN, "C", filings[n], 1)), range(12)))
    requests = portal.requests("")
    assert max(each["active"] for each in requests) <= 3
    starts = sorted(each["at"] for each in requests)
    assert starts[-1] - starts[0] >= (len(starts) - 1) / 40 * 0.8


def test_first_to_come_is_first_served():
    shared, order = MemoryHostRepository(now), []
    allowed = Permits(
        hosts=shared,
        clock=now,
        host=HOST,
        limits=HostLimits(per_second=1000, concurrency=1),
        worker="w",
        lease_seconds=LEASE,
        longest_wait_seconds=60,
    )

    def request(number: int) -> None:
        with allowed.one():
            order.append(number)

    with ThreadPoolExecutor(6) as pool, allowed.one():
        for number in range(6):
            pool.submit(request, number)
            wait_until(lambda: shared.in_use()[0].waiting == number + 1)  # noqa: B023  called in this round
    assert order == list(range(6))
