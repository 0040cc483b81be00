"""What Prometheus reads from a site with several processes and from workers that die, with and without MongoDB."""

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

from jobs.domain.job import Job, JobStatus
from jobs.telemetry.metrics import CATALOGUE
from jobs.web.collector import FilesureCollector
from tests.processes import wait_until
from tests.servers import free_port
from tests.servers.machine import Machine
from tests.servers.mongodb import embedded_mongodb

pytestmark = pytest.mark.server


def scraped(port: int, **headers: str) -> dict[str, float]:
    """Every sample, ``name{label=value,…}`` → value."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  a local URL
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


def counted(app) -> dict[str, float]:
    """A complete scrape: MongoDB on a busy machine may not answer the first one in time."""
    found: dict[str, float] = {}
    wait_until(lambda: found.update(collected(app)) or found["filesure_collector_success"])
    return found


# --- exact, whichever process dies


def test_counts_stay_exact_when_workers_die(installation):
    job_ids, app, kills = installation.order(4, MAX_ATTEMPTS="100"), installation.app, 10
    chance = random.Random(11)
    settings = {"LEASE_SECONDS": "1", "SIMULATED_SECONDS_PER_DOCUMENT": "0.3"}
    for _ in range(kills):
        before = _runs(app)
        with installation.start("process_job", "--claim", **settings) as worker:
            wait_until(lambda: worker.poll() is not None or _runs(app) > before)  # noqa: B023  called here only
            time.sleep(chance.uniform(0, 0.6))
            worker.kill()
            worker.communicate()
        collected(app)  # an occasional scrape, as in production
    # Those may have died before they recorded their run. This one leaves a run for another to take over.
    settings, recorded = settings | {"SIMULATED_SECONDS_PER_DOCUMENT": "9"}, _open_runs(app)
    while not _open_runs(app) - recorded:
        with installation.start("process_job", "--claim", **settings) as worker:
            wait_until(lambda: worker.poll() is not None or _open_runs(app) - recorded)
            worker.kill()
    deadline = time.monotonic() + 90
    while app.jobs.has_unfinished() and time.monotonic() < deadline:
        done = installation.run("process_job", "--claim", LEASE_SECONDS="1")
        assert done.returncode == 0, done.stderr
    counts, jobs = counted(app), list(app.database["jobs"].find())
    states = Counter(job["jobStatus"] for job in jobs)
    stored = app.database["documents"].count_documents({"status": "stored", "parentNumber": {"$exists": False}})
    assert {state: counts[f"filesure_jobs{{state={state}}}"] for state in states} == states
    assert counts["filesure_jobs_created_total"] == len(job_ids)
    assert counts["filesure_jobs_completed_total"] == states["completed"]
    assert counts["filesure_jobs_claimed_total"] == _runs(app)
    assert counts["filesure_documents_stored_total"] == counts["filesure_documents{state=stored}"] == stored > 0
    assert counts["filesure_leases_taken_over_total"] > 0
    # A killed worker loses some of its own counts; none is counted twice.
    attempted = app.database["documents"].count_documents({"parentNumber": {"$exists": False}})
    assert 0 < counts["filesure_documents_uploaded_total"] <= attempted + (kills + 1) * 16


def _runs(app) -> int:
    return sum(job["runs"] for job in app.database["jobs"].find())


def _open_runs(app) -> set[tuple[str, int]]:
    return {(run["jobId"], run["fence"]) for run in app.database["runs"].find({"outcome": {"$exists": False}})}


def test_finished_run_loses_no_counts(installation):
    (job_id,), app = installation.order(), installation.app
    while app.jobs.has_unfinished():
        assert installation.run("process_job", "--claim").returncode == 0
    assert installation.run("process_job", "--claim").returncode == 0  # nothing to do
    counts, job = counted(app), app.jobs.get(job_id)
    stored = job.progress.downloaded
    events = ("listed", "downloaded", "uploaded", "stored")
    assert {counts[f"filesure_documents_{event}_total"] for event in events} == {stored}
    readings = {name: number for name, number in counts.items() if name.startswith("filesure_readings_total{")}
    assert sum(readings.values()) == stored
    size = sum(
        document["fileSize"] for document in app.database["documents"].find({"parentNumber": {"$exists": False}})
    )
    assert counts["filesure_downloaded_bytes_total"] == counts["filesure_uploaded_bytes_total"] == size
    assert counts["filesure_runs_total{outcome=advanced}"] == job.runs - 1
    assert counts["filesure_runs_total{outcome=completed}"] == 1
    for name in ("run", "claim", "job_completion", "document_download", "document_upload"):
        assert counts[f"filesure_{name}_duration_seconds_sum"] > 0
    assert counts["filesure_run_duration_seconds_count"] == counts["filesure_job_queue_wait_seconds_count"] == job.runs
    assert counts["filesure_claim_duration_seconds_count"] == job.runs + 1
    assert counts["filesure_blob_operations_total{operation=put,outcome=ok}"] >= stored
    assert counts["filesure_mongodb_commands_total{command=findAndModify,outcome=ok}"] >= job.runs


def test_exports_match_the_metrics_table(installation):
    installation.order()
    installation.run("process_job", "--claim")
    counts = {re.sub(r"_(bucket|sum|count)$", "", name.split("{")[0]) for name in counted(installation.app)}
    assert counts == {family.name for family in CATALOGUE}


def _fastest(scrape):
    """The samples and duration of the fastest of three scrapes, since a busy machine may delay one."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        counts = scrape()
        took.append(time.monotonic() - began)
    return counts, min(took)


