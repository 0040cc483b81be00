"""What Prometheus reads: of a site with several processes, of workers that die, with MongoDB and without."""

from __future__ import annotations

import os
import random
import re
import signal
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from jobs.domain.job import JobStatus
from jobs.domain.metrics import CATALOGUE
from jobs.metrics import FilesureCollector
from tests.processes import wait_until
from tests.servers import free_port
from tests.servers.machine import Machine
from tests.servers.mongodb import embedded_mongodb

pytestmark = pytest.mark.server


def scraped(port: int, **headers: str) -> dict[str, float]:
    """Every sample, ``name{label=value,…}`` → value."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  of this machine
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {_name(sample): sample.value for family in families for sample in family.samples}


def _name(sample) -> str:
    labels = ",".join(f"{label}={value}" for label, value in sorted(sample.labels.items()))
    return f"{sample.name}{{{labels}}}" if labels else sample.name


def collected(app) -> dict[str, float]:
    families = FilesureCollector(
        lambda: app, version="1", revision="abc", site_url="https://filesure.example"
    ).collect()
    return {_name(sample): sample.value for family in families for sample in family.samples}


# --- exact, whoever dies


def test_jobs_and_uploads_are_counted_exactly_though_workers_are_killed(installation):
    job_ids, app = installation.order(6), installation.app
    chance = random.Random(11)
    settings = {"LEASE_SECONDS": "1", "MAX_ATTEMPTS": "100", "SIMULATED_SECONDS_PER_DOCUMENT": "0.3"}
    for _ in range(14):
        before = _runs(app)
        with installation.start("process_job", "--claim", **settings) as worker:
            wait_until(lambda: worker.poll() is not None or _runs(app) > before)  # noqa: B023  called here only
            time.sleep(chance.uniform(0, 0.6))
            worker.kill()
            worker.communicate()
        collected(app)  # a scrape now and then, as in life
    deadline = time.monotonic() + 90
    while app.jobs.has_unfinished() and time.monotonic() < deadline:
        assert installation.run("process_job", "--claim", **settings).returncode == 0
    told, jobs = collected(app), list(app.database["jobs"].find())
    states = Counter(job["jobStatus"] for job in jobs)
    stored = app.database["documents"].count_documents({"status": "stored"})
    assert {state: told[f"filesure_jobs{{state={state}}}"] for state in states} == states
    assert told["filesure_jobs_created_total"] == len(job_ids)
    assert told["filesure_jobs_completed_total"] == states["completed"]
    assert told["filesure_jobs_claimed_total"] == _runs(app)
    assert told["filesure_documents_stored_total"] == told["filesure_documents{state=stored}"] == stored > 0
    assert told["filesure_leases_taken_over_total"] > 0
    # What workers count by themselves: a worker that is killed takes some of it along, and nothing is doubled.
    attempted = app.database["documents"].count_documents({})
    assert 0 < told["filesure_documents_uploaded_total"] <= attempted + 14 * 16


def _runs(app) -> int:
    return sum(job["runs"] for job in app.database["jobs"].find())


def test_a_run_that_ends_by_itself_loses_nothing(installation):
    (job_id,), app = installation.order(), installation.app
    while app.jobs.has_unfinished():
        assert installation.run("process_job", "--claim").returncode == 0
    assert installation.run("process_job", "--claim").returncode == 0  # nothing to do
    told, job = collected(app), app.jobs.get(job_id)
    stored = job.progress.downloaded
    events = ("listed", "downloaded", "uploaded", "stored")
    assert {told[f"filesure_documents_{event}_total"] for event in events} == {stored}
    assert told["filesure_documents_extracted_total{method=pdfium}"] == stored
    size = sum(document["fileSize"] for document in app.database["documents"].find())
    assert told["filesure_downloaded_bytes_total"] == told["filesure_uploaded_bytes_total"] == size
    assert told["filesure_runs_total{outcome=advanced}"] == job.runs - 1
    assert told["filesure_runs_total{outcome=completed}"] == 1
    for name in ("run", "claim", "job_completion", "document_download", "document_upload"):
        assert told[f"filesure_{name}_duration_seconds_sum"] > 0
    assert told["filesure_run_duration_seconds_count"] == told["filesure_job_queue_wait_seconds_count"] == job.runs
    assert told["filesure_claim_duration_seconds_count"] == job.runs + 1
    assert told["filesure_blob_operations_total{operation=put,outcome=ok}"] >= stored
    assert told["filesure_mongodb_commands_total{command=findAndModify,outcome=ok}"] >= job.runs


def test_everything_in_the_table_is_exported_and_nothing_else(installation):
    installation.order()
    installation.run("process_job", "--claim")
    told = {re.sub(r"_(bucket|sum|count)$", "", name.split("{")[0]) for name in collected(installation.app)}
    assert told == {family.full_name for family in CATALOGUE}


def _quickest(scrape):
    """What was told, and the seconds of the quickest of three: a busy machine may hold one up."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        told = scrape()
        took.append(time.monotonic() - began)
    return told, min(took)


