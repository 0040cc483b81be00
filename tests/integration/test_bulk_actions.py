"""Bulk actions on the pages, in the API and across web processes."""

from __future__ import annotations

import csv
import io
import re
import signal
import subprocess
import sys

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from jobs.bootstrap import new_id
from jobs.domain.audit import Action, Actor
from jobs.domain.bulk_action import BulkAction, BulkState
from jobs.domain.job import JobStatus
from jobs.services import BulkService
from jobs.web import bulk_runner
from tests.integration.conftest import Installation, ordered, text_of
from tests.making import a_job
from tests.processes import ROOT, wait_until

pytestmark = [pytest.mark.server, pytest.mark.django_db]

MANY = bulk_runner.SMALL + 5


def orders(app, number: int, **fields) -> list[str]:
    jobs = [a_job(app.clock(), **fields) for _ in range(number)]
    app.jobs.add(jobs, again=True)
    return [job.id for job in jobs]


def confirmed(client, action: str, **form) -> str:
    """Confirm an action; returns the path that it leads to."""
    answer = client.post("/jobs/bulk/", {"action": action, "confirmed": "yes", **form})
    assert answer.status_code == 302, text_of(answer)
    return answer["Location"]


def ended(app, path: str) -> BulkAction:
    action_id = path.strip("/").rpartition("/")[2]
    wait_until(lambda: not app.bulk_actions.get(action_id).is_running)
    return app.bulk_actions.get(action_id)


def operator(name: str = "olga") -> Client:
    user = get_user_model().objects.create_user(name)
    user.groups.set(Group.objects.filter(name="Operator"))
    client = Client()
    client.force_login(user)
    return client


def test_demoted_user_changes_no_further_job(app, monkeypatch):
    monkeypatch.setattr(bulk_runner.BulkRunner, "begin", lambda _: None)
    ids, client = orders(app, MANY), operator()
    path = confirmed(client, "cancel", scope="all", filters="")
    get_user_model().objects.get(username="olga").groups.set(Group.objects.filter(name="Viewer"))
    bulk_runner.service().advance("test")
    shown = text_of(client.get(path))
    assert "olga may no longer do this." in shown
    assert {app.jobs.get(each).status for each in ids} == {JobStatus.PENDING}


def test_deactivated_user_changes_no_further_job(app, monkeypatch):
    monkeypatch.setattr(bulk_runner.BulkRunner, "begin", lambda _: None)
    (first, *_), path = orders(app, MANY), confirmed(operator(), "cancel", scope="all", filters="")
    get_user_model().objects.filter(username="olga").update(is_active=False)
    bulk_runner.service().advance("test")
    assert app.bulk_actions.get(path.strip("/").rpartition("/")[2]).problem
    assert app.jobs.get(first).status is JobStatus.PENDING


def test_thread_survives_a_defect(app):
    tries = iter([ValueError("a defect")])

    def service() -> BulkService:
        for error in tries:
            raise error
        return bulk_runner.service()

    orders(app, MANY)
    (action,) = [bulk_runner.start(Action.CANCEL, bulk_runner.Selection(), Actor(name="x"))]
    bulk_runner.runner().stop()
    other = bulk_runner.BulkRunner(service)
    other.begin()
    wait_until(lambda: not app.bulk_actions.get(action.id).is_running)
    other.stop()


def test_1050_jobs_are_cancelled_in_the_background(staff, app):
    ids = orders(app, 1_050, requested_by="me")
    (other,) = orders(app, 1, requested_by="you")
    question = text_of(staff.post("/jobs/bulk/", {"action": "cancel", "scope": "all", "filters": "by=me"}))
    assert "Cancel 1,050 jobs?" in question
    assert "runs in the background" in question
    path = confirmed(staff, "cancel", scope="all", filters="by=me", back="/jobs/?by=me")
    assert re.fullmatch(r"/bulk/[0-9a-f]{24}/", path)
    shown = text_of(staff.get(path))
    assert "Cancel 1,050 jobs" in shown
    assert 'href="/jobs/?by=me"' in shown
    wait_until(lambda: "done</span>" in text_of(staff.get(path)), 300, pause=0.5)
    action = ended(app, path)
    assert (action.done, action.refused, action.state) == (1_050, 0, BulkState.DONE)
    assert app.jobs.count_by_status()[JobStatus.CANCELLED] == 1_050
    assert app.jobs.get(other).status is JobStatus.PENDING
    (entry,) = app.audit.of_job(ids[0], 5)
    assert (entry.by, entry.bulk_id, entry.address) == ("staff", action.id, "127.0.0.1")
    assert path in text_of(staff.get("/audit/"))
    assert "Cancel 1,050 jobs" in text_of(staff.get("/bulk/"))


