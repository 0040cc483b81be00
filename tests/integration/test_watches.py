"""Watched companies on pages, in the API and by the command."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId
from django.contrib.auth import get_user_model

from jobs.adapters.mongo.outbox import MongoOutbox
from jobs.bootstrap import new_id
from jobs.domain.audit import Action, Actor, AuditFilter
from jobs.domain.document import Filing
from jobs.domain.ending import ended_well
from jobs.domain.events import EventType
from jobs.domain.watching import Interval
from jobs.services import ListRow, Order
from jobs.web import tokens
from jobs.web.permissions import Permission
from tests.integration.api import caller, is_problem
from tests.integration.companies import an_order
from tests.integration.conftest import text_of
from tests.making import a_cin, a_file

pytestmark = [pytest.mark.server, pytest.mark.django_db]

KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def cin(app) -> str:
    found = a_cin()
    an_order(app, found)
    return found


def make_due(app, watch_id: str) -> None:
    app.database["watches"].update_one(
        {"_id": ObjectId(watch_id)}, {"$set": {"nextAt": app.clock() - timedelta(days=1)}}
    )


def find_new(app, job_id: str) -> None:
    """As a worker that finds one more filing."""
    held = app.jobs.claim(job_id, "w", 60)
    app.documents.add(held.lease, held, [Filing(number=1, document_type="DIR-12", file_name="new.pdf", srn="N1")])
    for document in app.documents.to_download(job_id, 9):
        app.documents.save_stored(held.lease, document, a_file())
    app.jobs.end(held.lease, ended_well(held, app.documents.progress(job_id), app.clock()))


def test_watches_of_a_deactivated_account_are_paused(app, cin, admin_user, django_capture_on_commit_callbacks):
    watch = app.watching.watch(cin, Interval.DAILY, Actor(name=admin_user.username))
    admin_user.is_active = False
    with django_capture_on_commit_callbacks(execute=True):
        admin_user.save()
    assert "deactivated" in app.watching.watches.get(watch.id).paused_reason


def test_company_is_watched_rechecked_and_shown(client, app, cin, admin_user):
    client.force_login(admin_user)
    page = f"/companies/{cin}/"
    made = client.post(f"{page}watch/", {"interval": "daily", "back": page}, follow=True)
    assert b"is checked daily from now on" in made.content
    assert b"Watched daily" in made.content
    watch = app.watching.watches.of_user(cin, "admin")
    make_due(app, watch.id)
    assert app.watching.step().ordered == 1
    assert app.watching.step().ordered == 0
    job_id = app.watching.watches.get(watch.id).job_id
    assert b"being checked" in client.get("/watches/").content
    assert b"lists only filings that no" in client.get(f"/jobs/{job_id}/").content
    find_new(app, job_id)
    assert app.watching.step().settled == 1
    for path in (page, "/watches/"):
        shown = " ".join(client.get(path).content.decode().split())
        assert "1 new filing</a>" in shown
        assert f"since {watch.checked_at.astimezone(KOLKATA):%-d %b %Y}" in shown
    after = int(watch.checked_at.timestamp())
    assert "new.pdf" in client.get(f"{page}filings/?after={after - 9}").content.decode()
    assert "No filing matches" in client.get(f"{page}filings/?after={after + 9000}").content.decode()
    events = [event for each in MongoOutbox(app.database).waiting(9) for event in each.events]
    (event,) = [each for each in events if each.type is EventType.FILINGS_NEW]
    assert (event.by, event.data["cin"], event.data["count"]) == ("admin", cin, 1)
    assert not [each for each in events if each.data.get("jobId") == job_id]


def test_watch_is_paused_resumed_and_ended(client, app, cin, admin_user):
    client.force_login(admin_user)
    client.post(f"/companies/{cin}/watch/", {"interval": "weekly"})
    watch = app.watching.watches.of_user(cin, "admin")
    paused = client.post(f"/watches/{watch.id}/pause/", {"reason": "Merger"}, follow=True)
    assert b"Merger" in paused.content
    assert b"Resume" in paused.content
    client.post(f"/watches/{watch.id}/resume/")
    assert app.watching.watches.get(watch.id).next_at
    ended = client.post(f"/watches/{watch.id}/end/", follow=True)
    assert b"No company is watched" in ended.content
    entries = app.audit.entries(AuditFilter(by="admin"), None, 9).items
    assert [each.action for each in reversed(entries)] == [
        Action.WATCH,
        Action.PAUSE_WATCH,
        Action.RESUME_WATCH,
        Action.UNWATCH,
    ]


@pytest.mark.parametrize(("interval", "sentence"), [("hourly", "not &#x27;hourly&#x27;"), ("", "not &#x27;&#x27;")])
def test_wrong_interval_is_refused(client, app, cin, admin_user, interval, sentence):
    client.force_login(admin_user)
    refused = client.post(f"/companies/{cin}/watch/", {"interval": interval}, follow=True)
    assert sentence in refused.content.decode()
    assert app.watching.watches.count("admin", 9) == 0


def test_api_watches_pauses_and_ends(call, app, cin):
    assert is_problem(call("POST", "/api/v1/watches", {"cin": a_cin()}), 404, "unknown_company")
    assert is_problem(call("POST", "/api/v1/watches", {"cin": cin, "interval": "hourly"}), 422)
    made = call("POST", "/api/v1/watches", {"cin": cin, "interval": "monthly"}).json()
    assert (made["cin"], made["interval"], made["by"], made["pausedReason"]) == (cin, "monthly", "owner", None)
    path = f"/api/v1/watches/{made['watchId']}"
    assert call("POST", "/api/v1/watches", {"cin": cin}).json()["interval"] == "weekly"
    paused = call("POST", f"{path}/pause", {"reason": "Merger"}).json()
    assert (paused["pausedReason"], paused["nextAt"]) == ("Merger", None)
    assert call("POST", f"{path}/resume").json()["nextAt"]
    assert [each["watchId"] for each in call("GET", "/api/v1/watches?by=owner").json()["items"]] == [made["watchId"]]
    assert call("GET", "/api/v1/watches?by=nobody").json()["items"] == []
    assert call("DELETE", path).status_code == 204
    assert is_problem(call("GET", path), 404, "unknown_watch")


def test_others_watch_needs_the_scope_audit(call, app, cin):
    path = f"/api/v1/watches/{call('POST', '/api/v1/watches', {'cin': cin}).json()['watchId']}"
    other = get_user_model().objects.create_superuser("other")
    watches = caller(tokens.issue(other, "watches", [Permission.VIEW, Permission.WATCH], None)[1])
    audits = caller(tokens.issue(other, "audits", [Permission.WATCH, Permission.AUDIT], None)[1])
    assert watches("GET", path).status_code == 200
    assert is_problem(watches("DELETE", path), 403, "forbidden")
    assert audits("DELETE", path).status_code == 204


def test_list_is_watched_as_a_whole(client, call, app, admin_user):
    rows = [ListRow(line=line, order=Order(cin=a_cin(), company_name="Acme")) for line in (1, 2)]
    list_id = app.lists.place(new_id(), "Monday", [rows], requested_by="x").id
    assert call("POST", f"/api/v1/lists/{list_id}/watch", {"interval": "daily"}).json() == {"added": 2}
    assert call("POST", f"/api/v1/lists/{list_id}/watch", {}).json() == {"added": 0}
    assert is_problem(call("POST", f"/api/v1/lists/{'0' * 24}/watch", {}), 404, "unknown_list")
    client.force_login(admin_user)
    shown = client.post(f"/lists/{list_id}/watch/", {"interval": "monthly"}, follow=True).content.decode()
    assert "2 more companies are watched" in shown
    assert "List Monday" in shown


def test_watches_of_a_list_are_paused_and_resumed(client, call, app, admin_user):
    rows = [ListRow(line=line, order=Order(cin=a_cin(), company_name="Acme")) for line in (1, 2)]
    list_id = app.lists.place(new_id(), "Monday", [rows], requested_by="x").id
    path, page = f"/lists/{list_id}/watch", f"/watches/?by=admin&list={list_id}"
    client.force_login(admin_user)
    for add in (lambda: client.post(f"{path}/"), lambda: call("POST", f"/api/v1{path}", {})):
        add()
    client.post(f"{path}/", {"interval": "weekly"})
    assert "Pause your watches of this list" in " ".join(text_of(client.get(page)).split())
    assert "Pause all watches of this list" in " ".join(text_of(client.get(f"/watches/?list={list_id}")).split())
    done = client.post(f"{path}/pause/", {"reason": "Holidays", "back": page}, follow=True).content.decode()
    assert "2 watches are paused." in done
    assert "Holidays" in done
    assert client.post(f"{path}/pause/", {"reason": "x" * 300, "back": page}, follow=True).status_code == 200
    assert call("POST", f"/api/v1{path}/pause", {"everybody": True, "reason": "All"}).json() == {"changed": 2}
    assert call("POST", f"/api/v1{path}/resume", {}).json() == {"changed": 2}
    assert "2 watches are resumed." in client.post(f"{path}/resume/", {"back": page}, follow=True).content.decode()
    assert is_problem(call("POST", f"/api/v1/lists/{'0' * 24}/watch/pause", {}), 404, "unknown_list")
    user = get_user_model().objects.create_superuser("other")
    mine = caller(tokens.issue(user, "watches", [Permission.WATCH], None)[1])
    assert is_problem(mine("POST", f"/api/v1{path}/pause", {"everybody": True}), 403, "forbidden")
    assert mine("POST", f"/api/v1{path}/pause", {}).json() == {"changed": 0}


def test_command_orders_and_reports(installation):
    ids = installation.order()
    cin = installation.app.jobs.get(ids[0]).cin
    asked = installation.run("shell", "-c", _WATCH.format(cin=cin))
    assert asked.returncode == 0, asked.stderr
    make_due(installation.app, installation.app.watching.watches.of_user(cin, "x").id)
    installation.app.service.cancel(ids[0], Actor(name="x"))
    done = installation.run("place_watches")
    assert (done.returncode, done.stdout) == (0, "1 rechecks ordered, 0 results recorded.\n")
    assert installation.run("place_watches").stdout.startswith("0 rechecks ordered")
    assert installation.run("place_watches", "--every", "0").returncode == 2


_WATCH = """
from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.domain.watching import Interval
application().watching.watch("{cin}", Interval.DAILY, Actor(name="x"))
"""
