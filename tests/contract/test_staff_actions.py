"""Staff actions on jobs, in every implementation of the queue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from jobs.domain.ending import cancelled, ended_early, ended_well
from jobs.domain.errors import LeaseLost
from jobs.domain.job import Job, JobStatus
from jobs.domain.wrong_use import AlreadyOrdered, WrongState
from tests.contract.stores import DONE, HALF, LEASE, add
from tests.making import a_cin, a_job

# --- staff


def test_pending_job_is_cancelled_at_once(stores, clock):
    job = add(stores, clock)
    cancelled_job = stores.jobs.cancel(job.id)
    assert (cancelled_job.status, cancelled_job.run_after) == ("cancelled", None)
    clock.advance(5)
    assert stores.jobs.cancel(job.id) == cancelled_job


def test_delayed_job_runs_now_before_others(stores, clock):
    urgent = add(stores, clock, priority=5)
    later = clock() + timedelta(hours=3)
    delayed = add(stores, clock, run_after=later, due_at=later)
    assert stores.jobs.count_due(10) == 1
    changed = stores.jobs.run_now(delayed.id)
    assert (changed.run_after, changed.due_at, changed.priority) == (clock(), clock(), 9)
    clock.advance(5)
    assert stores.jobs.run_now(delayed.id).due_at == changed.due_at
    assert [stores.jobs.claim_next("w", LEASE).id for _ in range(2)] == [delayed.id, urgent.id]
    with pytest.raises(WrongState, match="only a pending job can be run now"):
        stores.jobs.run_now(delayed.id)


def test_worker_cancels_a_held_job(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    assert stores.jobs.cancel(job.id).status is JobStatus.PROCESSING
    assert stores.jobs.renew(job.lease, LEASE).cancel_requested_at == clock()
    stores.jobs.end(job.lease, cancelled(job, HALF))
    assert stores.jobs.get(job.id).status is JobStatus.CANCELLED


def test_released_job_cannot_be_ended_again(stores, clock):
    job = add(stores, clock)
    claim = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(claim.lease, ended_early(claim, HALF, clock()))
    with pytest.raises(LeaseLost):
        stores.jobs.end(claim.lease, cancelled(claim, DONE))
    assert stores.jobs.get(job.id).status is JobStatus.PENDING


def test_earliest_ended_jobs_are_found(stores, clock):
    jobs = [add(stores, clock) for _ in range(4)]
    for job in jobs[:3]:
        stores.jobs.cancel(job.id)
        clock.advance(10)
    assert stores.jobs.ended_before(clock() - timedelta(seconds=10), 10) == [job.id for job in jobs[:2]]
    assert stores.jobs.ended_before(clock(), 1) == [jobs[0].id]


def test_cancelling_affects_only_one_job(stores, clock):
    held = add(stores, clock, priority=9)
    others = [add(stores, clock) for _ in range(3)]
    stores.jobs.claim_next("w", LEASE)
    stores.jobs.cancel(held.id)
    assert [stores.jobs.get(job.id) for job in others] == others


def test_orphaned_job_is_cancelled_at_once(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    clock.advance(LEASE)
    assert stores.jobs.cancel(job.id).status is JobStatus.CANCELLED
    with pytest.raises(LeaseLost):
        stores.jobs.renew(job.lease, LEASE)


def test_retry_makes_an_ended_job_due(stores, clock):
    job = add(stores, clock)
    stores.jobs.cancel(job.id)
    retried = stores.jobs.retry(job.id, HALF)
    assert (retried.status, retried.attempts, retried.cancel_requested_at) == ("pending", 0, None)
    assert retried.progress == HALF
    assert stores.jobs.claim_next("w", LEASE).id == job.id


def test_forbidden_transitions_are_refused(stores, clock):
    job = add(stores, clock)
    with pytest.raises(WrongState):
        stores.jobs.retry(job.id, HALF)
    claimed = stores.jobs.claim_next("w", LEASE)
    with pytest.raises(WrongState):
        stores.jobs.retry(job.id, HALF)
    stores.jobs.end(claimed.lease, ended_well(claimed, DONE, clock()))
    for act in (lambda: stores.jobs.cancel(job.id), lambda: stores.jobs.retry(job.id, HALF)):
        with pytest.raises(WrongState):
            act()


# --- one unfinished job per company


def test_company_with_an_unfinished_job_refuses_retry(stores, clock):
    job = add(stores, clock)
    stores.jobs.cancel(job.id)
    other = a_job(clock(), cin=job.cin)
    stores.jobs.add([other], again=False)
    with pytest.raises(AlreadyOrdered) as refused:
        stores.jobs.retry(job.id, HALF)
    assert refused.value.job_id == other.id
    assert stores.jobs.get(job.id).status is JobStatus.CANCELLED
    assert stores.jobs.retry(job.id, HALF, again=True).status is JobStatus.PENDING


def test_unfinished_retried_job_blocks_new_orders(stores, clock):
    job = add(stores, clock)
    stores.jobs.cancel(job.id)
    stores.jobs.retry(job.id, HALF)
    assert stores.jobs.add([a_job(clock(), cin=job.cin)], again=False) == {job.cin: job.id}


def test_one_of_racing_retries_wins(stores, clock):
    jobs = [add(stores, clock, cin=a_cin(900_002)) for _ in range(4)]
    for job in jobs:
        stores.jobs.cancel(job.id)

    def retry(job: Job) -> str:
        try:
            return str(stores.jobs.retry(job.id, HALF).status)
        except (AlreadyOrdered, WrongState):
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(retry, jobs)) == ["pending", "refused", "refused", "refused"]
