"""Traces of real processes as received by a collector; Filesure works without the collector."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime

import pytest

from jobs.domain.job import JobStatus
from jobs.domain.listing import JobFilter, JobOrder
from jobs.telemetry.tracing import FLUSH_SECONDS
from tests.processes import ROOT, wait_until
from tests.servers.collector import Collector, Span, a_collector
from tests.servers.machine import Machine, stopped

pytestmark = pytest.mark.server

LEFT_OFF_A_SECOND = 1.5  # tolerance for a busy machine


@pytest.fixture
def collector() -> Iterator[Collector]:
    with a_collector() as collector:
        yield collector


def lines(stderr: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in stderr.splitlines()]


def of_run(stderr: str) -> list[dict[str, object]]:
    """All log lines of a run, starting with the claim."""
    events = [line for line in lines(stderr) if line["event"] != "metrics.served"]  # before the claim
    assert [line["event"] for line in events][:2] == ["job.claimed", "run.started"]
    return events


def above(span: Span, spans: dict[str, Span]) -> list[str]:
    """The span names from this span up to the root."""
    return [] if not span.parent else [spans[span.parent].name, *above(spans[span.parent], spans)]


def test_one_trace_spans_order_to_upload(installation, collector):
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address, "LOG_LEVEL": "DEBUG"}
    job_id = installation.run("create_jobs", "--count", "1", **traced).stdout.split()[0]
    done = installation.run("process_job", job_id, **traced)
    assert done.returncode == 0, done.stderr
    job = installation.app.jobs.get(job_id)
    (order,), (run,), spans = collector.named("order"), collector.named("run"), {s.id: s for s in collector.spans}
    assert {span.trace for span in collector.spans} == {order.trace}
    assert (order.parent, order.service, run.service) == ("", "create_jobs", "process_job")
    assert job.trace_context.split("-")[1:3] == [order.trace, order.id]
    assert above(run, spans) == ["claim", "order"]
    for name in ("download", "upload", "reading"):
        found = collector.named(name)
        assert len(found) == job.progress.downloaded > 0
        assert all(above(span, spans) == ["document", "run", "claim", "order"] for span in found)
    assert {span.attributes["outcome"] for span in collector.named("document")} == {"stored"}
    assert run.attributes["outcome"] == "advanced"
    about = {"jobId": job_id, "cin": job.cin}
    assert all(about.items() <= span.attributes.items() for span in collector.spans)
    documents = [
        document.filing.number
        for document in installation.app.documents.of_job(job_id)
        if document.file and document.parent is None
    ]
    assert sorted(span.attributes["document"] for span in collector.named("upload")) == documents
    for line in of_run(done.stderr):
        assert (line["traceId"], line["jobId"], line["run"], line["worker"]) == (
            order.trace,
            job_id,
            1,
            run.attributes["worker"],
        )
    named = [line["document"] for line in lines(done.stderr) if line["event"] == "document.stored"]
    assert sorted(named) == documents


TOKEN = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from jobs.web import tokens
from jobs.web.permissions import Permission
print(tokens.issue(User.objects.get(), "tests", [Permission.ORDER], timezone.now() + timedelta(hours=1))[1])
"""


def test_web_order_is_its_runs_root_span(data_dir, collector):
    machine = Machine(data_dir, OTEL_EXPORTER_OTLP_ENDPOINT=collector.address, OTEL_BSP_SCHEDULE_DELAY="100")
    process = machine.start()
    token = machine.manage("shell", "-v0", "-c", TOKEN).stdout.strip()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{machine.address}/create-job", b'{"num_jobs": 1}', headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        wait_until(lambda: len(collector.named("run")) == 3)
    assert token not in stopped(process)
    (order,), spans = collector.named("order"), {span.id: span for span in collector.spans}
    assert order.service == "web"
    assert {span.trace for span in collector.spans} == {order.trace}
    assert all(above(run, spans) == ["claim", "order"] for run in collector.named("run"))
    assert [run.attributes["outcome"] for run in collector.named("run")] == ["advanced", "advanced", "completed"]


def test_span_lasts_as_long_as_its_work(installation, collector):
    (job_id,) = installation.order()
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "0.2", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
    assert installation.run("process_job", job_id, **slow).returncode == 0
    (claim,), (run,) = collector.named("claim"), collector.named("run")
    assert claim.began < claim.ended <= run.began
    # The simulated source's durations vary around the setting.
    assert all(span.ended - span.began > 0.05e9 for span in collector.named("download"))
    assert all(run.began <= span.began <= span.ended <= run.ended for span in collector.named("document"))


