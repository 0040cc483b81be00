"""States, transitions, and what a run's end means."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.domain.document import Document, Filing
from jobs.domain.ending import Backoff, ended_badly, ended_early, ended_well
from jobs.domain.errors import CompanyNotFound, SourceUnavailable
from jobs.domain.job import TRANSITIONS, JobStatus, Progress, Transition
from tests.making import a_job

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ALLOWED = {
    Transition.CLAIM: ({"pending", "processing"}, "processing"),
    Transition.RELEASE: ({"processing"}, "pending"),
    Transition.COMPLETE: ({"processing"}, "completed"),
    Transition.FAIL: ({"processing"}, "failed"),
    Transition.CANCEL: ({"pending", "processing"}, "cancelled"),
    Transition.RETRY: ({"failed", "cancelled"}, "pending"),
}


@pytest.mark.parametrize(("transition", "status"), list(itertools.product(Transition, JobStatus)))
def test_the_table_allows_these_transitions_and_no_other(transition, status):
    sources, target = ALLOWED[transition]
    assert (status in TRANSITIONS[transition].sources) == (status in sources)
    assert TRANSITIONS[transition].target == target


@pytest.mark.parametrize(
    ("progress", "transition", "outcome"),
    [
        (Progress(total=10, downloaded=4), Transition.RELEASE, "advanced"),
        (Progress(total=10, downloaded=10), Transition.COMPLETE, "completed"),
        (Progress(total=10, downloaded=8, failed=2), Transition.FAIL, "failed"),
        (Progress(total=10, downloaded=4, failed=2), Transition.RELEASE, "advanced"),
    ],
)
def test_a_run_that_did_what_it_could_ends_by_what_is_left(progress, transition, outcome):
    ending = ended_well(a_job(NOW, attempts=3), progress, NOW)
    assert (ending.transition, ending.outcome) == (transition, outcome)
    assert ending.run_after == (NOW if transition is Transition.RELEASE else None)


def test_progress_resets_the_attempts_and_a_stop_takes_one_back():
    half = Progress(total=10, downloaded=4)
    assert ended_well(a_job(NOW, attempts=3), half, NOW).attempts == 0
    assert ended_early(a_job(NOW, attempts=3), half, NOW).attempts == 2


@pytest.mark.parametrize(
    ("error", "attempts", "transition"),
    [
        (SourceUnavailable("away"), 1, Transition.RELEASE),
        (SourceUnavailable("away"), 2, Transition.RELEASE),
        (SourceUnavailable("away"), 3, Transition.FAIL),
        (CompanyNotFound("unknown"), 1, Transition.FAIL),
    ],
)
def test_a_failed_run_is_retried_until_its_attempts_are_used_up(error, attempts, transition):
    backoff = Backoff(base_seconds=10, cap_seconds=100)
    ending = ended_badly(a_job(NOW, attempts=attempts, max_attempts=3), Progress(), error, NOW, backoff)
    assert ending.transition is transition
    assert ending.error.kind == error.kind


@given(attempt=st.integers(1, 10_000), fraction=st.floats(0, 1))
def test_the_wait_grows_is_capped_and_never_gone(attempt, fraction):
    wait = Backoff(base_seconds=10, cap_seconds=900).delay(attempt, fraction)
    longest = min(900.0, 10 * 2.0 ** min(attempt - 1, 60))
    assert timedelta(seconds=longest / 2) <= wait <= timedelta(seconds=longest)


@pytest.mark.parametrize(
    ("progress", "status"),
    [
        (Progress(), "pending"), (Progress(total=2), "processing"), (Progress(total=2, downloaded=2), "completed"),
        (Progress(total=2, downloaded=1, failed=1), "failed"),
    ],
)  # fmt: skip
def test_a_stages_status_follows_from_its_counts(progress, status):
    assert progress.stage_status == status


@pytest.mark.parametrize(
    ("file_name", "blob", "text"),
    [
        ("AOC-4.PDF", "jobs/j/document_1.pdf", "jobs/j/document_1.txt"),
        ("notes.txt", "jobs/j/document_1.txt", "jobs/j/document_1.text.txt"),
        ("none", "jobs/j/document_1.bin", "jobs/j/document_1.txt"),
        ("x.p/df", "jobs/j/document_1.bin", "jobs/j/document_1.txt"),
        ("a.हि", "jobs/j/document_1.bin", "jobs/j/document_1.txt"),
    ],
)
def test_blob_names_are_plain_and_never_collide(file_name, blob, text):
    filing = Filing(number=1, document_type="AOC-4", file_name=file_name)
    document = Document(id="d", job_id="j", cin="c", company_name="n", filing=filing)
    assert (document.blob_name, document.text_blob_name) == (blob, text)
