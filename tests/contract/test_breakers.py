"""The breaker of a source, in every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from jobs.adapters.memory import MemoryBreakerRepository
from jobs.adapters.mongo.breakers import MongoBreakerRepository
from jobs.domain.sources import Breaker, BreakerRule
from jobs.ports import BreakerRepository
from tests.contract.stores import LEASE, add

RULE = BreakerRule(failures=3, first=timedelta(seconds=30), longest=timedelta(seconds=100))


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def breakers(request, clock) -> BreakerRepository:
    if request.param == "memory":
        return MemoryBreakerRepository(clock)
    return MongoBreakerRepository(request.getfixturevalue("database"), clock)


@pytest.fixture
def name() -> str:
    return f"source {uuid4().hex}"


def opened(breakers: BreakerRepository, name: str) -> Breaker:
    return [breakers.fail(name, "down", RULE)[0] for _ in range(RULE.failures)][-1]


def test_third_failure_in_a_row_opens(breakers, name, clock):
    assert breakers.get(name) == Breaker(source=name)
    results = [breakers.fail(name, f"down {number}", RULE) for number in range(4)]
    assert [(breaker.is_open, by_me) for breaker, by_me in results] == [
        (False, False),
        (False, False),
        (True, True),
        (True, False),
    ]
    breaker = breakers.get(name)
    assert (breaker.since, breaker.probe_at, breaker.reason) == (clock(), clock() + RULE.first, "down 2")


def test_success_ends_the_row(breakers, name):
    for _ in range(4):
        breakers.fail(name, "down", RULE)
        breakers.fail(name, "down", RULE)
        breakers.succeed(name)
    assert not breakers.get(name).is_open


def test_open_breaker_ignores_late_successes(breakers, name):
    opened(breakers, name)
    breakers.succeed(name)
    assert breakers.get(name).is_open


def test_one_worker_probes(breakers, name, clock):
    opened(breakers, name)
    assert breakers.begin_probe(name, 60) is None
    clock.advance(30)
    probes = [breakers.begin_probe(name, 60) for _ in range(3)]
    assert [bool(probe) for probe in probes] == [True, False, False]


def test_dead_probe_is_followed_by_another(breakers, name, clock):
    opened(breakers, name)
    clock.advance(30)
    dead = breakers.begin_probe(name, 60)
    clock.advance(60)
    alive = breakers.begin_probe(name, 60)
    assert alive
    assert breakers.fail_probe(dead, "late", RULE) == alive


def test_failed_probes_wait_longer_and_longer(breakers, name, clock):
    opened(breakers, name)
    waits = []
    for _ in range(4):
        clock.now = breakers.get(name).probe_at
        breaker = breakers.fail_probe(breakers.begin_probe(name, 60), "still down", RULE)
        waits.append((breaker.probe_at - clock()).total_seconds())
    assert waits == [60, 100, 100, 100]
    assert breaker.reason == "still down"


def test_closing_forgets_the_failures(breakers, name, clock):
    opened(breakers, name)
    clock.advance(30)
    probe = breakers.begin_probe(name, 60)
    breakers.close(name)
    breakers.close(name)
    assert breakers.get(name) == Breaker(source=name)
    assert breakers.fail_probe(probe, "late", RULE) == Breaker(source=name)
    assert breakers.all()[-1].source >= name


def test_held_jobs_are_not_due(stores, clock):
    jobs = [add(stores, clock, priority=priority) for priority in (0, 5)]
    running = stores.jobs.claim_next("w", LEASE)
    probe_at, until = clock() + timedelta(seconds=30), clock() + timedelta(seconds=60)
    assert [stores.jobs.hold_pending(due_before=probe_at, until=until) for _ in range(2)] == [1, 0]
    assert stores.jobs.count_due(10) == 0
    waiting = stores.jobs.get(next(job.id for job in jobs if job.id != running.id))
    assert (waiting.run_after, waiting.due_at, waiting.attempts) == (until, until, 0)
    assert stores.jobs.get(running.id) == replace(running, waited=None)
    clock.advance(60)
    assert stores.jobs.count_due(10) == 2


def test_job_that_probes_is_not_delayed(stores, clock):
    probe_at = clock() + timedelta(seconds=30)
    job = add(stores, clock, run_after=probe_at)
    assert stores.jobs.hold_pending(due_before=probe_at, until=probe_at + timedelta(seconds=30)) == 0
    assert stores.jobs.get(job.id).run_after == probe_at


def test_held_jobs_can_still_be_cancelled(stores, clock):
    job = add(stores, clock)
    later = clock() + timedelta(seconds=30)
    stores.jobs.hold_pending(due_before=later, until=later)
    assert stores.jobs.cancel(job.id).run_after is None
    assert stores.jobs.hold_pending(due_before=later, until=later) == 0


def test_held_jobs_become_due_sooner(stores, clock):
    job = add(stores, clock)
    later = clock() + timedelta(seconds=600)
    stores.jobs.hold_pending(due_before=later, until=later)
    for seconds in (599, 601):  # ordered for a certain time
        add(stores, clock, run_after=clock() + timedelta(seconds=seconds))
    released = {"due_from": later, "due_before": later + timedelta(seconds=1), "until": clock()}
    assert [stores.jobs.hold_pending(**released) for _ in range(2)] == [1, 0]
    assert stores.jobs.claim_next("w", LEASE).id == job.id
    assert stores.jobs.claim_next("w", LEASE) is None
