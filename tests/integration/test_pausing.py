"""Pauses on the pages, in the API and by command."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from jobs.domain.audit import Action, Actor, AuditFilter
from jobs.domain.pausing import Pause
from jobs.domain.sources import BreakerRule
from jobs.web.collector import FilesureCollector
from jobs.web.pause_banner import watch
from tests.integration.conftest import a_stored_job, text_of
from tests.processes import wait_until

pytestmark = [pytest.mark.server, pytest.mark.django_db]

FORM = {"source": "", "minutes": "30", "reason": "The portal is renovated.", "runs": "finish"}

AT_ONCE = BreakerRule(failures=1, first=timedelta(seconds=300), longest=timedelta(seconds=900))


def logged(app, action: Action) -> list[str]:
    return [each.details for each in app.audit.entries(AuditFilter(action=action), None, 10).items]


def test_every_page_shows_the_pause(staff, app):
    a_stored_job(app)
    assert staff.post("/pause/", FORM)["Location"] == "/pause/"
    for path in ("/", "/jobs/", "/documents/", "/pause/", "/tokens/", "/nowhere/"):
        page = text_of(staff.get(path))
        assert "The queue is paused by staff until" in page, path
        assert "Active runs finish." in page
    assert app.jobs.claim_next("w", 60) is None
    page = text_of(staff.post("/pause/resume/", {"source": ""}, follow=True))
    assert "The queue works again." in page
    assert "is paused by" not in page
    assert app.jobs.claim_next("w", 60)
    assert logged(app, Action.RESUME) == ["queue"]
    assert logged(app, Action.PAUSE)[0].endswith("UTC, runs finish: The portal is renovated.")
    assert "–" in text_of(staff.get("/audit/?action=pause"))


def test_source_is_paused_alone(staff, app):
    staff.post("/pause/", FORM | {"source": "simulated", "runs": "stop"})
    page = text_of(staff.get("/"))
    assert "The source simulated is paused by staff" in page
    assert "Active runs stop at their next document." in page
    page = text_of(staff.post("/pause/resume/", {"source": ""}, follow=True))
    assert "The queue is not paused." in page
    assert app.pauses.current()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("minutes", "0", "from 1 to 43,200"),
        ("minutes", "soon", "whole number of minutes"),
        ("minutes", "43201", "30 days"),
        ("reason", " ", "Give a reason"),
        ("reason", "x" * 201, "at most 200"),
        ("source", "elsewhere", "not a source of this installation"),
    ],
)
def test_invalid_pause_is_explained(staff, app, field, value, message):
    answer = staff.post("/pause/", FORM | {field: value})
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert app.pauses.current() == []


def test_viewer_sees_the_pause_only(client, app):
    user = get_user_model().objects.create_user("viewer")
    user.groups.add(Group.objects.get(name="Viewer"))
    client.force_login(user)
    app.pauses.put(Pause(by="asha", reason="r", since=app.clock(), until=app.clock() + timedelta(hours=1)))
    watch().forget()
    page = text_of(client.get("/jobs/"))
    assert "The queue is paused by asha" in page
    assert "/pause/" not in page


def test_api_pauses_and_resumes(call, app):
    made = call("POST", "/api/v1/pauses", {"minutes": 5, "reason": "Backup", "stopRuns": True})
    assert (made.status_code, made.json()["by"], made.json()["stopRuns"]) == (201, "owner", True)
    assert call("GET", "/api/v1/pauses").json()["items"] == [made.json()]
    assert call("POST", "/api/v1/pauses/resume", {}).status_code == 200
    refused = call("POST", "/api/v1/pauses/resume", {})
    assert (refused.status_code, refused.json()["detail"]) == (409, "The queue is not paused.")
    wrong = call("POST", "/api/v1/pauses", {"minutes": 5, "reason": ""})
    assert (wrong.status_code, wrong.json()["kind"]) == (422, "invalid_pause")


def test_paused_queue_raises_no_alert(app):
    def value(name: str) -> float:
        collector = FilesureCollector(lambda: app, version="", revision="", site_url="")
        return next(metric.samples[0].value for metric in collector.collect() if metric.name == name)

    since = app.clock() - timedelta(hours=3)
    a_stored_job(app, run_after=since, due_at=since)
    assert value("filesure_oldest_due_job_age_seconds") > 10_000
    app.pauses.put(Pause(by="x", reason="r", since=since, until=app.clock() + timedelta(hours=1)))
    assert 3500 < value("filesure_pause_remaining_seconds") <= 3600
    assert value("filesure_jobs_due") == value("filesure_oldest_due_job_age_seconds") == 0
    app.pauses.end(None)
    assert value("filesure_pause_remaining_seconds") == 0
    assert value("filesure_jobs_due") == 1
    assert value("filesure_oldest_due_job_age_seconds") < 60


def test_commands_pause_and_resume(installation):
    (job_id,) = installation.order()
    made = installation.run("pause", "--minutes", "10", "--reason", "Backup")
    assert (made.returncode, "The queue is paused by" in made.stdout) == (0, True)
    assert installation.run("process_job", "--claim").returncode == 0
    assert installation.app.jobs.get(job_id).runs == 0
    refused = installation.run("process_job", job_id)
    assert (refused.returncode, "is paused by" in refused.stderr) == (2, True)
    assert installation.run("resume").stdout == "The queue works again.\n"
    refused = installation.run("resume", "--source", "simulated")
    assert (refused.returncode, refused.stderr) == (2, "The source simulated is not paused.\n")
    assert installation.run("pause", "--minutes", "x", "--reason", "y").returncode == 2


def test_running_job_stops_at_next_document(installation):
    (job_id,) = installation.order()
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "0.6", "WORKER_CONCURRENCY": "1", "RUN_FRACTION": "1"}
    with installation.start("process_job", job_id, **slow) as worker:
        wait_until(lambda: installation.app.jobs.get(job_id).progress.downloaded)
        installation.app.pausing.pause(
            minutes=5, reason="Stop.", actor=Actor(name="asha"), source="simulated", stop_runs=True
        )
        assert worker.wait(30) == 0
    job = installation.app.jobs.get(job_id)
    assert (job.status, job.attempts) == ("pending", 0)
    assert 0 < job.progress.downloaded < job.progress.total
    (run,) = installation.app.runs.of_job(job_id)
    assert run.outcome == "released"
    assert installation.app.jobs.count_due(1) == 0


def test_source_on_hold_is_released_by_hand(staff, app):
    page = text_of(staff.post("/pause/release/", follow=True))
    assert "The source simulated is not on hold." in page
    job = a_stored_job(app)
    breaker, _ = app.breakers.fail("simulated", "It does not answer.", AT_ONCE)
    later = breaker.probe_at + timedelta(seconds=app.configuration.source_probe_seconds)
    app.jobs.hold_pending(due_before=breaker.probe_at, until=later)
    ordered_for_later = a_stored_job(app, run_after=app.clock() + timedelta(seconds=100))
    assert app.jobs.count_due(10) == 0
    page = text_of(staff.get("/pause/"))
    assert "The source simulated is on hold" in page
    assert "It does not answer." in page
    page = text_of(staff.post("/pause/release/", follow=True))
    assert "The source simulated is no longer on hold. Its jobs are due." in page
    assert not app.breakers.get("simulated").is_open
    assert app.jobs.claim_next("w", 60).id == job.id
    assert app.jobs.get(ordered_for_later.id).run_after == ordered_for_later.run_after
    assert "source simulated, which was on hold" in logged(app, Action.RESUME)


def test_only_users_who_may_pause_release_a_source(client, app):
    client.force_login(get_user_model().objects.create_user("viewer"))
    app.breakers.fail("simulated", "Down.", AT_ONCE)
    assert client.post("/pause/release/").status_code == 403
    assert app.breakers.get("simulated").is_open


def test_hold_is_ended_by_command(installation):
    refused = installation.run("resume", "--held")
    assert (refused.returncode, "is not on hold" in refused.stderr) == (2, True)
    installation.app.breakers.fail("simulated", "Down.", AT_ONCE)
    released = installation.run("resume", "--held")
    assert released.stdout == "The source simulated is no longer on hold. Its jobs are due.\n"