def test_mongodb_outage_is_scraped_quickly(installation):
    uri = f"mongodb://127.0.0.1:{free_port()}/"
    away = type(installation.app)(type(installation.app.configuration)(mongodb_uri=uri))
    counts, seconds = _fastest(lambda: collected(away))
    assert seconds < 2
    away.database.client.close()
    assert counts["filesure_collector_success"] == 0
    assert counts["filesure_build_info{revision=abc,version=1}"] == 1
    assert counts["filesure_site_info{url=https://filesure.example}"] == 1
    assert not any(name.startswith("filesure_jobs") for name in counts)


# --- a worker's own metrics


def test_worker_serves_metrics_until_it_exits(installation):
    (job_id,), port = installation.order(), free_port()
    settings = {"METRICS_PORT": str(port), "METRICS_HOST": "127.0.0.1", "METRICS_LINGER_SECONDS": "3000"}
    with installation.start("process_job", job_id, **settings) as worker:
        wait_until(lambda: _is_up(port) and scraped(port)["filesure_worker_runs_total{outcome=advanced}"] == 1)
        counts = scraped(port)
        assert counts["filesure_worker_documents_uploaded_total"] > 0
        assert {name for name in counts if not name.startswith("filesure_worker_")} == set()
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)
    assert worker.returncode == 0


def _is_up(port: int) -> bool:
    try:
        scraped(port)
    except OSError:
        return False
    return True


def _is_between_runs(job: Job) -> bool:
    return job.status is JobStatus.PENDING and job.runs > 0


def test_occupied_metrics_port_does_not_stop_work(installation):
    (job_id,), port = installation.order(), free_port()
    settings = {"METRICS_PORT": str(port), "METRICS_HOST": "127.0.0.1"}
    with installation.start("process_job", job_id, METRICS_LINGER_SECONDS="60", **settings) as first:
        wait_until(lambda: _is_up(port))
        wait_until(lambda: _is_between_runs(installation.app.jobs.get(job_id)))
        second = installation.run("process_job", job_id, **settings)
        first.kill()
    assert second.returncode == 0
    assert "metrics.not_served" in second.stderr
    assert counted(installation.app)["filesure_runs_total{outcome=advanced}"] == 2


# --- the site


@pytest.mark.own_mongodb
def test_processes_share_one_answer_despite_deaths(tmp_path):
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
    counts: dict[str, float] = {}

    def succeeds() -> bool:
        """On a busy machine, a scrape may lack MongoDB's part."""
        counts.update(scraped(machine.port, Host="10.1.2.3:5001"))  # the host name in Prometheus's requests to a pod
        return counts["filesure_collector_success"] == 1

    wait_until(succeeds)
    name = "django_http_requests_total_by_view_transport_method_total{method=GET,transport=http,view=healthz}"
    return counts.get(name, 0)


def _gunicorn(pid: int) -> psutil.Process:
    children = psutil.Process(pid).children(recursive=True)
    return next(each for each in children if "gunicorn" in " ".join(each.cmdline()) and each.children())


def _metrics_dir(gunicorn: psutil.Process) -> Path:
    files = (Path(file.path) for file in gunicorn.children()[0].open_files())
    return next(file.parent for file in files if file.match("filesure-metrics-*/counter_*.db"))


@pytest.mark.own_mongodb
def test_site_answers_during_a_mongodb_outage(tmp_path):
    with ExitStack() as mongodb:
        uri = mongodb.enter_context(embedded_mongodb(tmp_path))
        machine = Machine(tmp_path / "data", MONGODB_URI=uri)
        with (tmp_path / "output.txt").open("w") as output:
            process = machine.start(output)
        try:
            mongodb.close()
            counts, seconds = _fastest(lambda: scraped(machine.port))
            assert seconds < 2
            assert counts["filesure_collector_success"] == 0
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(40)


def test_only_metrics_accept_other_host_names(client, settings):
    settings.ALLOWED_HOSTS = ["filesure.example"]
    assert client.get("/metrics", headers={"host": "10.1.2.3:5001"}).status_code == 200
    assert client.get("/login/", headers={"host": "10.1.2.3:5001"}).status_code == 400
