"""States, transitions and the outcome of runs."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.domain.document import Document, Filing, folders_of, job_of_blob
from jobs.domain.ending import Backoff, ended_badly, ended_early, ended_well
from jobs.domain.errors import CompanyNotFound, SourceUnavailable
from jobs.domain.job import TRANSITIONS, JobStatus, Progress, Transition
from tests.making import a_file, a_job

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ALLOWED = {
    Transition.CLAIM: ({"pending", "processing"}, "processing"),
    Transition.RELEASE: ({"processing"}, "pending"),
    Transition.COMPLETE: ({"processing"}, "completed"),
    Transition.COMPLETE_PARTLY: ({"processing"}, "partial"),
    Transition.FIND_NOTHING: ({"processing"}, "no_filings"),
    Transition.FAIL: ({"processing"}, "failed"),
    Transition.CANCEL: ({"pending", "processing"}, "cancelled"),
    Transition.RETRY: ({"failed", "partial", "cancelled"}, "pending"),
    Transition.DELETE: ({"completed", "partial", "no_filings", "failed", "cancelled", "deleting"}, "deleting"),
}


@pytest.mark.parametrize(("transition", "status"), list(itertools.product(Transition, JobStatus)))
def test_only_listed_transitions_are_allowed(transition, status):
    sources, target = ALLOWED[transition]
    assert (status in TRANSITIONS[transition].sources) == (status in sources)
    assert TRANSITIONS[transition].target == target


@pytest.mark.parametrize(
    ("progress", "transition", "outcome"),
    [
        (Progress(total=10, downloaded=4), Transition.RELEASE, "advanced"),
        (Progress(total=10, downloaded=10), Transition.COMPLETE, "completed"),
        (Progress(total=10, downloaded=8, failed=2), Transition.COMPLETE_PARTLY, "completed"),
        (Progress(total=10, failed=10), Transition.FAIL, "failed"),
        (Progress(total=10, downloaded=4, failed=2), Transition.RELEASE, "advanced"),
    ],
)
def test_remaining_documents_decide_the_outcome(progress, transition, outcome):
    ending = ended_well(a_job(NOW, attempts=3), progress, NOW)
    assert (ending.transition, ending.outcome) == (transition, outcome)
    assert ending.run_after == (NOW if transition is Transition.RELEASE else None)


def test_progress_and_stops_give_attempts_back():
    half = Progress(total=10, downloaded=4)
    assert ended_well(a_job(NOW, attempts=3), half, NOW).attempts == 0
    assert ended_early(a_job(NOW, attempts=3), half, NOW).attempts == 2


@pytest.mark.parametrize(
    ("error", "attempts", "transition"),
    [
        (SourceUnavailable("away"), 1, Transition.RELEASE),
        (SourceUnavailable("away"), 2, Transition.RELEASE),
        (SourceUnavailable("away"), 3, Transition.FAIL),
        (CompanyNotFound("unknown"), 1, Transition.FIND_NOTHING),
    ],
)
def test_failed_run_retries_until_attempts_end(error, attempts, transition):
    backoff = Backoff(base_seconds=10, cap_seconds=100)
    ending = ended_badly(a_job(NOW, attempts=attempts, max_attempts=3), Progress(), error, NOW, backoff)
    assert ending.transition is transition
    assert ending.error.kind == error.kind


@given(attempt=st.integers(1, 10_000), fraction=st.floats(0, 1))
def test_retry_delay_grows_to_a_cap(attempt, fraction):
    wait = Backoff(base_seconds=10, cap_seconds=900).delay(attempt, fraction)
    longest = min(900.0, 10 * 2.0 ** min(attempt - 1, 60))
    assert timedelta(seconds=longest / 2) <= wait <= timedelta(seconds=longest)


@pytest.mark.parametrize(
    ("progress", "status"),
    [
        (Progress(), "pending"),
        (Progress(total=2), "processing"),
        (Progress(total=2, downloaded=2), "completed"),
        (Progress(total=2, downloaded=1, failed=1), "partial"),
        (Progress(total=2, failed=2), "failed"),
    ],
)
def test_stage_status_follows_its_counts(progress, status):
    assert progress.stage_status == status


@pytest.mark.parametrize(
    ("file_name", "blob", "text"),
    [
        ("AOC-4.PDF", "document_1.pdf", "document_1.txt"),
        ("notes.txt", "document_1.txt", "document_1.text.txt"),
        ("none", "document_1.bin", "document_1.txt"),
        ("x.p/df", "document_1.bin", "document_1.txt"),
        ("a.हि", "document_1.bin", "document_1.txt"),
    ],
)
def test_blob_names_are_plain_and_unique(file_name, blob, text):
    filing = Filing(number=1, document_type="AOC-4", file_name=file_name)
    document = Document(id="d", job_id="j", cin="c", company_name="n", filing=filing)
    assert (document.blob_name, document.text_blob_name) == (f"jobs/189-j/{blob}", f"jobs/189-j/{text}")


def test_folders_of_simultaneous_jobs_are_far_apart():
    ids = [f"65a1f0c2b7e4d3a291f0{number:04x}" for number in range(64)]
    folders = [folders_of(each)[0] for each in ids]
    assert len({folder[:6] for folder in folders}) > 12  # "jobs/" and one digit of the hash
    assert [job_of_blob(f"{folder}document_1.pdf") for each in ids for folder in folders_of(each)] == [
        each for each in ids for _ in range(2)
    ]


def test_readings_stay_beside_originals_of_earlier_versions():
    filing = Filing(number=1, document_type="AOC-4", file_name="x.pdf")
    document = Document(
        id="d", job_id="j", cin="c", company_name="n", filing=filing, file=a_file("jobs/j/document_1.pdf")
    )
    assert (document.blob_name, document.text_blob_name) == ("jobs/j/document_1.pdf", "jobs/j/document_1.txt")