def test_report_lists_refused_jobs_with_reasons(staff, app):
    pending, done = orders(app, MANY), orders(app, 3)
    for job_id in done:
        app.jobs.cancel(job_id)
    path = confirmed(staff, "retry", job=[*pending, *done], back="/jobs/")
    action = ended(app, path)
    assert (action.done, action.refused) == (3, MANY)
    page = text_of(staff.get(path))
    assert f"Job {pending[0]} is pending; only a failed, partial or cancelled job can be retried." in page
    assert f'href="/jobs/{pending[0]}/"' in page
    answer = staff.get(f"{path}refused.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row["jobId"] for row in rows] == sorted(pending)


def test_small_action_returns_with_its_result(staff, app):
    ids = orders(app, 3)
    app.jobs.cancel(ids[0])
    path = confirmed(staff, "prioritise", job=ids, priority="4", back="/jobs/?q=a")
    assert path == "/jobs/?q=a"
    shown = text_of(staff.get(path))
    assert "2 jobs given the new priority." in shown
    report = re.search(r'1 not changed: .* <a href="(/bulk/[0-9a-f]{24}/)">Show all</a>', shown).group(1)
    assert "Change the priority of 3 jobs to 4" in text_of(staff.get(report))


def test_stopped_action_leaves_the_rest(staff, app, monkeypatch):
    monkeypatch.setattr(bulk_runner.BulkRunner, "begin", lambda _: None)
    orders(app, MANY)
    path = confirmed(staff, "cancel", scope="all")
    assert "Stop</button>" in text_of(staff.get(path))
    assert staff.post(f"{path}stop/")["Location"] == path
    assert "stopping</span>" in text_of(staff.get(path))
    bulk_runner.service().advance("test")
    assert "stopped</span>" in text_of(staff.get(path))
    assert {job.status for job in ordered(app)} == {JobStatus.PENDING}
    assert staff.post(f"{path}stop/").status_code == 302


def test_live_part_is_sent_again_only_when_it_changes(staff, app):
    path = confirmed(staff, "cancel", job=orders(app, MANY))
    ended(app, path)
    htmx = {"HX-Request": "true"}
    first = staff.get(path, headers=htmx)
    assert "<html" not in text_of(first)
    assert staff.get(path, headers={**htmx, "If-None-Match": first["ETag"]}).status_code == 304


def test_users_see_their_own_actions_and_admins_all(staff, app):
    olga, ravi = operator("olga"), operator("ravi")
    path = confirmed(olga, "cancel", job=orders(app, MANY))
    ended(app, path)
    for address in (path, f"{path}refused.csv"):
        assert olga.get(address).status_code == 200
        assert staff.get(address).status_code == 200
        assert ravi.get(address).status_code == 404
    assert path in text_of(staff.get("/bulk/"))
    assert path in text_of(olga.get("/bulk/"))
    assert path not in text_of(ravi.get("/bulk/"))
    assert ravi.post(f"{path}stop/").status_code == 404
    assert staff.get("/bulk/nonsense/").status_code == 404


def test_stop_needs_the_right_to_begin(app):
    olga = operator()
    path = confirmed(olga, "cancel", job=orders(app, MANY))
    user = get_user_model().objects.get(username="olga")
    user.groups.set(Group.objects.filter(name="Viewer"))
    assert olga.post(f"{path}stop/").status_code == 403


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"action": "prioritise", "priority": "11"}, "must be a whole number from 0 to 9"),
        ({"action": "cancel", "job": ["nonsense"]}, "is not a job id"),
        ({"action": "cancel", "job": [f"{number:024x}" for number in range(901)]}, "At most 900 jobs"),
    ],
)
def test_invalid_request_is_refused_before_it_begins(staff, app, form, sentence):
    answer = staff.post("/jobs/bulk/", {"job": orders(app, 1), "confirmed": "yes", **form})
    assert answer.status_code in (404, 422)
    assert sentence in text_of(answer)
    assert app.bulk_actions.latest(None, None, 10).items == []


