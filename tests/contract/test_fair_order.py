"""Requesters take turns: a large order never keeps a small one waiting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.domain.ending import ended_early, ended_well
from jobs.domain.job import JobStatus
from tests.contract.stores import DONE, HALF, LEASE, Stores, add
from tests.making import a_job

RUNS = 3
IN_MONGODB = pytest.mark.parametrize("stores", [pytest.param("mongodb", marks=pytest.mark.server)], indirect=True)


def order(stores: Stores, clock, requester: str, count: int, **changes) -> list[str]:
    jobs = [a_job(clock(), requested_by=requester, **changes) for _ in range(count)]
    for at in range(0, count, 1000):
        stores.jobs.add(jobs[at : at + 1000], again=True)
    clock.advance(1)
    return [job.id for job in jobs]


def run(stores: Stores, clock, *, complete: bool = True) -> tuple[str, str]:
    """Perform the next run of any job. Returns the job's requester and id."""
    job = stores.jobs.claim_next("w", LEASE)
    ending = ended_well(job, DONE, clock()) if complete else ended_early(job, HALF, clock())
    stores.jobs.end(job.lease, ending)
    return job.requested_by, job.id


@pytest.fixture
def many(stores) -> int:
    """The size of a large order; smaller on servers, which store rows one by one."""
    return 20_000 if "Memory" in type(stores.jobs).__name__ else 1_500


def test_small_order_is_claimed_within_one_round(stores, clock, many):
    order(stores, clock, "large", many)
    order(stores, clock, "small", 1)
    assert "small" in [run(stores, clock)[0] for _ in range(2)]


def test_small_order_is_claimed_during_a_large_one(stores, clock):
    order(stores, clock, "large", 100)
    for _ in range(20):
        run(stores, clock)
    held = [stores.jobs.claim_next(f"w{number}", LEASE) for number in range(8)]
    order(stores, clock, "small", 1)
    for job in held:  # each of these jobs needs more runs
        stores.jobs.end(job.lease, ended_early(job, HALF, clock()))
    assert "small" in [stores.jobs.claim_next("w", LEASE).requested_by for _ in held]


def test_two_lists_finish_at_the_same_pace(stores, clock):
    order(stores, clock, "a", 30)
    order(stores, clock, "b", 30)
    done = [run(stores, clock)[0] for _ in range(40)]
    assert all(abs(done[:at].count("a") - done[:at].count("b")) <= 1 for at in range(40))


def test_later_list_does_not_wait_for_an_earlier_one(stores, clock):
    order(stores, clock, "a", 50)
    for _ in range(20):
        run(stores, clock)
    order(stores, clock, "b", 20)
    done = [run(stores, clock)[0] for _ in range(30)]
    assert abs(done.count("a") - done.count("b")) <= 1


def test_one_order_at_a_time_gains_nothing(stores, clock):
    order(stores, clock, "list", 20)
    done = []
    for _ in range(10):
        order(stores, clock, "single", 1)
        done += [run(stores, clock)[0] for _ in range(2)]
    assert abs(done.count("list") - done.count("single")) <= 1


def test_racing_orders_of_one_requester_delay_others_by_one_job_each(stores, clock):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: order(stores, clock, "large", 20), range(4)))
    order(stores, clock, "small", 1)
    assert "small" in [run(stores, clock)[0] for _ in range(5)]


def test_cancelled_orders_do_not_delay_their_requester(stores, clock):
    for job_id in order(stores, clock, "a", 10):
        stores.jobs.cancel(job_id)
    order(stores, clock, "b", 10)
    order(stores, clock, "a", 1)
    assert "a" in [run(stores, clock)[0] for _ in range(2)]


def test_retries_do_not_let_new_orders_overtake(stores, clock):
    (old,) = order(stores, clock, "a", 1)
    stores.jobs.cancel(old)
    order(stores, clock, "a", 40)
    for _ in range(20):
        run(stores, clock)
    stores.jobs.retry(old, HALF)
    held = [stores.jobs.claim_next(f"w{number}", LEASE) for number in range(3)]
    assert held[0].id == old
    order(stores, clock, "b", 15)
    done = [run(stores, clock)[0] for _ in range(20)]
    assert abs(done.count("a") - done.count("b")) <= len(held)


def test_first_jobs_of_a_requester_finish_first(stores, clock):
    ids = order(stores, clock, "a", 3)
    assert [run(stores, clock, complete=number % RUNS == RUNS - 1)[1] for number in range(9)] == [
        ids[number // RUNS] for number in range(9)
    ]


def test_priority_comes_before_turn(stores, clock):
    order(stores, clock, "a", 5, priority=9)
    order(stores, clock, "b", 1)
    assert [run(stores, clock)[0] for _ in range(6)] == ["a"] * 5 + ["b"]


def test_turn_survives_release_takeover_retry_and_priority_change(stores, clock):
    add(stores, clock, requested_by="a")
    job = add(stores, clock, requested_by="a")
    assert job.turn == 2
    stores.jobs.prioritise(job.id, 5)
    claimed = stores.jobs.claim(job.id, "w", LEASE)
    stores.jobs.end(claimed.lease, ended_early(claimed, HALF, clock()))
    stores.jobs.claim(job.id, "w", LEASE)
    clock.advance(LEASE)
    assert stores.jobs.claim(job.id, "other", LEASE).turn == 2
    clock.advance(LEASE)
    stores.jobs.cancel(job.id)
    stores.jobs.retry(job.id, HALF)
    after = stores.jobs.get(job.id)
    assert (after.turn, after.status) == (2, JobStatus.PENDING)


@IN_MONGODB
def test_job_without_a_turn_is_claimed_first(stores, clock, database):
    order(stores, clock, "a", 2)
    (old,) = order(stores, clock, "b", 1)
    database["jobs"].update_one({"turn": stores.jobs.get(old).turn, "requestedBy": "b"}, {"$unset": {"turn": ""}})
    claimed = stores.jobs.claim_next("w", LEASE)
    assert (claimed.id, claimed.turn) == (old, 0)


@IN_MONGODB
def test_oldest_wait_is_known_for_each_priority(stores, clock, database):
    start = clock()
    for priority, seconds in ((0, 50), (0, 10), (7, 20), (9, -10)):
        add(stores, clock, priority=priority, run_after=start - timedelta(seconds=seconds))
    waits = MongoCatalogue(database, clock).oldest_due_by_priority()
    assert waits == {0: start - timedelta(seconds=50), 7: start - timedelta(seconds=20)}


@IN_MONGODB
def test_earlier_turns_are_found_after_later_ones(stores, clock, database):
    """A server that asks for a range of turns must ask for all lower ones, too, also for those that are missing."""
    first, second, later = order(stores, clock, "a", 3)
    assert stores.jobs.claim_next("w", LEASE).id == first
    database["jobs"].update_many({"turn": {"$gt": 2}}, {"$inc": {"turn": 1_000}})
    assert [stores.jobs.claim_next("w", LEASE).id for _ in range(2)] == [second, later]
    (new,) = order(stores, clock, "b", 1)
    (old,) = order(stores, clock, "c", 1)
    database["jobs"].update_one({"requestedBy": "c"}, {"$unset": {"turn": ""}})
    assert [stores.jobs.claim_next("w", LEASE).id for _ in range(2)] == [old, new]
    assert stores.jobs.claim_next("w", LEASE) is None