def test_each_stored_job_has_its_own_trace(installation, collector, tmp_path):
    companies = tmp_path / "companies.csv"
    rows = [f"U72900KA2008PTC{number:06d},Company {number}" for number in (1, 2, 3)]
    installation.run("create_jobs", "--cin", "U72900KA2008PTC000002", "--company", "Company 2")
    companies.write_text("\n".join(["cin,companyName", *rows]))
    done = installation.run("create_jobs", "--csv", str(companies), OTEL_EXPORTER_OTLP_ENDPOINT=collector.address)
    assert done.returncode == 1, done.stderr
    jobs = [
        job
        for job in installation.app.catalogue.jobs(JobFilter(), JobOrder.NEWEST, None, 10).items
        if job.company_name != "Company 2"
    ]
    assert len({span.trace for span in collector.spans}) == len(collector.spans) == 2
    assert {span.attributes["jobId"]: [span.trace, span.id] for span in collector.spans} == {
        job.id: job.trace_context.split("-")[1:3] for job in jobs
    }


def test_failures_are_errors_on_their_spans(installation, collector):
    (job_id,) = installation.order()
    failing = {"SIMULATED_FAULT_RATE": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
    done = installation.run("process_job", job_id, **failing)
    assert done.returncode == 1, done.stderr
    (run,) = collector.named("run")
    assert (run.attributes["outcome"], run.error) == ("failed", installation.app.jobs.get(job_id).last_error.message)
    failed = collector.named("document")
    assert {span.attributes["outcome"] for span in failed} == {"failed"}
    assert all(span.error and span.events == ["exception"] for span in failed)


def test_untraced_order_gets_one_trace_per_run(installation, collector):
    (job_id,) = installation.order()
    assert "traceContext" not in installation.app.database["jobs"].find_one()
    assert installation.run("process_job", job_id, OTEL_EXPORTER_OTLP_ENDPOINT=collector.address).returncode == 0
    assert len({span.trace for span in collector.spans}) == 1
    assert [span.name for span in collector.spans if not span.parent] == ["claim"]


def test_configured_headers_reach_the_collector(installation, collector):
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"{collector.address}/", "OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=k1"}
    installation.run("create_jobs", "--count", "1", **settings)
    assert [headers["x-api-key"] for headers in collector.headers] == ["k1"]


def seconds_after(event: dict[str, object], ended_at: float) -> float:
    return ended_at - datetime.fromisoformat(str(event["time"])).timestamp()


@pytest.mark.parametrize("answers", ["refuses", "hangs"])
def test_missing_collector_warns_once(installation, answers):
    (job_id,) = installation.order()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if answers == "hangs":
            server.listen()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        done = installation.run(
            "process_job", job_id, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="50"
        )
        ended_at = time.time()
    events = lines(done.stderr)
    assert done.returncode == 0
    assert [line["event"] for line in events if line["level"] != "INFO"] == ["tracing.failing"]
    (end,) = [line for line in events if line["event"] == "run.ended"]
    assert seconds_after(end, ended_at) < FLUSH_SECONDS + LEFT_OFF_A_SECOND
    job = installation.app.jobs.get(job_id)
    assert (job.status, end["outcome"]) == (JobStatus.PENDING, "advanced")
    assert job.progress.downloaded == end["stored"] > 0


@pytest.mark.parametrize("endpoint", ["localhost:4318", "http://", "http://host:port", "ftp://host", "http://[::1"])
def test_invalid_address_warns_once(installation, endpoint):
    done = installation.run("process_job", "--claim", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    assert done.returncode == 0
    assert [(line["event"], line["level"]) for line in lines(done.stderr)] == [
        ("tracing.off", "WARNING"),
        ("worker.idle", "INFO"),
    ]


def imports(installation, *arguments: str, **settings: str) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT,
        env=installation.environment | settings,
        text=True,
        capture_output=True,
        timeout=60,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stderr


WEB = ("-c", "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'filesure_site.settings'; import filesure_site.wsgi")


@pytest.mark.parametrize(
    "command", [("manage.py", "process_job", "--claim"), ("manage.py", "create_jobs", "--count=1"), WEB]
)
def test_opentelemetry_stays_unimported_without_a_collector(installation, command):
    installation.order()
    assert "jobs.telemetry.tracing" in imports(installation, *command)
    assert "opentelemetry" not in imports(installation, *command)


def test_collector_setting_imports_opentelemetry(installation, collector):
    installation.order()
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
    assert "opentelemetry" in imports(installation, "manage.py", "process_job", "--claim", **traced)
    assert "opentelemetry" not in imports(installation, "manage.py", "job_status", **traced)
