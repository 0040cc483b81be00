"""Staff actions on the pages, on single jobs and in bulk."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from jobs.domain.audit import Action, Actor, AuditEntry
from jobs.domain.job import JobStatus
from tests.integration.conftest import a_stored_job, fail, text_of

pytestmark = [pytest.mark.server, pytest.mark.django_db]

CIN = "L24295GJ1987PLC143792"


def test_actions_on_a_job_are_audited(staff, app):
    job = a_stored_job(app)
    page = staff.post(f"/jobs/{job.id}/prioritise/", {"priority": "7"}, follow=True)
    assert "The priority is now 7." in text_of(page)
    page = staff.post(f"/jobs/{job.id}/cancel/", follow=True)
    assert "The job is cancelled." in text_of(page)
    page = staff.post(f"/jobs/{job.id}/retry/", follow=True)
    assert "pending again" in text_of(page)
    page = staff.post(f"/jobs/{job.id}/retry/", follow=True)
    assert "can be retried" in text_of(page)
    page = staff.post(f"/jobs/{job.id}/delete/", follow=True)
    assert "cancel it before you delete it" in text_of(page)
    log = [(entry.action, entry.by, entry.refused is None) for entry in app.service.details(job.id).audit]
    assert sorted(log) == [
        ("cancel", "staff", True),
        ("delete", "staff", False),
        ("prioritise", "staff", True),
        ("retry", "staff", False),
        ("retry", "staff", True),
    ]
    app.jobs.cancel(job.id)
    assert staff.post(f"/jobs/{job.id}/delete/")["Location"] == "/jobs/"
    assert staff.get(f"/jobs/{job.id}/").status_code == 404


@pytest.mark.parametrize("priority", ["", "10", "-1", "x", '{"$ne": 1}'])
def test_invalid_priority_is_refused(staff, app, priority):
    job = a_stored_job(app, priority=4)
    page = staff.post(f"/jobs/{job.id}/prioritise/", {"priority": priority}, follow=True)
    assert page.status_code == 200
    assert app.jobs.get(job.id).priority == (0 if priority == "" else 4)


def test_selected_jobs_are_retried_after_confirmation(staff, app):
    failed = [a_stored_job(app, JobStatus.FAILED) for _ in range(3)]
    pending = a_stored_job(app)
    form = {
        "action": "retry",
        "scope": "selection",
        "job": [job.id for job in [*failed, pending]],
        "back": "/jobs/?x=1",
    }
    question = staff.post("/jobs/bulk/", form)
    assert "Retry 4 jobs?" in text_of(question)
    assert app.jobs.get(failed[0].id).status is JobStatus.FAILED
    answer = staff.post("/jobs/bulk/", {**form, "confirmed": "yes"}, follow=True)
    assert answer.redirect_chain[0][0] == "/jobs/?x=1"
    assert "3 jobs retried." in text_of(answer)
    assert "1 not changed" in text_of(answer)
    assert {app.jobs.get(job.id).status for job in failed} == {JobStatus.PENDING}


def test_only_matching_jobs_are_cancelled(staff, app):
    mine = [a_stored_job(app, requested_by="me") for _ in range(3)]
    other = a_stored_job(app, requested_by="you")
    form = {"action": "cancel", "scope": "all", "filters": "by=me", "back": "https://evil.example/"}
    assert "Cancel 3 jobs?" in text_of(staff.post("/jobs/bulk/", form))
    answer = staff.post("/jobs/bulk/", {**form, "confirmed": "yes"})
    assert answer["Location"] == "/jobs/"
    assert {app.jobs.get(job.id).status for job in mine} == {JobStatus.CANCELLED}
    assert app.jobs.get(other.id).status is JobStatus.PENDING


def test_empty_selection_is_reported(staff, app):
    page = staff.post("/jobs/bulk/", {"action": "retry", "scope": "selection"}, follow=True)
    assert "No job is selected" in text_of(page)
    assert staff.post("/jobs/bulk/", {"action": "explode"}).status_code == 422


def test_viewers_cannot_change_anything(client, app):
    viewer = get_user_model().objects.create_user("viewer")
    viewer.groups.set(Group.objects.filter(name="Viewer"))
    client.force_login(viewer)
    job = a_stored_job(app)
    assert client.post(f"/jobs/{job.id}/cancel/").status_code == 403
    assert client.post("/jobs/bulk/", {"action": "cancel", "job": job.id, "confirmed": "yes"}).status_code == 403
    assert client.post("/order/", {"cin": CIN, "company": "X"}).status_code == 403
    assert app.jobs.get(job.id).status is JobStatus.PENDING
    page = text_of(client.get(f"/jobs/{job.id}/"))
    assert "Cancel…" not in page
    assert "/order/" not in page


def test_viewers_see_no_place_for_actions(staff, app):
    """Neither boxes to select jobs nor an empty column."""
    a_stored_job(app, JobStatus.FAILED)
    viewer = get_user_model().objects.create_user("viewer")
    viewer.groups.set(Group.objects.filter(name="Viewer"))
    places = {"/jobs/": 'type="checkbox" id="all-shown"', "/failures/": ">Action</th>"}
    for path, place in places.items():
        assert " ".join(text_of(staff.get(path)).split()).count(place) == 1, path
    staff.force_login(viewer)
    for path, place in places.items():
        assert place not in " ".join(text_of(staff.get(path)).split()), path
    assert 'name="job"' not in text_of(staff.get("/jobs/"))


def test_confirmation_of_an_action_without_effect_offers_only_the_way_back(staff, app):
    job = a_stored_job(app, JobStatus.FAILED)
    page = text_of(staff.post("/jobs/bulk/", {"action": "cancel", "job": job.id}))
    assert "asked to stop" not in page
    assert ">Go back</a>" in page
    assert "asked to stop" in text_of(staff.post("/jobs/bulk/", {"action": "cancel", "job": a_stored_job(app).id}))


def test_form_from_another_site_is_refused(app, django_user_model):
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_superuser("staff"))
    job = a_stored_job(app)
    assert client.post(f"/jobs/{job.id}/cancel/").status_code == 403
    assert app.jobs.get(job.id).status is JobStatus.PENDING


@pytest.mark.parametrize("filters", [f"by=me&x={'a' * 2_000}&status=failed", f"by=me&q={'a' * 300}", "status=nonsense"])
def test_bulk_refuses_filters_that_it_cannot_apply(staff, app, filters):
    jobs = [a_stored_job(app, requested_by=name) for name in ("me", "you")]
    form = {"action": "cancel", "scope": "all", "filters": filters, "confirmed": "yes"}
    answer = staff.post("/jobs/bulk/", form)
    assert answer.status_code == 422
    assert "Nothing was changed." in text_of(answer)
    assert {app.jobs.get(job.id).status for job in jobs} == {JobStatus.PENDING}


def test_retry_beside_another_job_has_to_be_confirmed(staff, app):
    job = a_stored_job(app, JobStatus.FAILED)
    other = a_stored_job(app, cin=job.cin)
    shown = text_of(staff.get(f"/jobs/{job.id}/"))
    assert f'<a href="/jobs/{other.id}/">another unfinished job</a>' in shown
    assert 'name="again"' in shown
    refused = staff.post(f"/jobs/{job.id}/retry/", follow=True)
    assert f"by the unfinished job {other.id}" in text_of(refused)
    assert app.jobs.get(job.id).status is JobStatus.FAILED
    staff.post(f"/jobs/{job.id}/retry/", {"again": "yes"})
    assert app.jobs.get(job.id).status is JobStatus.PENDING


def test_bulk_retry_skips_companies_with_another_job(staff, app):
    job = a_stored_job(app, JobStatus.FAILED)
    a_stored_job(app, cin=job.cin)
    form = {"action": "retry", "scope": "selection", "job": [job.id], "confirmed": "yes"}
    assert "1 not changed" in text_of(staff.post("/jobs/bulk/", form, follow=True))
    assert app.jobs.get(job.id).status is JobStatus.FAILED


def test_retries_of_one_job_have_places_of_their_own(staff, app):
    job = a_stored_job(app, JobStatus.FAILED)
    for minutes in (9, 5):
        at = app.clock() - timedelta(minutes=minutes)
        entry = AuditEntry(job_id=job.id, action=Action.RETRY, by="staff", at=at, details="source_unavailable")
        app.audit.finish(app.audit.add(entry))
    page = text_of(staff.get("/failures/"))
    first, second = re.findall(r'id="(retry-[^"]+)"', page)
    assert first != second
    assert f'href="#{first}"' in page


def test_only_auditors_see_who_retried(staff, app):
    failed = a_stored_job(app, JobStatus.FAILED)
    entry = AuditEntry(job_id=failed.id, action=Action.RETRY, by="ravi", at=app.clock(), details="source_unavailable")
    app.audit.finish(app.audit.add(entry))
    viewer = get_user_model().objects.create_user("vera")
    viewer.groups.set(Group.objects.filter(name="Viewer"))
    assert text_of(staff.get("/failures/")).count("by ravi") == 2
    staff.force_login(viewer)
    page = text_of(staff.get("/failures/"))
    assert "retried <time" in page
    assert "ravi" not in page


def test_failures_remember_what_was_retried(staff, app, monkeypatch):
    """Also for a reason whose jobs all work now; the list of jobs is bounded."""
    monkeypatch.setattr("jobs.web.retries.SHOWN_JOBS", 4)
    jobs = [a_stored_job(app, JobStatus.FAILED, company_name=f"Company {number}") for number in range(6)]
    retry = {"action": "retry", "scope": "all", "filters": "status=failed&reason=source_unavailable"}
    staff.post("/jobs/bulk/", {**retry, "confirmed": "yes"})
    page = text_of(staff.get("/failures/"))
    assert "No job has failed." in page
    assert "6 of 6 in progress" in page
    for number in range(2):
        fail(app, jobs[number])
    app.jobs.cancel(jobs[2].id)
    app.service.delete(jobs[2].id, Actor(name="staff"))
    page = text_of(staff.get("/failures/"))
    sentence = r"retried <time[^>]*>[^<]*</time> by staff, 2 of 6 failed again, 3 in progress, 1 deleted"
    assert len(re.findall(sentence, page)) == 2  # beside the reason, and among the latest retries
    (link,) = re.findall(r'href="#(retry-[0-9a-f]{24}-\d+)"', page)
    assert f'id="{link}"' in page
    latest = page.split("Latest retries")[1].split("</section>")[0]
    assert [job.id in latest for job in jobs[:3]] == [True, True, False]
    assert "and 1 more" in latest
