"""A run's work and failure handling, with in-memory adapters."""

from __future__ import annotations

import math

import pytest

from jobs.adapters.memory import MemoryAuditLog
from jobs.domain.audit import Actor
from jobs.domain.document import folders_of
from jobs.domain.errors import BlobStoreUnavailable, DocumentUnavailable, DocumentUnreadable, SourceUnavailable
from jobs.domain.job import JobStatus, Progress, RunOutcome
from jobs.services import JobService
from tests.blobs import properties
from tests.making import some_filings
from tests.unit.worker.world import LEASE, ScriptedSource, World
from worker import pipeline


@pytest.mark.parametrize(("count", "fraction"), [(10, 0.35), (11, 0.35), (37, 0.35), (1, 0.35), (3, 1.0), (50, 0.01)])
def test_run_takes_its_share_rounded_up(world, count, fraction):
    world.source.count = count
    quota, done = math.ceil(count * fraction), 0
    while world.now().status is JobStatus.PENDING:
        world.run(run_fraction=fraction)
        done = min(count, done + quota)
        assert world.now().progress == Progress(total=count, downloaded=done)
    assert world.now().status is JobStatus.COMPLETED
    assert sorted(world.source.asked) == list(range(1, count + 1))
    assert [run.outcome for run in world.runs.of_job(world.job.id)][-1] is RunOutcome.COMPLETED
    assert sum(run.documents for run in world.runs.of_job(world.job.id)) == count


def test_document_is_stored_with_its_metadata(world):
    world.run(run_fraction=1)
    document = world.documents.of_job(world.job.id)[0]
    assert document.file.blob_name == folders_of(world.job.id)[0] + "document_1.pdf"
    with (
        world.blobs.open(document.file.blob_name) as original,
        world.blobs.open(document.reading.text_blob_name) as text,
    ):
        assert original.read() == text.read() == f"document 1 of {world.job.cin}".encode()
    assert document.file.checksum.startswith("sha256:")
    assert properties(world.blobs, document.file.blob_name).metadata["companyName"] == world.job.company_name


def test_unreadable_document_does_not_stop_others(world):
    def meet(filing, attempt):
        if filing.number in (2, 5):
            raise DocumentUnreadable("The PDF needs a password.")

    world.source.meet = meet
    assert world.run(run_fraction=1) is RunOutcome.COMPLETED
    assert world.stored() == [1, 3, 4, 6, 7, 8, 9, 10]
    assert world.now().status is JobStatus.PARTIAL
    assert world.now().last_error.message == "2 of 10 documents could not be retrieved."
    assert world.documents.of_job(world.job.id)[1].error.message == "The PDF needs a password."


def test_retry_fetches_only_missing_documents(world, clock):
    def meet(filing, attempt):
        if filing.number == 2:
            raise DocumentUnreadable("The PDF needs a password.")

    world.source.meet = meet
    world.run(run_fraction=1)
    world.source.meet, world.source.asked = (lambda filing, attempt: None), []
    service = JobService(
        jobs=world.jobs,
        documents=world.documents,
        runs=world.runs,
        audit=MemoryAuditLog(),
        blobs=lambda: world.blobs,
        clock=clock,
        new_id=str,
        max_attempts=3,
    )
    assert service.retry(world.job.id, Actor(name="tests")).progress == Progress(total=10, downloaded=9)
    assert world.run() is RunOutcome.COMPLETED
    assert world.source.asked == [2]


def test_failed_document_is_retried(world):
    def meet(filing, attempt):
        if filing.number == 3 and attempt < 3:
            raise DocumentUnavailable("not now")

    world.source.meet = meet
    outcomes = [world.run(run_fraction=0.5)]
    while world.now().status is JobStatus.PENDING:
        world.clock.advance(1000)
        outcomes.append(world.run(run_fraction=0.5))
    assert world.now().status is JobStatus.COMPLETED
    assert world.source.asked.count(3) == 3


