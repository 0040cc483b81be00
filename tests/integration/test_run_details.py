"""A run's log and timeline on the job's page and in the API."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jobs.domain.job import Run
from jobs.domain.run_details import DocumentTimes, LogLine, RunDetails, Step, StepKind
from tests.integration.conftest import a_stored_job, text_of

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def a_run_with_details(app, job, number: int) -> None:
    times = DocumentTimes(
        number=1, name=f"AOC-4_{number}.pdf", steps=(Step(kind=StepKind.DOWNLOAD, start=1.0, seconds=2.5),)
    )
    line = LogLine(at=datetime(2026, 1, 5, 12, 0, 1, tzinfo=UTC), level="WARNING", text=f"<b>line of {number}</b>")
    app.runs.start(Run(job_id=job.id, number=number, worker="w", fence=number, started_at=app.clock()))
    app.runs.save_details(
        RunDetails(
            job_id=job.id,
            number=number,
            fence=number,
            lines=(line,),
            documents=(times,),
            others=7,
            other_seconds={StepKind.READ: 90.0},
        )
    )


def test_job_page_shows_a_runs_log_and_timeline(staff, app):
    job = a_stored_job(app, trace_context=f"00-{'ab' * 16}-{'cd' * 8}-01")
    for number in (1, 2):
        a_run_with_details(app, job, number)
    page = text_of(staff.get(f"/jobs/{job.id}/"))
    assert "Run 2 in detail" in page
    assert "17:30:01 WARNING &lt;b&gt;line of 2&lt;/b&gt;" in page  # the account's zone
    assert 'aria-label="download 2.50 s from 1.00 s"' in page
    assert re.search(r"7 other documents, together:\s+read\s+1 min 30 s", page)
    assert "AOC-4_1.pdf" in text_of(staff.get(f"/jobs/{job.id}/?run=1"))
    assert "Run 2 in detail" in text_of(staff.get(f"/jobs/{job.id}/?run=nonsense"))
    assert "Trace" not in page


def test_api_returns_a_runs_log(staff, app):
    job = a_stored_job(app)
    a_run_with_details(app, job, 1)
    log = staff.get(f"/api/v1/jobs/{job.id}/runs/1/log").json()
    assert log["lines"] == [{"at": "2026-01-05T12:00:01Z", "level": "WARNING", "text": "<b>line of 1</b>"}]
    assert log["documents"][0]["steps"] == [{"kind": "download", "start": 1.0, "seconds": 2.5}]
    assert (log["run"], log["others"], log["otherSeconds"]) == (1, 7, {"read": 90.0})
    missing = staff.get(f"/api/v1/jobs/{job.id}/runs/2/log")
    assert (missing.status_code, missing.json()["kind"]) == (404, "unknown_run")
    assert staff.get(f"/api/v1/jobs/{job.id}/runs/{10**30}/log").status_code == 422


def test_job_page_links_to_its_trace(staff, app, monkeypatch):
    configured = replace(app.configuration, traces_url="https://traces.example/trace/{trace}")
    monkeypatch.setattr(app, "configuration", configured)
    job = a_stored_job(app, trace_context=f"00-{'ab' * 16}-{'cd' * 8}-01")
    assert f"https://traces.example/trace/{'ab' * 16}" in text_of(staff.get(f"/jobs/{job.id}/"))
