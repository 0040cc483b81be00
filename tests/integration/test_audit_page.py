"""The audit page: what was done to a job stays visible after the job is deleted."""

from __future__ import annotations

import csv
import io

import pytest

from jobs.domain.audit import Action, Actor, AuditEntry
from jobs.domain.job import JobStatus
from tests.integration.conftest import a_stored_job, text_of

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def test_deleted_job_shows_who_deleted_it(staff, app):
    job = a_stored_job(app, JobStatus.FAILED, company_name="Gone Limited")
    staff.post(f"/jobs/{job.id}/delete/")
    assert staff.get(f"/jobs/{job.id}/").status_code == 404
    page = text_of(staff.get("/audit/?action=delete"))
    assert job.id in page
    assert f"Gone Limited, {job.cin}" in page
    assert "done" in page


def test_refused_and_failed_actions_are_marked(staff, app):
    job = a_stored_job(app)
    staff.post(f"/jobs/{job.id}/delete/")
    app.service.audit.add(AuditEntry(job_id=job.id, action=Action.CANCEL, by="ravi", at=app.clock()))
    page = text_of(staff.get("/audit/"))
    assert "refused" in page
    assert "No result was recorded" in page
    assert "ravi" not in text_of(staff.get("/audit/?by=staff"))


def test_export_holds_all_matching_entries(staff, app):
    job = a_stored_job(app)
    app.service.cancel(job.id, Actor(name="＝1+1"))
    answer = staff.get(f"/audit/export.csv?job={job.id}")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["by"], row["action"], row["outcome"]) for row in rows] == [("'＝1+1", "cancel", "done")]


def test_invalid_filter_is_reported(staff, app):
    page = text_of(staff.get("/audit/?job=nonsense&action=fly"))
    assert "These filters have invalid values and were ignored: job, action." in page
    assert "No action matches" in page
