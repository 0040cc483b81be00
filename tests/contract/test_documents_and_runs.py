"""Documents and runs, in every implementation."""

from __future__ import annotations

import pytest

from jobs.domain.document import DocumentError, DocumentStatus
from jobs.domain.job import Job, Progress, RunOutcome
from tests.contract.stores import LEASE, a_run, add
from tests.making import a_file, some_filings

# --- documents


@pytest.fixture
def listed(stores, clock) -> Job:
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.documents.add(job.lease, job, some_filings(5))
    return job


def test_listing_twice_equals_listing_once(stores, listed):
    first = stores.documents.of_job(listed.id)
    stores.documents.add(listed.lease, listed, some_filings(7))
    again = stores.documents.of_job(listed.id)
    assert again[:5] == first
    assert [document.filing.number for document in again] == [1, 2, 3, 4, 5, 6, 7]


def test_stored_document_comes_back_unchanged(stores, listed, clock):
    document = stores.documents.to_download(listed.id, 1)[0]
    stores.documents.save_stored(listed.lease, document, a_file())
    stored = stores.documents.of_job(listed.id)[0]
    assert (stored.status, stored.file, stored.downloaded_at) == (DocumentStatus.STORED, a_file(), clock())
    assert stored.filing == some_filings(1)[0]


def test_least_attempted_documents_come_first(stores, listed):
    error = DocumentError(kind="document_unavailable", message="not now")
    first, second = stores.documents.to_download(listed.id, 2)
    stores.documents.save_failure(listed.lease, first, error, final=False)
    stores.documents.save_failure(listed.lease, second, error, final=True)
    assert [document.filing.number for document in stores.documents.to_download(listed.id, 10)] == [3, 4, 5, 1]
    failed = stores.documents.of_job(listed.id)[1]
    assert (failed.status, failed.attempts, failed.error) == (DocumentStatus.FAILED, 1, error)


def test_progress_counts_stored_documents(stores, listed):
    error = DocumentError(kind="k", message="m")
    first, second, third = stores.documents.to_download(listed.id, 3)
    for _ in range(2):  # idempotent
        stores.documents.save_stored(listed.lease, first, a_file())
        stores.documents.save_failure(listed.lease, second, error, final=True)
        stores.documents.save_failure(listed.lease, third, error, final=False)
    assert stores.documents.progress(listed.id) == Progress(total=5, downloaded=1, failed=1)
    assert stores.documents.progress("0" * 24) == Progress()


def test_failed_documents_become_listed_again(stores, listed):
    error = DocumentError(kind="k", message="m")
    document = stores.documents.to_download(listed.id, 1)[0]
    stores.documents.save_failure(listed.lease, document, error, final=True)
    assert stores.documents.list_again(listed.id) == 1
    again = stores.documents.of_job(listed.id)[0]
    assert (again.status, again.attempts, again.error) == (DocumentStatus.LISTED, 0, None)
    assert stores.documents.list_again(listed.id) == 0


# --- runs


def test_run_is_recorded_start_to_end(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    run = a_run(job, clock)
    stores.runs.start(run)
    assert stores.runs.of_job(job.id) == [run]
    ended = a_run(job, clock, outcome=RunOutcome.ADVANCED, finished_at=clock(), documents=3, bytes=99)
    stores.runs.finish(ended)
    stores.runs.finish(ended)
    assert stores.runs.of_job(job.id) == [ended]


def test_next_run_marks_a_dead_one_lost(stores, clock):
    add(stores, clock)
    first = stores.jobs.claim_next("w1", LEASE)
    stores.runs.start(a_run(first, clock))
    clock.advance(LEASE)
    second = stores.jobs.claim_next("w2", LEASE)
    stores.runs.start(a_run(second, clock))
    runs = stores.runs.of_job(first.id)
    assert [(run.number, run.outcome, run.finished_at) for run in runs] == [
        (1, RunOutcome.LOST, clock()),
        (2, None, None),
    ]


def test_limit_of_0_returns_no_documents(stores, listed):
    assert stores.documents.to_download(listed.id, 0) == []
