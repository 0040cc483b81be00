"""Documents and runs, in every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.domain.document import DocumentError, DocumentStatus
from jobs.domain.errors import LeaseLost
from jobs.domain.job import Job, Progress, RunOutcome
from jobs.domain.run_details import (
    LONGEST_LINE,
    MOST_DOCUMENTS,
    MOST_LINES,
    DocumentTimes,
    LogLine,
    RunDetails,
    Step,
    StepKind,
)
from tests.contract.stores import LEASE, a_run, add
from tests.making import a_cin, a_file, some_filings

CIN = a_cin()

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


def test_listed_filings_have_the_time_of_their_listing(stores, listed, clock):
    clock.advance(9)
    stores.documents.add(listed.lease, listed, some_filings(6))  # five are listed already
    found = sorted(stores.documents.listed(listed.cin), key=lambda each: each.filing.number)
    assert [each.filing for each in found] == some_filings(6)
    assert {each.job_id for each in found} == {listed.id}
    assert [clock() - each.listed_at for each in found] == [timedelta(seconds=9)] * 5 + [timedelta(0)]


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


# --- filings that several orders have in common


@pytest.fixture
def two(stores, clock) -> tuple[Job, Job]:
    """Two claimed orders of a company; the first has stored its first document."""
    jobs = [stores.jobs.claim(add(stores, clock, cin=CIN).id, "w", LEASE) for _ in range(2)]
    for job in jobs:
        stores.documents.add(job.lease, job, some_filings(2))
    stores.documents.save_stored(jobs[0].lease, stores.documents.get(jobs[0].id, 1), a_file())
    return jobs[0], jobs[1]


def test_filing_is_found_among_other_orders(stores, two):
    first, second = (stores.documents.get(job.id, 1) for job in two)
    assert stores.documents.of_filing(second) == first
    assert stores.documents.of_filing(first) is None  # only its own order has stored it
    assert stores.documents.of_filing(stores.documents.get(two[1].id, 2)) is None
    assert stores.documents.with_content(CIN, a_file().checksum) == first
    assert stores.documents.with_content(a_cin(), a_file().checksum) is None
    assert stores.documents.with_blob(a_file().blob_name, 5) == [first]


def test_reserved_file_is_a_reference_and_not_a_stored_file(stores, two):
    listed = stores.documents.get(two[1].id, 1)
    stores.documents.reserve(two[1].lease, listed, a_file())
    reserved = stores.documents.get(two[1].id, 1)
    assert (reserved.file, reserved.reserved, reserved.status) == (None, a_file(), DocumentStatus.LISTED)
    assert {each.job_id for each in stores.documents.referring("jobs/x/")} == {job.id for job in two}
    assert list(stores.documents.referring("jobs/y/")) == list(stores.documents.referring("jobs/w/")) == []
    stores.documents.save_failure(two[1].lease, listed, DocumentError(kind="k", message="m"), final=True)
    assert stores.documents.get(two[1].id, 1).reserved is None
    assert len(list(stores.documents.referring("jobs/x/"))) == 1


def test_stored_document_takes_a_reserved_file(stores, two):
    stored, other = stores.documents.get(two[0].id, 1), replace(a_file(), blob_name="jobs/y/document_1.pdf")
    stores.documents.reserve(two[0].lease, stored, other)
    reserved = stores.documents.get(two[0].id, 1)
    assert (reserved.file, reserved.reserved) == (a_file(), other)
    folders = ("jobs/x/", "jobs/y/", "jobs/w/")
    assert [len(list(stores.documents.referring(folder))) for folder in folders] == [1, 1, 0]
    stores.documents.reserve(two[0].lease, stored, None)
    assert stores.documents.get(two[0].id, 1) == stored
    stores.documents.reserve(two[0].lease, stored, other)
    stores.documents.replace_file(two[0].lease, stored, other)
    assert stores.documents.get(two[0].id, 1) == replace(stored, file=other)
    assert [len(list(stores.documents.referring(folder))) for folder in folders] == [0, 1, 0]
    assert stores.documents.first_with_content(CIN, other.checksum).job_id == two[0].id
    assert stores.documents.first_with_content(a_cin(), other.checksum) is None


def test_late_worker_reserves_nothing(stores, two, clock):
    listed = stores.documents.get(two[1].id, 1)
    stores.documents.take_over(replace(two[1].lease, fence=two[1].fence + 1))
    with pytest.raises(LeaseLost):
        stores.documents.reserve(two[1].lease, listed, a_file())


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


# --- details of runs


def some_details(job: Job, clock, **changes) -> RunDetails:
    fields = {
        "job_id": job.id,
        "number": job.runs,
        "fence": job.fence,
        "lines": (LogLine(at=clock(), level="INFO", text="job.listed documents=3"),),
        "documents": (
            DocumentTimes(number=1, name="a.pdf", steps=(Step(kind=StepKind.DOWNLOAD, start=0.5, seconds=1.25),)),
        ),
        "others": 2,
        "other_seconds": {StepKind.READ: 0.75},
    }
    return RunDetails(**{**fields, **changes})


def test_details_of_a_run_are_kept(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    assert stores.runs.details(job.id, 1) is None
    first = some_details(job, clock)
    stores.runs.save_details(first)
    assert stores.runs.details(job.id, 1) == first
    last = some_details(job, clock, lines=(), others=3)
    stores.runs.save_details(last)
    assert stores.runs.details(job.id, 1) == last
    assert stores.runs.details(job.id, 2) is None


def test_late_worker_replaces_no_details(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    later = some_details(job, clock, fence=job.fence + 1, others=9)
    stores.runs.save_details(later)
    stores.runs.save_details(some_details(job, clock))
    assert stores.runs.details(job.id, 1) == later


def test_details_are_deleted_with_the_runs(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    stores.runs.start(a_run(job, clock))
    stores.runs.save_details(some_details(job, clock))
    stores.runs.delete_of_job(job.id)
    assert stores.runs.details(job.id, 1) is None
    assert list(stores.runs.job_ids()) == []
    stores.runs.save_details(some_details(job, clock))  # by a worker that wakes up late: the sweep finds it
    assert list(stores.runs.job_ids()) == [job.id]


def test_longest_details_are_stored(stores, clock):
    add(stores, clock)
    job = stores.jobs.claim_next("w", LEASE)
    line = LogLine(at=clock(), level="WARNING", text="ä" * LONGEST_LINE)
    steps = tuple(Step(kind=kind, start=1.0, seconds=2.0) for kind in StepKind)
    times = tuple(DocumentTimes(number=at, name="n" * 100, steps=steps) for at in range(MOST_DOCUMENTS))
    longest = some_details(job, clock, lines=(line,) * MOST_LINES, documents=times)
    stores.runs.save_details(longest)
    assert stores.runs.details(job.id, 1) == longest
