"""What is kept of a run: its last log lines, masked, and the times of its documents, however it ends."""

from __future__ import annotations

import logging
import threading

import pytest

from jobs.adapters.memory import MemoryRunRepository
from jobs.domain.errors import DatabaseUnavailable, LeaseLost, SourceUnavailable
from jobs.domain.job import Run, RunOutcome
from jobs.domain.run_details import LONGEST_LINE, MOST_DOCUMENTS, MOST_LINES, StepKind
from jobs.telemetry import masking
from worker.recording import Recording
from worker.stopping import Reason

logger = logging.getLogger("tests")


@pytest.fixture(autouse=True)
def level(caplog):
    caplog.set_level(logging.INFO)


@pytest.fixture
def runs() -> MemoryRunRepository:
    return MemoryRunRepository()


@pytest.fixture
def recording(runs, clock) -> Recording:
    return Recording(runs, Run(job_id="a" * 24, number=1, worker="w", fence=1, started_at=clock()))


def texts(runs: MemoryRunRepository, job_id: str = "a" * 24, number: int = 1) -> list[str]:
    details = runs.details(job_id, number)
    return [line.text for line in details.lines] if details else []


def test_last_lines_are_kept_and_shortened(recording, runs):
    with recording:
        for number in range(MOST_LINES + 5):
            logger.info("event", extra={"number": number, "jobId": "x"})
        logger.warning("long %s", "x" * 2_000)
    logger.info("after the run")
    recording.save()
    kept = texts(runs)
    assert len(kept) == MOST_LINES
    assert kept[0] == "event number=6"
    assert len(kept[-1]) == LONGEST_LINE
    assert runs.details("a" * 24, 1).lines[-1].level == "WARNING"


def test_faulty_record_stops_nothing(recording, runs, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with recording:
        recording.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
        logger.info("event")
    recording.save()
    assert texts(runs) == ["event"]


def test_secrets_and_pans_are_masked(recording, runs):
    masking.know(["the-secret-key"])
    with recording:
        logger.info("event", extra={"key": "the-secret-key", "reason": "PAN ABCPD1234E is wrong"})
        logger.error("run.unexpected", exc_info=ValueError("mongodb://user:hidden-one@host/"))
    recording.save()
    kept = "\n".join(texts(runs))
    assert "reason=PAN XXXXXX234E is wrong" in kept
    assert "ValueError: mongodb://user:***@host/" in kept
    assert "the-secret-key" not in kept
    assert "hidden-one" not in kept


def test_steps_beyond_the_limit_are_summed_up(recording, runs, world):
    world.source.count = MOST_DOCUMENTS + 3
    world.run(run_fraction=1)
    details = world.runs.details(world.job.id, 1)
    assert len(details.documents) == MOST_DOCUMENTS
    assert details.others == 3
    assert set(details.other_seconds) == set(StepKind)
    assert all(len(each.steps) == 3 for each in details.documents)


def test_details_are_kept_after_each_run(world):
    while world.run() is RunOutcome.ADVANCED:
        pass
    assert [len(world.runs.details(world.job.id, number).documents) for number in (1, 2, 3)] == [4, 4, 2]
    assert texts(world.runs, world.job.id)[:2] == ["run.started", "job.listed documents=10"]


def test_failed_run_keeps_its_log(world):
    def meet(*_: object) -> None:
        raise SourceUnavailable("down")

    world.source.meet = meet
    assert world.run() is RunOutcome.FAILED
    details = world.runs.details(world.job.id, 1)
    assert "run.started" in texts(world.runs, world.job.id)
    assert {step.kind for each in details.documents for step in each.steps} == {StepKind.DOWNLOAD}


@pytest.mark.parametrize("reason", [Reason.ASKED, Reason.CANCELLED, Reason.TIMED_OUT])
def test_stopped_run_keeps_its_log(world, reason):
    world.source.meet = lambda *_: world.stop.request(reason)
    world.run()
    assert "run.started" in texts(world.runs, world.job.id)


def test_run_that_lost_its_lease_keeps_its_log(world):
    world.source.meet = lambda *_: world.stop.request(Reason.LOST)
    with pytest.raises(LeaseLost):
        world.run()
    assert "run.started" in texts(world.runs, world.job.id)


def test_log_is_stored_with_a_heartbeat(world):
    """So that a worker that is killed leaves what it had logged."""
    stored = threading.Event()
    save = world.runs.save_details

    def saved(details):
        save(details)
        stored.set()

    world.runs.save_details = saved
    world.source.meet = lambda *_: stored.wait(20)
    world.run(lease_seconds=3)
    assert stored.is_set()


def test_unavailable_database_does_not_stop_a_run(world):
    def fail(_):
        raise DatabaseUnavailable("db:27017")

    world.runs.save_details = fail
    assert world.run() is RunOutcome.ADVANCED
