"""Jobs that read documents again, in every implementation."""

from __future__ import annotations

import pytest

from jobs.domain.ending import ended_well
from jobs.domain.errors import DocumentsInUse, LeaseLost
from jobs.domain.job import Job, Progress
from jobs.domain.rereading import Reread
from jobs.domain.wrong_use import AlreadyOrdered, UnknownJob
from tests.contract.stores import LEASE, add
from tests.making import a_file, a_job, some_filings

ONE = Progress(total=1, downloaded=1)


@pytest.fixture
def ended(stores, clock) -> Job:
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.documents.add(job.lease, job, some_filings(1))
    stores.documents.save_stored(job.lease, stores.documents.get(job.id, 1), a_file())
    stores.jobs.end(job.lease, ended_well(job, ONE, clock()))
    return stores.jobs.get(job.id)


def a_reread(job, clock, **changes) -> Job:
    reread = Reread(job_id=job.id, form="AOC-4", stored_since=clock(), below=2)
    fields = {"cin": job.cin, "priority": -1, "progress": Progress(total=1), "reread": reread}
    return a_job(clock(), **{**fields, **changes})


def test_reread_comes_back_unchanged(stores, ended, clock):
    job = a_reread(ended, clock)
    assert stores.jobs.add_tasks([job]) == {job.id}
    stored = stores.jobs.get(job.id)
    assert (stored.reread, stored.priority, stored.progress) == (job.reread, -1, Progress(total=1))
    assert stores.jobs.holder(ended.reread_key)


def test_documents_are_read_again_once_at_a_time(stores, ended, clock):
    first, second = a_reread(ended, clock), a_reread(ended, clock)
    assert stores.jobs.add_tasks([first]) == {first.id}
    assert stores.jobs.add_tasks([second]) == set()
    stores.jobs.cancel(first.id)
    assert not stores.jobs.holder(ended.reread_key)
    assert stores.jobs.add_tasks([second]) == {second.id}
    with pytest.raises(AlreadyOrdered):
        stores.jobs.retry(first.id, ONE, again=True)


def test_reread_and_order_of_a_company_do_not_conflict(stores, ended, clock):
    stores.jobs.add_tasks([a_reread(ended, clock)])
    assert stores.jobs.unfinished([ended.cin]) == {}
    order = a_job(clock(), cin=ended.cin)
    assert stores.jobs.add([order], again=False) == {}
    assert stores.jobs.unfinished([ended.cin]) == {ended.cin: order.id}


def test_orders_are_served_before_rereads(stores, ended, clock):
    stores.jobs.add_tasks([a_reread(ended, clock)])
    clock.advance(1)
    order = add(stores, clock, priority=0)
    assert stores.jobs.claim_next("w", LEASE).id == order.id
    assert stores.jobs.claim_next("w", LEASE).reread


def test_source_that_is_down_holds_no_rereads(stores, ended, clock):
    stores.jobs.add_tasks([a_reread(ended, clock)])
    clock.advance(1)
    assert stores.jobs.hold_pending(due_before=clock(), until=clock()) == 0


def test_reading_again_ends_when_the_job_runs(stores, ended, clock):
    lease = stores.jobs.borrow(ended.id)
    assert lease.fence > ended.fence
    stores.documents.take_over(lease)
    document = stores.documents.get(ended.id, 1)
    stores.documents.mark_reading(lease, document, 1)
    second = stores.jobs.borrow(ended.id)
    stores.documents.take_over(second)
    with pytest.raises(LeaseLost):
        stores.documents.mark_reading(lease, document, 2)


def test_unfinished_or_missing_job_lends_nothing(stores, clock):
    job = add(stores, clock)
    with pytest.raises(DocumentsInUse):
        stores.jobs.borrow(job.id)
    stores.jobs.cancel(job.id)
    stores.jobs.borrow(job.id)
    stores.jobs.begin_deletion(job.id)
    with pytest.raises(UnknownJob):
        stores.jobs.borrow(job.id)


def test_jobs_of_one_company_are_found(stores, ended, clock):
    assert list(stores.documents.job_ids(ended.cin)) == [ended.id]
    assert list(stores.documents.job_ids("none")) == []