def test_with_mongodb_away_that_is_told_and_soon(installation):
    uri = f"mongodb://127.0.0.1:{free_port()}/"
    away = type(installation.app)(type(installation.app.configuration)(mongodb_uri=uri))
    told, seconds = _quickest(lambda: collected(away))
    assert seconds < 2
    away.database.client.close()
    assert told["filesure_collector_success"] == 0
    assert told["filesure_build_info{revision=abc,version=1}"] == 1
    assert told["filesure_site_info{url=https://filesure.example}"] == 1
    assert not any(name.startswith("filesure_jobs") for name in told)


# --- a worker's own


def test_a_worker_shows_its_metrics_while_it_runs_and_lingers(installation):
    (job_id,), port = installation.order(), free_port()
    settings = {"METRICS_PORT": str(port), "METRICS_HOST": "127.0.0.1", "METRICS_LINGER_SECONDS": "3000"}
    with installation.start("process_job", job_id, **settings) as worker:
        wait_until(lambda: _is_up(port) and scraped(port)["filesure_worker_runs_total{outcome=advanced}"] == 1)
        told = scraped(port)
        assert told["filesure_worker_documents_uploaded_total"] > 0
        assert {name for name in told if not name.startswith("filesure_worker_")} == set()
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)
    assert worker.returncode == 0


def _is_up(port: int) -> bool:
    try:
        scraped(port)
    except OSError:
        return False
    return True


def test_a_port_that_is_taken_does_not_keep_a_worker_from_working(installation):
    (job_id,), port = installation.order(), free_port()
    settings = {"METRICS_PORT": str(port), "METRICS_HOST": "127.0.0.1"}
    with installation.start("process_job", job_id, METRICS_LINGER_SECONDS="60", **settings) as first:
        wait_until(lambda: _is_up(port))
        wait_until(lambda: installation.app.jobs.get(job_id).status is JobStatus.PENDING)
        second = installation.run("process_job", job_id, **settings)
        first.kill()
    assert second.returncode == 0
    assert "metrics.not_served" in second.stderr
    assert collected(installation.app)["filesure_runs_total{outcome=advanced}"] == 2


# --- the site


def test_several_processes_give_one_answer_also_after_one_of_them_died(tmp_path):
    machine = Machine(tmp_path / "data", WEB_PROCESSES="3", MAX_WORKERS="1")
    with (tmp_path / "output.txt").open("w") as output:
        process = machine.start(output)
    try:
        before = _healthz(machine)
        for _ in range(30):
            machine.get("/healthz")
        assert {_healthz(machine) - before for _ in range(10)} == {30}

        gunicorn = _gunicorn(process.pid)
        os.kill(gunicorn.children()[0].pid, signal.SIGKILL)
        wait_until(lambda: len(gunicorn.children()) == 3 and machine.get("/healthz") == 200)
        for _ in range(30):
            machine.get("/healthz")
        (after,) = {_healthz(machine) - before for _ in range(10)}
        assert after > 60
        files = list(_metrics_dir(gunicorn).glob("counter_*.db"))
        assert sorted(file.name for file in files) == ["counter_0.db", "counter_1.db", "counter_2.db"]
        folder = _metrics_dir(gunicorn)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(40)
    assert not folder.exists()


def _healthz(machine: Machine) -> float:
    told: dict[str, float] = {}

    def succeeds() -> bool:
        """On a machine that is too busy MongoDB's part may be missing from one scrape."""
        told.update(scraped(machine.port, Host="10.1.2.3:5001"))  # as Prometheus calls a pod
        return told["filesure_collector_success"] == 1

    wait_until(succeeds)
    name = "django_http_requests_total_by_view_transport_method_total{method=GET,transport=http,view=healthz}"
    return told.get(name, 0)


def _gunicorn(pid: int) -> psutil.Process:
    children = psutil.Process(pid).children(recursive=True)
    return next(each for each in children if "gunicorn" in " ".join(each.cmdline()) and each.children())


def _metrics_dir(gunicorn: psutil.Process) -> Path:
    files = (Path(file.path) for file in gunicorn.children()[0].open_files())
    return next(file.parent for file in files if file.match("filesure-metrics-*/counter_*.db"))


def test_the_site_answers_though_mongodb_is_away(tmp_path):
    with ExitStack() as mongodb:
        uri = mongodb.enter_context(embedded_mongodb(tmp_path))
        machine = Machine(tmp_path / "data", MONGODB_URI=uri)
        with (tmp_path / "output.txt").open("w") as output:
            process = machine.start(output)
        try:
            mongodb.close()
            told, seconds = _quickest(lambda: scraped(machine.port))
            assert seconds < 2
            assert told["filesure_collector_success"] == 0
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(40)


def test_who_is_not_prometheus_gets_in_by_its_right_name_only(client, settings):
    settings.ALLOWED_HOSTS = ["filesure.example"]
    assert client.get("/metrics", headers={"host": "10.1.2.3:5001"}).status_code == 200
    assert client.get("/login/", headers={"host": "10.1.2.3:5001"}).status_code == 400
