"""``run_scaler``, and ``run_local``, which runs everything on one machine."""

from __future__ import annotations

import os
import re
import signal
import socket
from pathlib import Path

import psutil
import pytest

from jobs.adapters.mongo import local_address
from jobs.domain.errors import DatabaseUnavailable
from jobs.domain.job import JobStatus
from tests.processes import wait_until
from tests.servers import free_port
from tests.servers.machine import Machine, stopped

pytestmark = pytest.mark.server


def test_scaler_finishes_all_jobs_then_exits(installation):
    job_ids = installation.order(3)
    done = installation.run("run_scaler", "--until-idle", MAX_WORKERS="2")
    assert done.returncode == 0, done.stderr
    assert {installation.app.jobs.get(job_id).status for job_id in job_ids} == {JobStatus.COMPLETED}
    assert {installation.app.jobs.get(job_id).runs for job_id in job_ids} == {3}
    workers = [int(number) for number in re.findall(r'"workers": (\d+)', done.stderr)]
    assert max(workers) == 2


def test_stopping_the_scaler_releases_its_jobs(installation):
    installation.order(2)
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "0.3", "WORKER_CONCURRENCY": "1"}
    with installation.start("run_scaler", **slow) as scaler:
        jobs = installation.app.jobs
        wait_until(lambda: jobs.count_by_status()[JobStatus.PROCESSING] == 2)
        workers = psutil.Process(scaler.pid).children()
        scaler.send_signal(signal.SIGTERM)
        scaler.communicate(timeout=60)
    assert scaler.returncode == 0
    assert not any(worker.is_running() for worker in workers)
    assert jobs.count_by_status()[JobStatus.PENDING] == 2


def test_killed_workers_files_are_removed(installation, tmp_path):
    installation.order(1)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "1", "TMPDIR": str(scratch)}
    with installation.start("run_scaler", **slow) as scaler:
        # Files come and go, and Python creates one to test the folder.
        seen: list[Path] = []
        wait_until(lambda: seen.extend(scratch.glob("filesure-*")) or seen)
        pid = int(seen[0].name.split("-")[1])
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(scratch.glob(f"filesure-{pid}-*")))
        scaler.send_signal(signal.SIGTERM)
        scaler.communicate(timeout=60)


@pytest.mark.own_mongodb
def test_local_run_keeps_its_data(data_dir):
    machine = Machine(data_dir)
    process = machine.start()
    assert machine.manage("create_jobs", "--count", "2").returncode == 0
    wait_until(lambda: machine.jobs_in("completed") == 2, 60)
    out = stopped(process)
    assert len(re.findall(r"password \S+ \(shown only this once\)", out)) == 1
    assert f"http://localhost:{machine.port}/\n" in out  # where passkeys work
    assert list((data_dir / "blobs" / "jobs").iterdir())

    again = machine.start()
    assert machine.jobs_in("completed") == 2
    assert "password" not in stopped(again)


@pytest.mark.own_mongodb
def test_second_local_run_is_refused(data_dir, tmp_path):
    machine = Machine(data_dir)
    process = machine.start()
    same_place = machine.manage("run_local", PORT=str(free_port()))
    assert (same_place.returncode, "is already running on DATA_DIR" in same_place.stderr) == (2, True)
    same_port = machine.manage("run_local", DATA_DIR=str(tmp_path / "other"))
    assert (same_port.returncode, f"Port {machine.port} is not free" in same_port.stderr) == (2, True)
    stopped(process)


@pytest.mark.own_mongodb
def test_killed_local_run_restarts_cleanly(data_dir):
    machine = Machine(data_dir)
    with machine.start() as process:
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        wait_until(lambda: not any(each.is_running() and each.status() != "zombie" for each in family), 30)
        process.communicate()
    with pytest.raises(DatabaseUnavailable):
        local_address.running_uri(data_dir)
    stopped(machine.start())


@pytest.mark.own_mongodb
def test_occupied_port_is_reported_before_starting(data_dir):
    machine = Machine(data_dir)
    with socket.socket() as other:
        other.bind(("127.0.0.1", machine.port))
        other.listen()
        done = machine.manage("run_local")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Port {machine.port} is not free")
    assert not (data_dir / "mongodb").exists()


@pytest.mark.own_mongodb
def test_mongodb_outage_at_start_is_one_sentence(data_dir):
    machine = Machine(data_dir)
    away = {"MONGODB_URI": "mongodb://127.0.0.1:9/", "MONGODB_TIMEOUT_SECONDS": "1"}
    done = machine.manage("run_local", **away)
    assert done.returncode == 1
    assert "MongoDB does not answer" in done.stderr
    assert "Traceback" not in done.stderr
