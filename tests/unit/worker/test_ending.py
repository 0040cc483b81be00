"""After a run has ended in any way, nothing is written for it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest

from jobs.adapters.memory import MemoryAuditLog
from jobs.domain.audit import Actor
from jobs.domain.document import DocumentStatus
from jobs.domain.errors import DocumentUnavailable, LeaseLost
from jobs.domain.job import JobStatus, RunOutcome
from jobs.services import JobService
from tests.making import some_filings
from tests.unit.worker.world import LEASE, TextExtractor, World
from worker import waiting
from worker.stopping import Reason, Stop
from worker.waiting import Deadline


class QueuedExtractor(TextExtractor):
    """Like a PDF reader with a long queue: no request is served before it is closed."""

    def __init__(self, all_wait: int) -> None:
        self.closed = threading.Event()
        self.queue = threading.Barrier(all_wait + 1)

    def read(self, path, file_name, *, spool):
        self.queue.wait(30)
        assert self.closed.wait(30)
        raise DocumentUnavailable("The reader was closed.")

    def close(self) -> None:
        self.closed.set()


def join_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join(30)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (Reason.ASKED, RunOutcome.RELEASED),
        (Reason.CANCELLED, RunOutcome.CANCELLED),
        (Reason.TIMED_OUT, RunOutcome.FAILED),
    ],
)
def test_waiting_documents_are_charged_no_attempt(world, reason, outcome):
    world.source.count = 4
    job, extractor = world.jobs.claim_next("w", LEASE), QueuedExtractor(4)
    pipeline = world.pipeline(extractor=extractor, run_fraction=1, stop_seconds=0.1)
    threading.Thread(target=lambda: (extractor.queue.wait(30), world.stop.request(reason))).start()
    assert pipeline.run(job) is outcome
    pipeline.close()
    join_threads()
    documents = world.documents.of_job(job.id)
    assert [(each.status, each.attempts, each.error) for each in documents] == [(DocumentStatus.STORED, 0, None)] * 4
    assert [each.reading for each in documents] == [None] * 4


def test_write_in_flight_is_refused_after_the_run(world):
    """The thread has passed all its checks when the run ends."""
    world.source.count = 1
    ended, refused = threading.Event(), []
    save_stored = world.documents.save_stored

    def late(*arguments):
        world.stop.request(Reason.ASKED)
        assert ended.wait(30)
        try:
            save_stored(*arguments)
        except LeaseLost as error:
            refused.append(error)
            raise

    world.documents.save_stored = late
    assert world.run(stop_seconds=0.1) is RunOutcome.RELEASED
    ended.set()
    join_threads()
    assert len(refused) == 1
    assert world.stored() == []


def service(world: World) -> JobService:
    return JobService(
        jobs=world.jobs,
        documents=world.documents,
        runs=world.runs,
        audit=MemoryAuditLog(),
        blobs=lambda: world.blobs,
        clock=world.clock,
        new_id=str,
        max_attempts=3,
    )


@pytest.fixture
def asleep(monkeypatch) -> list[float]:
    """Seconds for which this process was frozen."""
    seconds = [0.0]
    monkeypatch.setattr("worker.hold.now", lambda: time.monotonic() + sum(seconds))
    return seconds


def cancel_and_delete(world: World) -> None:
    world.clock.advance(LEASE)
    service(world).cancel(world.job.id, Actor(name="tests"))
    service(world).delete(world.job.id, Actor(name="tests"))


def nothing_is_left(world: World) -> None:
    assert list(world.blobs.names("")) == []
    assert world.documents.of_job(world.job.id) == []
    assert world.runs.of_job(world.job.id) == []


def test_worker_frozen_while_downloading_leaves_nothing(world, asleep):
    def meet(_filing, _attempt):
        if not sum(asleep):
            asleep.append(LEASE)
            cancel_and_delete(world)

    world.source.meet = meet
    with pytest.raises(LeaseLost):
        world.run(concurrency=1)
    join_threads()
    nothing_is_left(world)


@pytest.mark.parametrize("noticed", [True, False])
def test_worker_frozen_while_listing_leaves_nothing(world, asleep, noticed):
    def filings(*_):
        if noticed:
            asleep.append(LEASE)
        cancel_and_delete(world)
        return some_filings(3)

    world.source.filings = filings
    with pytest.raises(LeaseLost):
        world.run()
    nothing_is_left(world)


def test_killed_workers_run_is_lost_when_cancelled(world):
    job = world.jobs.claim_next("dies", LEASE)
    pipeline = world.pipeline()
    world.jobs.end = world.documents.to_download = killed
    with pytest.raises(SystemExit):
        pipeline.run(job)
    assert [run.outcome for run in world.runs.of_job(job.id)] == [None]
    world.clock.advance(LEASE)
    assert service(world).cancel(job.id, Actor(name="tests")).status is JobStatus.CANCELLED
    assert [run.outcome for run in world.runs.of_job(job.id)] == [RunOutcome.LOST]


def killed(*_):
    raise SystemExit


def test_listing_and_fetching_share_one_time_limit(monkeypatch):
    class Clock:
        now = 0.0

        @classmethod
        def monotonic(cls) -> float:
            return cls.now

    monkeypatch.setattr(waiting, "time", Clock)
    stop, listing = Stop(), Future()
    deadline = Deadline(stop, run_timeout_seconds=900, stop_seconds=0)
    listing.set_result("filings")
    Clock.now = 899.0
    assert (deadline.result(listing), stop.reason) == ("filings", None)
    Clock.now = 900.0
    assert deadline.result(Future()) is None
    assert stop.reason is Reason.TIMED_OUT
