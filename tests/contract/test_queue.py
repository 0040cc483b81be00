"""Ordering, reading and claiming, in every implementation of the queue."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.domain.ending import ended_well
from jobs.domain.job import VISIBLE, Job, JobStatus
from jobs.domain.wrong_use import InvalidJobId, UnknownJob, WrongState
from tests.contract.stores import DONE, LEASE, add
from tests.making import a_cin, a_job

# --- ordering


def test_stored_job_comes_back_unchanged(stores, clock):
    trace = f"00-{1:032x}-{1:016x}-01"
    job = a_job(clock(), company_name="Ünïcode & Söhne", priority=4, trace_context=trace)
    assert stores.jobs.add([job], again=True) == {}
    assert stores.jobs.get(job.id) == replace(job, turn=1)


def test_duplicate_order_names_the_existing_job(stores, clock):
    first, second = a_job(clock()), a_job(clock())
    assert stores.jobs.add([first, second], again=False) == {}
    third, other = a_job(clock(), cin=first.cin), a_job(clock())
    assert stores.jobs.add([third, other], again=False) == {first.cin: first.id}
    assert stores.jobs.get(other.id) == replace(other, turn=3)
    with pytest.raises(UnknownJob):
        stores.jobs.get(third.id)


def test_again_allows_a_second_unfinished_job(stores, clock):
    cin = a_cin()
    first, second, third = (a_job(clock(), cin=cin) for _ in range(3))
    assert stores.jobs.add([first], again=False) == {}
    assert stores.jobs.add([second], again=True) == {}
    assert list(stores.jobs.add([third], again=False)) == [cin]


def test_repeated_order_blocks_further_orders(stores, clock):
    cin = a_cin()
    first, second, third = (a_job(clock(), cin=cin) for _ in range(3))
    stores.jobs.add([first], again=False)
    stores.jobs.add([second], again=True)
    stores.jobs.cancel(first.id)
    assert stores.jobs.add([third], again=False) == {cin: second.id}


def test_company_is_orderable_after_its_job_ends(stores, clock):
    first = a_job(clock())
    stores.jobs.add([first], again=False)
    lease = stores.jobs.claim_next("w", LEASE).lease
    stores.jobs.end(lease, ended_well(first, DONE, clock()))
    assert stores.jobs.add([a_job(clock(), cin=first.cin)], again=False) == {}


def test_racing_orders_store_one_job(stores, clock):
    jobs = [a_job(clock(), cin=a_cin(900_001)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda job: stores.jobs.add([job], again=False), jobs))
    stored = [job for job, answer in zip(jobs, answers, strict=True) if not answer]
    assert len(stored) == 1
    assert {id_ for answer in answers for id_ in answer.values()} == {stored[0].id}


class Raced(MongoJobRepository):
    """Somebody else's job takes the company's unique key just before an insert, and ends just after it."""

    rival: Job | None = None

    def _insert(self, wanted: Sequence[Job], *, unique: bool) -> list[Job]:
        rival, self.rival = self.rival, None
        if rival:
            super()._insert([rival], unique=True)
        met = super()._insert(wanted, unique=unique)
        if rival:
            assert met == list(wanted)
            self.cancel(rival.id)
        return met


@pytest.mark.server
def test_order_refused_by_a_job_that_has_just_ended_is_stored(database, clock):
    jobs, job = Raced(database, clock), a_job(clock())
    jobs.rival = a_job(clock(), cin=job.cin)
    assert jobs.add([job], again=False) == {}
    assert jobs.get(job.id).status is JobStatus.PENDING


# --- reading


@pytest.mark.parametrize("text", ["", "abc", "g" * 24, "0" * 23, "0" * 25, '{"$ne": null}'])
def test_malformed_id_is_refused(stores, text):
    with pytest.raises(InvalidJobId):
        stores.jobs.get(text)


def test_unknown_id_raises_not_found(stores):
    with pytest.raises(UnknownJob):
        stores.jobs.get("0" * 24)


def test_counts_cover_every_status(stores, clock):
    add(stores, clock)
    add(stores, clock)
    stores.jobs.claim_next("w", LEASE)
    counts = stores.jobs.count_by_status()
    assert counts == {**dict.fromkeys(VISIBLE, 0), JobStatus.PENDING: 1, JobStatus.PROCESSING: 1}


# --- the claim


def test_nothing_due_means_nothing_claimed(stores, clock):
    assert stores.jobs.claim_next("w", LEASE) is None
    add(stores, clock, run_after=clock() + timedelta(seconds=1))
    assert stores.jobs.claim_next("w", LEASE) is None
    assert stores.jobs.count_due(10) == 0
    clock.advance(1)
    assert stores.jobs.count_due(10) == 1
    assert stores.jobs.claim_next("w", LEASE) is not None


def test_claims_follow_priority_then_age(stores, clock):
    order = []
    for priority in (0, 5, 0, 9, 5):
        order.append((-priority, len(order), add(stores, clock, priority=priority).id))
        clock.advance(1)
    claimed = [stores.jobs.claim_next("w", LEASE).id for _ in order]
    assert claimed == [id_ for _, _, id_ in sorted(order)]


def test_claim_leases_the_job(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w1", LEASE)
    assert (job.status, job.locked_by, job.fence, job.runs, job.attempts) == ("processing", "w1", 1, 1, 1)
    assert job.locked_at == job.started_at == clock()
    assert job.lease_expires_at == clock() + timedelta(seconds=LEASE)
    assert stores.jobs.get(job.id) == replace(job, waited=None)


def test_expired_lease_is_taken_over(stores, clock):
    add(stores, clock)
    first = stores.jobs.claim_next("w1", LEASE)
    clock.advance(LEASE - 0.001)
    assert stores.jobs.claim_next("w2", LEASE) is None
    clock.advance(0.001)
    assert stores.jobs.count_due(10) == 1
    second = stores.jobs.claim_next("w2", LEASE)
    assert (second.id, second.fence, second.attempts, second.locked_by) == (first.id, 2, 2, "w2")
    assert second.started_at == first.started_at


def test_due_count_stops_at_its_limit(stores, clock):
    for _ in range(5):
        add(stores, clock)
    assert stores.jobs.count_due(3) == 3
    assert stores.jobs.count_due(10) == 5


def test_racing_claims_get_different_jobs(stores, clock):
    for _ in range(20):
        add(stores, clock)
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda n: stores.jobs.claim_next(f"w{n}", LEASE), range(24)))
    ids = [job.id for job in claimed if job]
    assert len(ids) == len(set(ids)) == 20


def test_job_is_claimed_by_its_id(stores, clock):
    add(stores, clock, priority=9)
    wanted = add(stores, clock)
    job = stores.jobs.claim(wanted.id, "w", LEASE)
    assert (job.id, job.fence, job.attempts, job.runs) == (wanted.id, 1, 1, 1)


def test_resuming_an_own_claim_costs_no_attempt(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("pod-1", LEASE)
    again = stores.jobs.claim(job.id, "pod-1", LEASE)
    assert (again.fence, again.attempts, again.runs) == (2, 1, 1)


def test_undue_jobs_are_not_claimed(stores, clock):
    held = add(stores, clock)
    stores.jobs.claim(held.id, "w1", LEASE)
    waits = add(stores, clock, run_after=clock() + timedelta(hours=1))
    ended = add(stores, clock)
    stores.jobs.cancel(ended.id)
    for job in (held, waits, ended):
        with pytest.raises(WrongState):
            stores.jobs.claim(job.id, "w2", LEASE)
    with pytest.raises(UnknownJob):
        stores.jobs.claim("0" * 24, "w2", LEASE)
