"""Stops, cancellations and lost leases during a run, with in-memory adapters."""

from __future__ import annotations

import threading
import time

import pytest

from jobs.domain.errors import DatabaseUnavailable, LeaseLost
from jobs.domain.job import JobStatus, RunOutcome
from tests.unit.worker.world import LEASE
from worker.stopping import Reason


def test_stop_finishes_current_work_and_releases(world):
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


def test_hanging_download_is_abandoned_on_stop(world):
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


def test_overlong_run_fails(world):
    release = threading.Event()
    world.source.meet = lambda filing, attempt: release.wait(30)
    assert world.run(run_timeout_seconds=0.2, stop_seconds=0.1) is RunOutcome.FAILED
    assert world.now().last_error.kind == "run_timed_out"
    release.set()


def test_cancelled_job_stops_at_next_heartbeat(world):
    def meet(filing, attempt):
        world.jobs.cancel(world.job.id)
        deadline = time.monotonic() + 10
        while not world.stop and time.monotonic() < deadline:
            time.sleep(0.01)

    world.source.meet = meet
    assert world.run(run_fraction=1, lease_seconds=0.3) is RunOutcome.CANCELLED
    assert world.now().status is JobStatus.CANCELLED
    assert len(world.stored()) <= 4


def test_job_cancelled_before_start_never_begins(world):
    job = world.jobs.claim_next("w", LEASE)
    world.jobs.cancel(job.id)
    again = world.jobs.claim(job.id, "w", LEASE)
    assert world.pipeline().run(again) is RunOutcome.CANCELLED
    assert world.source.asked == []


def test_superseded_worker_writes_nothing_more(world):
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


def test_outage_longer_than_lease_loses_it(world):
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