def test_filters_keep_the_users_time_zone(staff, app, settings):
    settings.TIME_ZONE_SHOWN = "Pacific/Kiritimati"
    orders(app, 2)
    confirmed(staff, "cancel", scope="all", filters="since=2026-01-01")
    assert app.bulk_actions.latest(None, None, 1).items[0].zone == "Pacific/Kiritimati"


def test_small_action_that_fails_midway_is_continued(staff, app, monkeypatch):
    staff.raise_request_exception = False
    ids, cancel = orders(app, 4), type(app.service).cancel

    def interrupted(service, job_id, actor):
        if job_id == ids[2]:
            raise KeyboardInterrupt
        return cancel(service, job_id, actor)

    with monkeypatch.context() as patched:
        patched.setattr(type(app.service), "cancel", interrupted)
        with pytest.raises(KeyboardInterrupt):
            confirmed(staff, "cancel", job=ids)
    (begun,) = app.bulk_actions.latest(None, None, 1).items
    app.database["bulk_actions"].update_one({}, {"$set": {"leaseUntil": app.clock()}})
    staff.get(f"/bulk/{begun.id}/")
    action = ended(app, f"/bulk/{begun.id}/")
    assert (action.done, action.refused) == (4, 0)
    assert [len(app.audit.of_job(job_id, 9)) for job_id in ids] == [1, 1, 1, 1]


# --- other processes

_WAITS = """
import sys, threading
import django
django.setup()
from jobs.bootstrap import application
from jobs.web import actions, bulk_runner
act = bulk_runner._act
def held(action, job_id):
    done = act(action, job_id)
    print(job_id, flush=True)
    sys.stdin.readline()
    return done
bulk_runner._act = held
bulk_runner._allowed = lambda _: True  # this installation has no accounts
bulk_runner.runner().begin()
threading.Event().wait()
"""


def cancelling(app, ids: list[str]) -> BulkAction:
    return BulkAction(
        id=new_id(),
        action=Action.CANCEL,
        by="asha",
        at=app.clock(),
        job_ids=tuple(sorted(ids)),
        total=len(ids),
        lease_until=app.clock(),
    )


def test_action_of_a_killed_process_is_continued(installation: Installation):
    """Kill -9 in the middle of a step, after a job was changed and before it was counted."""
    app = installation.app
    ids = orders(app, 5)
    begun = app.bulk_actions.add(cancelling(app, ids))
    environment = installation.environment | {"DJANGO_SETTINGS_MODULE": "filesure_site.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", _WAITS], cwd=ROOT, env=environment, text=True, stdin=-1, stdout=-1
    ) as process:
        for _ in range(2):
            assert process.stdout.readline().strip() in ids
            process.stdin.write("\n")
            process.stdin.flush()
        assert process.stdout.readline().strip() == sorted(ids)[2]
        process.send_signal(signal.SIGKILL)
    held = app.bulk_actions.get(begun.id)
    assert (held.done, len(held.batch), held.fence) == (0, 5, 1)
    app.database["bulk_actions"].update_one({}, {"$set": {"leaseUntil": app.clock()}})
    following = BulkService(
        actions=app.bulk_actions,
        audit=app.audit,
        jobs=app.jobs,
        clock=app.clock,
        act=lambda action, job_id: app.service.cancel(job_id, action.actor),
        select=lambda *_: [],
    )
    while following.advance("next"):
        pass
    done = app.bulk_actions.get(begun.id)
    assert (done.done, done.refused, done.state) == (5, 0, BulkState.DONE)
    assert [len(app.audit.of_job(job_id, 9)) for job_id in ids] == [1] * 5
