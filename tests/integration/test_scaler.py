"""The local scaler's prepared process, and what wakes it."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

import psutil
import pytest

from jobs.adapters import local_scaler
from jobs.domain.audit import Actor
from jobs.domain.job import JobStatus
from jobs.domain.sources import BreakerRule
from tests.processes import wait_until
from worker.waking import Alarm
from worker.workers import Fork

pytestmark = pytest.mark.server
SLOW = {"SIMULATED_SECONDS_PER_DOCUMENT": "0.3", "WORKER_CONCURRENCY": "1"}


@pytest.fixture
def fork(installation, monkeypatch):
    for name, value in {**installation.environment, **SLOW}.items():
        monkeypatch.setenv(name, value)
    fork = Fork()
    fork.prepare()
    yield fork
    fork.close()


def test_idle_worker_ends_with_0(fork):
    worker = fork.start(0)
    assert worker.wait(60) == 0
    assert worker.poll() == worker.returncode == 0


def test_worker_is_a_process_of_its_own(fork, installation):
    (job_id,) = installation.order(1)
    worker = fork.start(0)
    process = psutil.Process(worker.pid)
    wait_until(lambda: installation.app.jobs.get(job_id).status is JobStatus.PROCESSING)
    assert os.getsid(worker.pid) == worker.pid
    assert process.ppid() != os.getpid()
    worker.terminate()
    assert worker.wait(60) == 0
    assert installation.app.jobs.get(job_id).status is JobStatus.PENDING


def test_killed_worker_has_its_signal_as_code(fork, installation):
    (job_id,) = installation.order(1)
    worker = fork.start(0)
    wait_until(lambda: installation.app.jobs.get(job_id).status is JobStatus.PROCESSING)
    worker.kill()
    assert worker.wait(60) == -signal.SIGKILL


def test_lost_prepared_process_is_replaced(fork, installation):
    (job_id,) = installation.order(1)
    first = fork.start(0)
    wait_until(lambda: installation.app.jobs.get(job_id).status is JobStatus.PROCESSING)
    psutil.Process(first.pid).parent().kill()
    wait_until(lambda: fork.collect(0) or fork.fileno() < 0)
    assert first.poll() is None
    assert fork.start(1).wait(60) == 0
    first.kill()
    assert first.wait(60) == -signal.SIGKILL


def test_order_wakes_the_scaler_at_once(installation):
    alarm = Alarm(installation.app.configuration.data_dir)
    assert not alarm.wait(0)
    local_scaler.wake(installation.app.configuration.data_dir)
    began = time.monotonic()
    assert not alarm.wait(30)
    assert time.monotonic() - began < 5
    alarm.set()
    assert alarm.wait(30)


def test_end_of_a_pause_and_of_a_hold_wakes_the_scaler(installation):
    app, staff = installation.app, Actor(name="asha")
    pipe = local_scaler.open_pipe(app.configuration.data_dir)
    app.pausing.pause(minutes=5, reason="Maintenance.", actor=staff)
    with pytest.raises(BlockingIOError):
        os.read(pipe, 10)
    app.pausing.resume(None, staff)
    assert os.read(pipe, 10)
    app.breakers.fail("simulated", "Down.", BreakerRule(failures=1, first=timedelta(300), longest=timedelta(900)))
    app.pausing.release(staff)
    assert os.read(pipe, 10)
    os.close(pipe)


def test_order_without_a_scaler_does_not_wait(tmp_path):
    local_scaler.wake(tmp_path)
    os.mkfifo(tmp_path / "scaler.wake")
    local_scaler.wake(tmp_path)


def test_scaler_starts_an_order_long_before_its_poll(installation):
    with installation.start("run_scaler", POLL_SECONDS="60") as scaler:
        wait_until((installation.app.configuration.data_dir / "scaler.wake").exists)
        time.sleep(1)
        (job_id,) = installation.order(1)
        wait_until(lambda: installation.app.jobs.get(job_id).status is JobStatus.COMPLETED, 45)
        scaler.send_signal(signal.SIGTERM)
        scaler.communicate(timeout=60)
