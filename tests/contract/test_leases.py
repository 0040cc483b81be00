"""Leases and the ends of runs, in every implementation of the queue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.domain.document import DocumentError
from jobs.domain.ending import cancelled, ended_badly, ended_early, ended_well
from jobs.domain.errors import CompanyNotFound, LeaseLost, SourceUnavailable
from jobs.domain.job import LOW_PRIORITY, JobStatus, Progress
from jobs.domain.wrong_use import WrongState
from tests.contract.stores import BACKOFF, DONE, HALF, LEASE, a_run, add
from tests.making import a_file, some_filings

# --- the lease


def test_renewal_extends_the_lease(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    clock.advance(LEASE / 2)
    renewed = stores.jobs.renew(job.lease, LEASE)
    assert renewed.lease_expires_at == clock() + timedelta(seconds=LEASE)
    clock.advance(LEASE * 0.9)
    assert stores.jobs.count_due(1) == 0


def test_claim_states_how_long_the_job_waited(stores, clock):
    """Since it was due, or since the lease of a dead worker expired, even if it had not recorded its run."""
    due = clock() + timedelta(seconds=100)
    add(stores, clock, run_after=due, due_at=due)
    clock.advance(130)
    first = stores.jobs.claim_next("dies at once", LEASE)
    clock.advance(LEASE + 7)
    second = stores.jobs.claim_next("dies later", LEASE)
    stores.runs.start(a_run(second, clock))
    clock.advance(LEASE / 2)
    stores.jobs.renew(second.lease, LEASE)
    clock.advance(LEASE + 9)
    third = stores.jobs.claim(second.id, "w", LEASE)
    again = stores.jobs.claim(second.id, "w", LEASE)
    assert [job.waited for job in (first, second, third, again)] == [30, 7, 9, None]
    assert [(job.runs, job.fence) for job in (first, second, third, again)] == [(1, 1), (2, 2), (3, 3), (3, 4)]
    assert stores.jobs.get(again.id) == again
    stores.runs.start(a_run(third, clock))
    stores.runs.start(a_run(again, clock))  # does not know the wait
    assert [run.waited for run in stores.runs.of_job(again.id)] == [7, 9]


def test_lowest_priority_does_not_count_as_waiting(stores, clock):
    add(stores, clock, priority=LOW_PRIORITY)
    clock.advance(30)
    assert stores.jobs.claim_next("w", LEASE).waited == 0


def test_superseded_worker_cannot_write(stores, clock):
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


def test_progress_discharges_earlier_attempts(stores, clock):
    add(stores, clock)
    for _ in range(3):
        job = stores.jobs.claim_next("dies", LEASE)
        clock.advance(LEASE)
    stores.jobs.save_progress(job.lease, Progress(total=10, downloaded=4))
    assert stores.jobs.get(job.id).attempts == 3
    stores.jobs.save_progress(job.lease, Progress(total=10, downloaded=5), advanced=True)
    assert stores.jobs.get(job.id).attempts == 1


# --- the end of a run


def test_advanced_run_leaves_the_job_due(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_well(job, HALF, clock()))
    after = stores.jobs.get(job.id)
    assert (after.status, after.attempts, after.locked_by, after.lease_expires_at) == ("pending", 0, None, None)
    assert after.is_due(clock())
    assert after.progress == HALF


def test_finished_job_is_never_due(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_well(job, DONE, clock()))
    after = stores.jobs.get(job.id)
    assert (after.status, after.run_after, after.completed_at) == ("completed", None, clock())
    clock.advance(1e6)
    assert stores.jobs.claim_next("w", LEASE) is None


@pytest.mark.parametrize(("downloaded", "status"), [(1, JobStatus.PARTIAL), (0, JobStatus.FAILED)])
def test_missing_documents_decide_the_state(stores, clock, downloaded, status):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    progress = Progress(total=3, downloaded=downloaded, failed=3 - downloaded)
    stores.jobs.end(job.lease, ended_well(job, progress, clock()))
    after = stores.jobs.get(job.id)
    assert after.status is status
    assert after.last_error.message == f"{3 - downloaded} of 3 documents could not be retrieved."
    assert stores.jobs.retry(job.id, Progress(total=3, downloaded=downloaded)).status is JobStatus.PENDING


def test_job_without_filings_cannot_be_retried(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_badly(job, Progress(), CompanyNotFound("No filings."), clock(), BACKOFF))
    after = stores.jobs.get(job.id)
    assert (after.status, after.progress) == (JobStatus.NO_FILINGS, Progress(total=0))
    assert after.last_error.message == "No filings."
    with pytest.raises(WrongState):
        stores.jobs.retry(job.id, Progress())


def test_last_failed_run_fails_the_job(stores, clock):
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


def test_stopped_run_costs_no_attempt(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_early(job, HALF, clock()))
    after = stores.jobs.get(job.id)
    assert (after.status, after.attempts, after.runs) == ("pending", 0, 1)


def test_outcome_is_written_once(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.jobs.end(job.lease, ended_well(job, DONE, clock()))
    with pytest.raises(LeaseLost):
        stores.jobs.end(job.lease, ended_well(job, HALF, clock()))
