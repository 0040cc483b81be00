"""Runs, on the twins in memory: what one run does, and what it does when something goes wrong."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jobs.adapters.memory import MemoryAuditLog, MemoryDocumentRepository, MemoryJobRepository, MemoryRunRepository
from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.domain.audit import Actor
from jobs.domain.document import DocumentStatus, Extraction, Filing
from jobs.domain.ending import Backoff
from jobs.domain.errors import (
    BlobStoreUnavailable,
    DatabaseUnavailable,
    DocumentUnavailable,
    DocumentUnreadable,
    LeaseLost,
    SourceUnavailable,
)
from jobs.domain.job import JobStatus, Progress, RunOutcome
from jobs.services import JobService
from tests.making import a_job, some_filings
from worker.pipeline import Limits, Pipeline
from worker.stopping import Reason, Stop

LEASE = 60.0


class TextExtractor:
    """Reads the bytes as text."""

    def extract(self, path: Path, file_name: str) -> tuple[Extraction, str]:
        text = path.read_text()
        return Extraction(method="text", characters=len(text)), text

    def close(self) -> None:
        pass


@dataclass
class ScriptedSource:
    """A source with ``count`` filings. ``meet`` is called before each download."""

    count: int = 10
    meet: Callable[[Filing, int], None] = lambda filing, attempt: None
    asked: list[int] = field(default_factory=list)

    def filings(self, cin: str, company_name: str) -> list[Filing]:
        return some_filings(self.count)

    def download(self, cin: str, company_name: str, filing: Filing, attempt: int):
        self.asked.append(filing.number)
        self.meet(filing, attempt)
        yield f"document {filing.number} of {cin}".encode()

    def check(self) -> str:
        return "scripted"


@dataclass
class World:
    """Everything that outlives a run."""

    clock: Callable
    source: ScriptedSource = field(default_factory=ScriptedSource)

    def __post_init__(self) -> None:
        self.jobs = MemoryJobRepository(self.clock)
        self.documents = MemoryDocumentRepository(self.clock)
        self.runs = MemoryRunRepository()
        self.blobs = MemoryBlobStore()
        self.job = a_job(self.clock())
        self.jobs.add([self.job], again=False)

    def pipeline(self, **options) -> Pipeline:
        limits = {
            "concurrency": 4, "run_fraction": 0.35, "lease_seconds": LEASE, "stop_seconds": 5,
            "run_timeout_seconds": 60, "backoff": Backoff(base_seconds=10, cap_seconds=900),
        }  # fmt: skip
        self.stop = Stop()
        return Pipeline(
            jobs=self.jobs, documents=self.documents, runs=self.runs, blobs=self.blobs, source=self.source,
            extractor=TextExtractor(), clock=self.clock, limits=Limits(**{**limits, **options}), stop=self.stop,
        )  # fmt: skip

    def run(self, **options) -> RunOutcome:
        job = self.jobs.claim_next("w", LEASE)
        assert job is not None
        return self.pipeline(**options).run(job)

    def now(self):
        return self.jobs.get(self.job.id)

    def stored(self) -> list[int]:
        documents = self.documents.of_job(self.job.id)
        return [each.filing.number for each in documents if each.status is DocumentStatus.STORED]


@pytest.fixture
def world(clock) -> World:
    return World(clock)


@pytest.mark.parametrize(("count", "fraction"), [(10, 0.35), (11, 0.35), (37, 0.35), (1, 0.35), (3, 1.0), (50, 0.01)])
def test_each_run_has_its_share_of_all_documents_rounded_up(world, count, fraction):
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


def test_a_document_is_stored_with_its_text_checksum_and_metadata(world):
    world.run(run_fraction=1)
    document = world.documents.of_job(world.job.id)[0]
    assert document.file.blob_name == f"jobs/{world.job.id}/document_1.pdf"
    with world.blobs.open(document.file.blob_name) as original, world.blobs.open(document.file.text_blob_name) as text:
        assert original.read() == text.read() == f"document 1 of {world.job.cin}".encode()
    assert document.file.checksum.startswith("sha256:")
    assert world.blobs.properties(document.file.blob_name).metadata["companyName"] == world.job.company_name


def test_an_unreadable_document_fails_and_does_not_stop_the_others(world):
    def meet(filing, attempt):
        if filing.number in (2, 5):
            raise DocumentUnreadable("The PDF needs a password.")

    world.source.meet = meet
    assert world.run(run_fraction=1) is RunOutcome.FAILED
    assert world.stored() == [1, 3, 4, 6, 7, 8, 9, 10]
    assert world.now().status is JobStatus.FAILED
    assert world.now().last_error.message == "2 of 10 documents cannot be had."
    assert world.documents.of_job(world.job.id)[1].error.message == "The PDF needs a password."


def test_a_retry_fetches_only_what_is_missing(world, clock):
    def meet(filing, attempt):
        if filing.number == 2:
            raise DocumentUnreadable("The PDF needs a password.")

    world.source.meet = meet
    world.run(run_fraction=1)
    world.source.meet, world.source.asked = (lambda filing, attempt: None), []
    service = JobService(
        jobs=world.jobs, documents=world.documents, runs=world.runs, audit=MemoryAuditLog(), blobs=lambda: world.blobs,
        clock=clock, new_id=str, max_attempts=3,
    )  # fmt: skip
    assert service.retry(world.job.id, Actor(name="tests")).progress == Progress(total=10, downloaded=9)
    assert world.run() is RunOutcome.COMPLETED
    assert world.source.asked == [2]


def test_a_document_that_fails_now_and_then_is_tried_again(world):
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


def test_a_document_that_never_comes_fails_after_its_attempts(world):
    def meet(filing, attempt):
        if filing.number == 3:
            raise DocumentUnavailable("not now")

    world.source.meet = meet
    while world.now().status is JobStatus.PENDING:
        world.run(run_fraction=1)
        world.clock.advance(1000)
    assert world.now().status is JobStatus.FAILED
    assert world.source.asked.count(3) == world.job.max_attempts
    assert len(world.stored()) == 9


def test_a_source_that_is_away_fails_the_run_and_it_is_tried_later(world):
    def away(*_):
        raise SourceUnavailable("The source does not answer.")

    world.source.filings = away
    assert world.run() is RunOutcome.FAILED
    assert world.now().status is JobStatus.PENDING
    assert world.now().run_after > world.clock()
    assert world.now().progress.total is None


def test_a_blob_store_that_is_away_costs_no_documents_attempt(world):
    def away(*_, **__):
        raise BlobStoreUnavailable("The blob store does not answer.")

    put, world.blobs.put = world.blobs.put, away
    assert world.run() is RunOutcome.FAILED
    assert {document.attempts for document in world.documents.of_job(world.job.id)} == {0}
    assert world.now().last_error.kind == "blob_store_unavailable"
    world.blobs.put = put
    world.clock.advance(1000)
    assert world.run() is RunOutcome.ADVANCED


def test_a_defect_of_ours_is_recorded_and_tried_again(world):
    def defect(*_):
        raise ZeroDivisionError("oops")

    world.documents.to_download = defect
    assert world.run() is RunOutcome.FAILED
    assert world.now().last_error.kind == "unexpected"
    assert "oops" in world.now().last_error.message


def test_a_defect_on_one_document_ends_as_that_documents_failure(world):
    def meet(filing, attempt):
        if filing.number == 2:
            raise ZeroDivisionError("oops")

    world.source.meet = meet
    world.run(run_fraction=1)
    assert len(world.stored()) == 9
    assert world.documents.of_job(world.job.id)[1].error.kind == "unexpected"


def test_a_job_whose_workers_keep_dying_fails_in_the_end(world):
    for _ in range(world.job.max_attempts):
        world.jobs.claim_next("dies", LEASE)
        world.clock.advance(LEASE)
    assert world.run() is RunOutcome.FAILED
    assert world.now().last_error.kind == "worker_died"


def test_asked_to_stop_it_finishes_what_is_in_hand_and_gives_the_job_back(world):
    in_hand = threading.Barrier(4)

    def meet(filing, attempt):
        in_hand.wait(5)
        world.stop.request(Reason.ASKED)

    world.source.meet = meet
    assert world.run(run_fraction=1) is RunOutcome.RELEASED
    assert len(world.stored()) == 4
    after = world.now()
    assert (after.status, after.attempts, after.progress.downloaded) == ("pending", 0, 4)
    assert after.is_due(world.clock())


def test_what_hangs_is_left_behind_and_the_job_given_back(world):
    release = threading.Event()

    def meet(filing, attempt):
        world.stop.request(Reason.ASKED)
        release.wait(30)

    world.source.meet = meet
    job = world.jobs.claim_next("w", LEASE)
    pipeline = world.pipeline(stop_seconds=0.3)
    started = time.monotonic()
    assert pipeline.run(job) is RunOutcome.RELEASED
    assert time.monotonic() - started < 5
    release.set()


def test_a_run_that_takes_too_long_has_failed(world):
    release = threading.Event()
    world.source.meet = lambda filing, attempt: release.wait(30)
    assert world.run(run_timeout_seconds=0.2, stop_seconds=0.1) is RunOutcome.FAILED
    assert world.now().last_error.kind == "run_timed_out"
    release.set()


def test_a_cancelled_job_stops_at_the_next_heartbeat(world):
    def meet(filing, attempt):
        world.jobs.cancel(world.job.id)
        deadline = time.monotonic() + 10
        while not world.stop and time.monotonic() < deadline:
            time.sleep(0.01)

    world.source.meet = meet
    assert world.run(run_fraction=1, lease_seconds=0.3) is RunOutcome.CANCELLED
    assert world.now().status is JobStatus.CANCELLED
    assert len(world.stored()) <= 4


def test_a_job_that_is_cancelled_before_its_worker_starts_is_not_begun(world):
    job = world.jobs.claim_next("w", LEASE)
    world.jobs.cancel(job.id)
    again = world.jobs.claim(job.id, "w", LEASE)
    assert world.pipeline().run(again) is RunOutcome.CANCELLED
    assert world.source.asked == []


def test_a_worker_that_was_taken_over_writes_nothing_more(world):
    def meet(filing, attempt):
        if world.now().fence == 1:
            world.clock.advance(LEASE)
            taken = world.jobs.claim_next("other", LEASE)
            world.documents.take_over(taken.lease)

    world.source.meet = meet
    with pytest.raises(LeaseLost):
        world.run(concurrency=1)
    assert world.stored() == []
    assert world.now().locked_by == "other"
    assert [run.outcome for run in world.runs.of_job(world.job.id)] == [RunOutcome.LOST]


def test_mongodb_away_for_longer_than_the_lease_counts_as_a_lost_lease(world):
    def away(*_):
        raise DatabaseUnavailable("MongoDB does not answer.")

    def meet(filing, attempt):
        deadline = time.monotonic() + 10
        while world.stop.reason is not Reason.LOST and time.monotonic() < deadline:
            time.sleep(0.01)

    world.source.meet = meet
    world.jobs.renew = away
    with pytest.raises(LeaseLost):
        world.run(lease_seconds=0.3)
    assert world.stored() == []


def test_a_listing_that_was_cut_off_is_done_again(world):
    job = world.jobs.claim_next("dies", LEASE)
    world.documents.add(job.lease, job, some_filings(4))  # of 10, and the total is not saved
    world.clock.advance(LEASE)
    world.run()
    assert world.now().progress == Progress(total=10, downloaded=4)


def test_a_company_without_filings_fails_and_says_so(world):
    world.source.count = 0
    assert world.run() is RunOutcome.FAILED
    assert world.now().status is JobStatus.FAILED
    assert "no filings" in world.now().last_error.message


def test_progress_is_told_while_the_run_goes_on(world):
    told = []
    job = world.jobs.claim_next("w", LEASE)
    pipeline = world.pipeline(run_fraction=1)
    pipeline.on_progress = lambda done, total: told.append((done, total))
    pipeline.run(job)
    assert told[0] == (0, 10)
    assert told[-1] == (10, 10)