def test_document_fails_after_its_attempts(world):
    def meet(filing, attempt):
        if filing.number == 3:
            raise DocumentUnavailable("not now")

    world.source.meet = meet
    while world.now().status is JobStatus.PENDING:
        world.run(run_fraction=1)
        world.clock.advance(1000)
    assert world.now().status is JobStatus.PARTIAL
    assert world.source.asked.count(3) == world.job.max_attempts
    assert len(world.stored()) == 9


def test_source_outage_fails_the_run_retryably(world):
    def away(*_):
        raise SourceUnavailable("The source does not answer.")

    world.source.filings = away
    assert world.run() is RunOutcome.FAILED
    assert world.now().status is JobStatus.PENDING
    assert world.now().run_after > world.clock()
    assert world.now().progress.total is None


def test_blob_outage_costs_no_document_attempt(world):
    def away(*_, **__):
        raise BlobStoreUnavailable("The blob store does not answer.")

    put, world.blobs.put = world.blobs.put, away
    assert world.run() is RunOutcome.FAILED
    assert {document.attempts for document in world.documents.of_job(world.job.id)} == {0}
    assert world.now().last_error.kind == "blob_store_unavailable"
    world.blobs.put = put
    world.clock.advance(1000)
    assert world.run() is RunOutcome.ADVANCED


def test_unexpected_error_is_recorded_and_retried(world):
    def defect(*_):
        raise ZeroDivisionError("oops")

    world.documents.to_download = defect
    assert world.run() is RunOutcome.FAILED
    assert world.now().last_error.kind == "unexpected"
    assert "oops" in world.now().last_error.message


def test_unexpected_document_error_fails_that_document(world):
    def meet(filing, attempt):
        if filing.number == 2:
            raise ZeroDivisionError("oops")

    world.source.meet = meet
    world.run(run_fraction=1)
    assert len(world.stored()) == 9
    assert world.documents.of_job(world.job.id)[1].error.kind == "unexpected"


def test_job_of_dying_workers_eventually_fails(world):
    for _ in range(world.job.max_attempts):
        world.jobs.claim_next("dies", LEASE)
        world.clock.advance(LEASE)
    assert world.run() is RunOutcome.FAILED
    assert world.now().last_error.kind == "worker_died"


class Killed(BaseException):
    """The worker's process ends here: nothing is recorded any more."""


@pytest.mark.parametrize("save_seconds", [0, 1000])
def test_killed_worker_that_stored_documents_costs_no_attempt(clock, monkeypatch, save_seconds):
    monkeypatch.setattr(pipeline, "_SAVE_SECONDS", save_seconds)
    world = World(clock, ScriptedSource(count=60))
    for _ in range(world.job.max_attempts + 2):
        before = len(world.stored())

        def meet(filing, attempt, before=before):
            if len(world.stored()) > before:
                raise Killed

        world.source.meet = meet
        with pytest.raises(Killed):
            world.run(run_fraction=1, concurrency=1)
        clock.advance(LEASE)
    world.source.meet = lambda filing, attempt: None
    assert world.run(run_fraction=1) is RunOutcome.COMPLETED


def test_interrupted_listing_is_repeated(world):
    job = world.jobs.claim_next("dies", LEASE)
    world.documents.add(job.lease, job, some_filings(4))  # 4 of 10, before the total is saved
    world.clock.advance(LEASE)
    world.run()
    assert world.now().progress == Progress(total=10, downloaded=4)


def test_company_without_filings_is_no_failure(world):
    world.source.count = 0
    assert world.run() is RunOutcome.COMPLETED
    assert world.now().status is JobStatus.NO_FILINGS
    assert world.now().progress == Progress(total=0)
    assert "no filings" in world.now().last_error.message


def test_progress_is_reported_during_the_run(world):
    calls = []
    job = world.jobs.claim_next("w", LEASE)
    world.pipeline(on_progress=lambda done, total: calls.append((done, total)), run_fraction=1).run(job)
    assert calls[0] == (0, 10)
    assert calls[-1] == (10, 10)
