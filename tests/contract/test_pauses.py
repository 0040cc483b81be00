"""Pauses, and jobs during a pause, in every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.adapters.memory import MemoryJobRepository, MemoryPauseRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.pauses import MongoPauseRepository
from jobs.domain.pausing import Pause
from jobs.domain.wrong_use import UnknownJob, WrongState
from jobs.ports import JobRepository, PauseRepository
from tests.contract.stores import LEASE
from tests.making import a_cin, a_job

SOURCE = "portal"


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def both(request, clock) -> tuple[JobRepository, PauseRepository]:
    if request.param == "memory":
        kept = MemoryPauseRepository(clock, SOURCE)
        return MemoryJobRepository(clock, kept), kept
    database = request.getfixturevalue("database")
    stored = MongoPauseRepository(database, clock, SOURCE)
    return MongoJobRepository(database, clock, stored), stored


@pytest.fixture
def jobs(both) -> JobRepository:
    return both[0]


@pytest.fixture
def pauses(both) -> PauseRepository:
    return both[1]


def pause(clock, minutes: float = 60, source: str | None = None, **more) -> Pause:
    until = clock() + timedelta(minutes=minutes)
    return Pause(source=source, by="asha", reason="Maintenance.", since=clock(), until=until, **more)


def order(jobs: JobRepository, clock) -> str:
    job = a_job(clock(), cin=a_cin())
    jobs.add([job], again=False)
    return job.id


def test_only_our_pauses_are_current(pauses, clock):
    ours = pause(clock, 60), pause(clock, 30, SOURCE, stop_runs=True)
    for each in (*ours, pause(clock, 90, "other")):
        pauses.put(each)
    assert pauses.current() == [ours[1], ours[0]]
    clock.advance(30 * 60)
    assert pauses.current() == [ours[0]]
    assert {each.until for each in pauses.latest()} == {each.until for each in ours}


def test_second_pause_replaces_the_first(pauses, clock):
    pauses.put(pause(clock, 60, stop_runs=True))
    pauses.put(pause(clock, 5))
    assert pauses.current() == [pause(clock, 5)]


def test_resuming_ends_a_pause_once(pauses, clock):
    made = pause(clock, 60, SOURCE)
    pauses.put(made)
    assert pauses.end(None) is None
    clock.advance(60)
    assert pauses.end(SOURCE) == made
    assert pauses.end(SOURCE) is None
    assert pauses.current() == []
    assert pauses.latest() == [replace(made, until=clock())]


def test_ended_pause_cannot_be_resumed(pauses, clock):
    assert pauses.latest() == []
    pauses.put(pause(clock, 1))
    clock.advance(60)
    assert pauses.end(None) is None


def test_wait_begins_anew_after_a_pause(jobs, pauses, clock):
    """Only pauses of the queue and of our source count."""
    order(jobs, clock)
    pauses.put(pause(clock, 1))
    pauses.put(pause(clock, 2, SOURCE))
    pauses.put(pause(clock, 3, "other"))
    clock.advance(150)
    assert jobs.claim_next("w", LEASE).waited == 30


def test_paused_queue_gives_nothing(jobs, pauses, clock):
    first = order(jobs, clock)
    pauses.put(pause(clock))
    order(jobs, clock)
    assert jobs.count_due(10) == 0
    assert jobs.claim_next("w", LEASE) is None
    with pytest.raises(WrongState, match="paused by asha until 5 Jan, 13:00 UTC: Maintenance"):
        jobs.claim(first, "w", LEASE)
    with pytest.raises(UnknownJob):
        jobs.claim("0" * 24, "w", LEASE)
    assert jobs.has_unfinished()
    clock.advance(3600)
    assert jobs.count_due(10) == 2
    assert jobs.claim_next("w", LEASE)
    assert jobs.claim(first, "w", LEASE)


def test_pod_takes_up_its_claim_during_a_pause(jobs, pauses, clock):
    order(jobs, clock)
    claimed = jobs.claim_next("w", LEASE)
    pauses.put(pause(clock))
    again = jobs.claim(claimed.id, "w", LEASE)
    assert again.attempts == 1
    assert jobs.renew(again.lease, LEASE)


def test_dead_workers_job_waits_for_the_end(jobs, pauses, clock):
    order(jobs, clock)
    claimed = jobs.claim_next("w", LEASE)
    pauses.put(pause(clock))
    clock.advance(LEASE)
    assert jobs.count_due(10) == 0
    for worker in ("v", "w"):
        with pytest.raises(WrongState):
            jobs.claim(claimed.id, worker, LEASE)
    clock.advance(3600)
    assert jobs.claim_next("v", LEASE).id == claimed.id


def test_staff_can_act_during_a_pause(jobs, pauses, clock):
    job_id = order(jobs, clock)
    pauses.put(pause(clock))
    assert jobs.prioritise(job_id, 5).priority == 5
    assert jobs.cancel(job_id).run_after is None
