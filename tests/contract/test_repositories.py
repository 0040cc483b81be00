"""One suite that every implementation of the repositories passes: MongoDB's, and its twin in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest

from jobs.adapters.memory import MemoryDocumentRepository, MemoryJobRepository, MemoryRunRepository
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.domain.document import DocumentError, DocumentStatus
from jobs.domain.ending import Backoff, cancelled, ended_badly, ended_early, ended_well
from jobs.domain.errors import InvalidJobId, LeaseLost, SourceUnavailable, UnknownJob, WrongState
from jobs.domain.job import Job, JobStatus, Progress, Run, RunOutcome
from jobs.ports import DocumentRepository, JobRepository, RunRepository
from tests.making import a_cin, a_file, a_job, some_filings

LEASE = 60.0
BACKOFF = Backoff(base_seconds=10, cap_seconds=900)
DONE = Progress(total=3, downloaded=3)
HALF = Progress(total=3, downloaded=1)


@dataclass
class Stores:
    jobs: JobRepository
    documents: DocumentRepository
    runs: RunRepository


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def stores(request, clock) -> Stores:
    if request.param == "memory":
        return Stores(MemoryJobRepository(clock), MemoryDocumentRepository(clock), MemoryRunRepository())
    database = request.getfixturevalue("database")
    return Stores(
        MongoJobRepository(database, clock), MongoDocumentRepository(database, clock), MongoRunRepository(database)
    )


def add(stores: Stores, clock, **changes) -> Job:
    job = a_job(clock(), **changes)
    assert stores.jobs.add([job], again=True) == {}
    return job


# --- ordering


def test_a_stored_job_comes_back_as_it_was(stores, clock):
    job = add(stores, clock, company_name="Ünïcode & Söhne", priority=4, trace_context=f"00-{1:032x}-{1:016x}-01")
    assert stores.jobs.get(job.id) == job


def test_a_second_order_of_a_company_is_refused_with_the_first_ones_id(stores, clock):
    first, second = a_job(clock()), a_job(clock())
    assert stores.jobs.add([first, second], again=False) == {}
    third, other = a_job(clock(), cin=first.cin), a_job(clock())
    assert stores.jobs.add([third, other], again=False) == {first.cin: first.id}
    assert stores.jobs.get(other.id) == other
    with pytest.raises(UnknownJob):
        stores.jobs.get(third.id)


def test_again_orders_a_company_with_an_unfinished_job(stores, clock):
    cin = a_cin()
    first, second, third = (a_job(clock(), cin=cin) for _ in range(3))
    assert stores.jobs.add([first], again=False) == {}
    assert stores.jobs.add([second], again=True) == {}
    assert list(stores.jobs.add([third], again=False)) == [cin]


def test_a_job_ordered_again_blocks_a_further_order_when_the_first_has_ended(stores, clock):
    cin = a_cin()
    first, second, third = (a_job(clock(), cin=cin) for _ in range(3))
    stores.jobs.add([first], again=False)
    stores.jobs.add([second], again=True)
    stores.jobs.cancel(first.id)
    assert stores.jobs.add([third], again=False) == {cin: second.id}


def test_a_company_can_be_ordered_once_its_job_has_ended(stores, clock):
    first = a_job(clock())
    stores.jobs.add([first], again=False)
    lease = stores.jobs.claim_next("w", LEASE).lease
    stores.jobs.end(lease, ended_well(first, DONE, clock()))
    assert stores.jobs.add([a_job(clock(), cin=first.cin)], again=False) == {}


def test_of_racing_orders_of_one_company_one_is_stored(stores, clock):
    jobs = [a_job(clock(), cin=a_cin(900_001)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda job: stores.jobs.add([job], again=False), jobs))
    stored = [job for job, answer in zip(jobs, answers, strict=True) if not answer]
    assert len(stored) == 1
    assert {id_ for answer in answers for id_ in answer.values()} == {stored[0].id}


# --- looking


@pytest.mark.parametrize("text", ["", "abc", "g" * 24, "0" * 23, "0" * 25, '{"$ne": null}'])
def test_what_is_no_id_is_refused(stores, text):
    with pytest.raises(InvalidJobId):
        stores.jobs.get(text)


def test_an_unknown_id_is_said_to_be_unknown(stores):
    with pytest.raises(UnknownJob):
        stores.jobs.get("0" * 24)


def test_the_latest_jobs_come_first(stores, clock):
    jobs = []
    for _ in range(3):
        jobs.append(add(stores, clock))
        clock.advance(1)
    assert [job.id for job in stores.jobs.latest(2)] == [jobs[2].id, jobs[1].id]


def test_counts_name_every_status(stores, clock):
    add(stores, clock)
    add(stores, clock)
    stores.jobs.claim_next("w", LEASE)
    counts = stores.jobs.count_by_status()
    assert counts == {**dict.fromkeys(JobStatus, 0), JobStatus.PENDING: 1, JobStatus.PROCESSING: 1}


# --- the claim


def test_nothing_due_nothing_claimed(stores, clock):
    assert stores.jobs.claim_next("w", LEASE) is None
    add(stores, clock, run_after=clock() + timedelta(seconds=1))
    assert stores.jobs.claim_next("w", LEASE) is None
    assert stores.jobs.count_due(10) == 0
    clock.advance(1)
    assert stores.jobs.count_due(10) == 1
    assert stores.jobs.claim_next("w", LEASE) is not None


def test_claims_go_by_priority_then_age(stores, clock):
    order = []
    for priority in (0, 5, 0, 9, 5):
        order.append((-priority, len(order), add(stores, clock, priority=priority).id))
        clock.advance(1)
    claimed = [stores.jobs.claim_next("w", LEASE).id for _ in order]
    assert claimed == [id_ for _, _, id_ in sorted(order)]


def test_a_claim_leases_the_job(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w1", LEASE)
    assert (job.status, job.locked_by, job.fence, job.runs, job.attempts) == ("processing", "w1", 1, 1, 1)
    assert job.locked_at == job.started_at == clock()
    assert job.lease_expires_at == clock() + timedelta(seconds=LEASE)
    assert stores.jobs.get(job.id) == job


def test_an_expired_lease_is_due_and_is_taken_over(stores, clock):
    add(stores, clock)
    first = stores.jobs.claim_next("w1", LEASE)
    clock.advance(LEASE - 0.001)
    assert stores.jobs.claim_next("w2", LEASE) is None
    clock.advance(0.001)
    assert stores.jobs.count_due(10) == 1
    second = stores.jobs.claim_next("w2", LEASE)
    assert (second.id, second.fence, second.attempts, second.locked_by) == (first.id, 2, 2, "w2")
    assert second.started_at == first.started_at


def test_the_count_of_due_jobs_stops_at_its_limit(stores, clock):
    for _ in range(5):
        add(stores, clock)
    assert stores.jobs.count_due(3) == 3
    assert stores.jobs.count_due(10) == 5


def test_racing_claims_each_get_another_job(stores, clock):
    for _ in range(20):
        add(stores, clock)
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda n: stores.jobs.claim_next(f"w{n}", LEASE), range(24)))
    ids = [job.id for job in claimed if job]
    assert len(ids) == len(set(ids)) == 20


def test_a_job_is_claimed_by_its_id(stores, clock):
    add(stores, clock, priority=9)
    wanted = add(stores, clock)
    job = stores.jobs.claim(wanted.id, "w", LEASE)
    assert (job.id, job.fence, job.attempts, job.runs) == (wanted.id, 1, 1, 1)


def test_its_own_worker_takes_up_a_claimed_job_without_a_further_attempt(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("pod-1", LEASE)
    again = stores.jobs.claim(job.id, "pod-1", LEASE)
    assert (again.fence, again.attempts, again.runs) == (2, 1, 1)


def test_a_job_that_is_held_waits_or_has_ended_is_not_claimed(stores, clock):
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


# --- the lease


def test_a_renewal_extends_the_lease(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    clock.advance(LEASE / 2)
    renewed = stores.jobs.renew(job.lease, LEASE)
    assert renewed.lease_expires_at == clock() + timedelta(seconds=LEASE)
    clock.advance(LEASE * 0.9)
    assert stores.jobs.count_due(1) == 0


def test_a_worker_that_was_taken_over_can_write_nothing(stores, clock):
    add(stores, clock)
    old = stores.jobs.claim_next("old", LEASE)
    filings = some_filings(3)
    stores.documents.add(old.lease, old, filings)
    document = stores.documents.to_download(old.id, 1)[0]
    clock.advance(LEASE)
    new = stores.jobs.claim_next("new", LEASE)
    stores.documents.take_over(new.lease)
    before = (stores.jobs.get(old.id), stores.documents.of_job(old.id))
    for write in (
        lambda: stores.jobs.renew(old.lease, LEASE),
        lambda: stores.jobs.save_progress(old.lease, HALF),
        lambda: stores.jobs.end(old.lease, ended_well(old, DONE, clock())),
        lambda: stores.jobs.end(old.lease, cancelled(old, HALF)),
        lambda: stores.documents.save_stored(old.lease, document, a_file()),
        lambda: stores.documents.save_failure(old.lease, document, DocumentError(kind="k", message="m"), final=True),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert (stores.jobs.get(old.id), stores.documents.of_job(old.id)) == before


def test_progress_is_saved_under_the_lease(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.save_progress(job.lease, Progress(total=10, downloaded=4, failed=1))
    assert stores.jobs.get(job.id).progress == Progress(total=10, downloaded=4, failed=1)


# --- the end of a run


def test_a_run_that_advanced_leaves_the_job_pending_and_due(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_well(job, HALF, clock()))
    after = stores.jobs.get(job.id)
    assert (after.status, after.attempts, after.locked_by, after.lease_expires_at) == ("pending", 0, None, None)
    assert after.is_due(clock())
    assert after.progress == HALF


def test_a_finished_job_is_never_due(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_well(job, DONE, clock()))
    after = stores.jobs.get(job.id)
    assert (after.status, after.run_after, after.completed_at) == ("completed", None, clock())
    clock.advance(1e6)
    assert stores.jobs.claim_next("w", LEASE) is None


def test_a_job_whose_documents_cannot_be_had_has_failed_and_says_so(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_well(job, Progress(total=3, downloaded=1, failed=2), clock()))
    after = stores.jobs.get(job.id)
    assert after.status is JobStatus.FAILED
    assert after.last_error.message == "2 of 3 documents cannot be had."


def test_a_failed_run_waits_and_the_last_one_fails_the_job(stores, clock):
    add(stores, clock, max_attempts=2)
    error = SourceUnavailable("The source does not answer.")
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_badly(job, HALF, error, clock(), BACKOFF))
    waiting = stores.jobs.get(job.id)
    assert waiting.status is JobStatus.PENDING
    assert timedelta(seconds=5) <= waiting.run_after - clock() <= timedelta(seconds=10)
    assert waiting.last_error.kind == "source_unavailable"
    clock.advance(10)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_badly(job, HALF, error, clock(), BACKOFF))
    assert stores.jobs.get(job.id).status is JobStatus.FAILED


def test_a_run_that_was_asked_to_stop_costs_no_attempt(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_early(job, HALF, clock()))
    after = stores.jobs.get(job.id)
    assert (after.status, after.attempts, after.runs) == ("pending", 0, 1)


def test_an_end_is_written_once(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_well(job, DONE, clock()))
    with pytest.raises(LeaseLost):
        stores.jobs.end(job.lease, ended_well(job, HALF, clock()))


# --- staff


def test_a_pending_job_is_cancelled_at_once_and_a_second_time_changes_nothing(stores, clock):
    job = add(stores, clock)
    cancelled_job = stores.jobs.cancel(job.id)
    assert (cancelled_job.status, cancelled_job.run_after) == ("cancelled", None)
    clock.advance(5)
    assert stores.jobs.cancel(job.id) == cancelled_job


def test_a_held_job_is_cancelled_by_its_worker(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    assert stores.jobs.cancel(job.id).status is JobStatus.PROCESSING
    assert stores.jobs.renew(job.lease, LEASE).cancel_requested_at == clock()
    stores.jobs.end(job.lease, cancelled(job, HALF))
    assert stores.jobs.get(job.id).status is JobStatus.CANCELLED


def test_a_worker_that_gave_its_job_back_cannot_end_it_again(stores, clock):
    job = add(stores, clock)
    claim = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(claim.lease, ended_early(claim, HALF, clock()))
    with pytest.raises(LeaseLost):
        stores.jobs.end(claim.lease, cancelled(claim, DONE))
    assert stores.jobs.get(job.id).status is JobStatus.PENDING


def test_the_jobs_that_ended_first_are_found(stores, clock):
    jobs = [add(stores, clock) for _ in range(4)]
    for job in jobs[:3]:
        stores.jobs.cancel(job.id)
        clock.advance(10)
    assert stores.jobs.ended_before(clock() - timedelta(seconds=10), 10) == [job.id for job in jobs[:2]]
    assert stores.jobs.ended_before(clock(), 1) == [jobs[0].id]


def test_cancelling_a_held_job_leaves_all_others_alone(stores, clock):
    held = add(stores, clock, priority=9)
    others = [add(stores, clock) for _ in range(3)]
    stores.jobs.claim_next("w", LEASE)
    stores.jobs.cancel(held.id)
    assert [stores.jobs.get(job.id) for job in others] == others


def test_a_job_whose_worker_died_is_cancelled_at_once(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    clock.advance(LEASE)
    assert stores.jobs.cancel(job.id).status is JobStatus.CANCELLED
    with pytest.raises(LeaseLost):
        stores.jobs.renew(job.lease, LEASE)


def test_a_retry_makes_an_ended_job_due_again(stores, clock):
    job = add(stores, clock)
    stores.jobs.cancel(job.id)
    retried = stores.jobs.retry(job.id, HALF)
    assert (retried.status, retried.attempts, retried.cancel_requested_at) == ("pending", 0, None)
    assert retried.progress == HALF
    assert stores.jobs.claim_next("w", LEASE).id == job.id


def test_what_a_state_does_not_allow_is_refused(stores, clock):
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


# --- documents


@pytest.fixture
def listed(stores, clock) -> Job:
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.documents.add(job.lease, job, some_filings(5))
    return job


def test_listing_twice_is_listing_once(stores, listed):
    first = stores.documents.of_job(listed.id)
    stores.documents.add(listed.lease, listed, some_filings(7))
    again = stores.documents.of_job(listed.id)
    assert again[:5] == first
    assert [document.filing.number for document in again] == [1, 2, 3, 4, 5, 6, 7]


def test_a_document_comes_back_as_it_was_stored(stores, listed, clock):
    document = stores.documents.to_download(listed.id, 1)[0]
    stores.documents.save_stored(listed.lease, document, a_file())
    stored = stores.documents.of_job(listed.id)[0]
    assert (stored.status, stored.file, stored.downloaded_at) == (DocumentStatus.STORED, a_file(), clock())
    assert stored.filing == some_filings(1)[0]


def test_the_least_tried_documents_come_first(stores, listed):
    error = DocumentError(kind="document_unavailable", message="not now")
    first, second = stores.documents.to_download(listed.id, 2)
    stores.documents.save_failure(listed.lease, first, error, final=False)
    stores.documents.save_failure(listed.lease, second, error, final=True)
    assert [document.filing.number for document in stores.documents.to_download(listed.id, 10)] == [3, 4, 5, 1]
    failed = stores.documents.of_job(listed.id)[1]
    assert (failed.status, failed.attempts, failed.error) == (DocumentStatus.FAILED, 1, error)


def test_progress_is_counted_from_what_is_stored(stores, listed):
    error = DocumentError(kind="k", message="m")
    first, second, third = stores.documents.to_download(listed.id, 3)
    for _ in range(2):  # twice is once
        stores.documents.save_stored(listed.lease, first, a_file())
        stores.documents.save_failure(listed.lease, second, error, final=True)
        stores.documents.save_failure(listed.lease, third, error, final=False)
    assert stores.documents.progress(listed.id) == Progress(total=5, downloaded=1, failed=1)
    assert stores.documents.progress("0" * 24) == Progress()


def test_failed_documents_are_listed_again(stores, listed):
    error = DocumentError(kind="k", message="m")
    document = stores.documents.to_download(listed.id, 1)[0]
    stores.documents.save_failure(listed.lease, document, error, final=True)
    assert stores.documents.list_again(listed.id) == 1
    again = stores.documents.of_job(listed.id)[0]
    assert (again.status, again.attempts, again.error) == (DocumentStatus.LISTED, 0, None)
    assert stores.documents.list_again(listed.id) == 0


# --- runs


def a_run(job: Job, clock, **changes) -> Run:
    fields = {
        "job_id": job.id, "number": job.runs, "worker": job.locked_by, "fence": job.fence, "started_at": clock()
    }  # fmt: skip
    return Run(**{**fields, **changes})


def test_a_run_is_recorded_from_start_to_end(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    run = a_run(job, clock)
    stores.runs.start(run)
    assert stores.runs.of_job(job.id) == [run]
    ended = a_run(job, clock, outcome=RunOutcome.ADVANCED, finished_at=clock(), documents=3, bytes=99)
    stores.runs.finish(ended)
    stores.runs.finish(ended)
    assert stores.runs.of_job(job.id) == [ended]


def test_a_run_whose_worker_died_is_lost_when_the_next_one_starts(stores, clock):
    add(stores, clock)
    first = stores.jobs.claim_next("w1", LEASE)
    stores.runs.start(a_run(first, clock))
    clock.advance(LEASE)
    second = stores.jobs.claim_next("w2", LEASE)
    stores.runs.start(a_run(second, clock))
    runs = stores.runs.of_job(first.id)
    assert [(run.number, run.outcome, run.finished_at) for run in runs] == [
        (1, RunOutcome.LOST, clock()), (2, None, None),
    ]  # fmt: skip
