"""What the dashboard shows of sources."""

from __future__ import annotations

from datetime import timedelta

from jobs.adapters.memory import MemoryBreakerRepository, MemoryHostRepository
from jobs.domain.sources import BreakerRule, HostLimits
from jobs.web.source_states import SourceWatch

LIMITS = HostLimits(per_second=2, concurrency=1)
RULE = BreakerRule(failures=1, first=timedelta(seconds=30), longest=timedelta(seconds=60))


def test_rate_is_that_of_the_last_minute(clock):
    hosts = MemoryHostRepository(clock)
    watch = SourceWatch(lambda: MemoryBreakerRepository(clock), lambda: hosts, lambda: clock.now.timestamp())  # noqa: PLW0108
    rates = []
    for started in (5, 10, 0, 0):
        for _ in range(started):
            hosts.book("portal", LIMITS)
        rates.append(watch().hosts[0].per_second)
        clock.advance(50)
    assert rates == [None, 0.2, 0.1, 0.0]


def test_only_open_breakers_are_shown(clock):
    breakers = MemoryBreakerRepository(clock)
    watch = SourceWatch(lambda: breakers, lambda: MemoryHostRepository(clock))
    breakers.fail("portal", "It does not answer.", RULE)
    assert [each.reason for each in watch().on_hold] == ["It does not answer."]
    breakers.close("portal")
    assert watch().on_hold == ()


def test_use_of_a_host_is_shown(clock):
    hosts = MemoryHostRepository(clock)
    watch = SourceWatch(lambda: MemoryBreakerRepository(clock), lambda: hosts)
    for place in "ab":
        hosts.join("portal", LIMITS, place, 30)
    (state,) = watch().hosts
    assert (state.in_use, state.waiting, state.limits) == (1, 1, LIMITS)
