"""Bulk actions in the API."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model

from jobs.bootstrap import new_id
from jobs.domain.audit import Action, Actor, AuditFilter
from jobs.domain.bulk_action import BulkState
from jobs.domain.job import JobStatus
from jobs.models import ApiToken
from jobs.services import ListRow, Order
from jobs.web import bulk_runner, tokens
from jobs.web.permissions import Permission
from tests.integration.api import caller, is_problem
from tests.integration.conftest import ordered
from tests.integration.test_bulk_actions import ended
from tests.making import a_cin

NOW = datetime.now(UTC)
pytestmark = [pytest.mark.server, pytest.mark.django_db]


def a_list(app, number: int) -> str:
    rows = [ListRow(line=line, order=Order(cin=a_cin(), company_name="Acme")) for line in range(1, number + 1)]
    return app.lists.place(new_id(), "Monday", [rows], requested_by="x").id


def test_api_acts_on_a_list_once_per_key(call, app):
    list_id, key = a_list(app, 3), {"Idempotency-Key": "k"}
    path = f"/api/v1/lists/{list_id}/priority"
    first = call("POST", path, {"priority": 7}, **key)
    assert first.status_code == 202, first.content
    assert call("POST", path, {"priority": 7}, **key).json()["bulkActionId"] == first.json()["bulkActionId"]
    assert is_problem(call("POST", path, {"priority": 8}, **key), 422, "idempotency_key_reused")
    action = ended(app, first.json()["bulkActionId"])
    shown = call("GET", f"/api/v1/bulk-actions/{action.id}").json()
    assert (shown["action"], shown["priority"], shown["listId"]) == ("prioritise", 7, list_id)
    assert (shown["state"], shown["total"], shown["done"], shown["refused"]) == ("done", 3, 3, 0)
    assert {job.priority for job in ordered(app)} == {7}
    assert [each["bulkActionId"] for each in call("GET", "/api/v1/bulk-actions").json()["items"]] == [action.id]


def test_api_reports_refused_jobs(call, app):
    list_id = a_list(app, 2)
    app.service.cancel(ordered(app)[0].id, Actor(name="x"))
    made = call("POST", f"/api/v1/lists/{list_id}/retry")
    action = ended(app, made.json()["bulkActionId"])
    shown = call("GET", f"/api/v1/bulk-actions/{action.id}").json()
    assert (shown["done"], shown["refused"]) == (1, 1)
    assert "only a failed, partial or cancelled job" in shown["refusedJobs"][0]["reason"]
    entries = app.audit.entries(AuditFilter(action=Action.RETRY), None, 9).items
    assert {(entry.by, entry.bulk_id) for entry in entries} == {("owner", action.id)}
    cancelled = call("POST", f"/api/v1/lists/{list_id}/cancel")
    assert ended(app, cancelled.json()["bulkActionId"]).done == 2


@pytest.mark.parametrize("change", [{"revoked_at": NOW}, {"expires_at": NOW}, {"scopes": ["view"]}])
def test_action_of_a_token_ends_with_the_token(app, owner, monkeypatch, change):
    monkeypatch.setattr(bulk_runner.BulkRunner, "begin", lambda _: None)
    token, secret = tokens.issue(owner, "script", list(Permission), None)
    made = caller(secret)("POST", f"/api/v1/lists/{a_list(app, 2)}/cancel").json()
    ApiToken.objects.filter(pk=token.pk).update(**change)
    bulk_runner.service().advance("test")
    stored = app.bulk_actions.get(made["bulkActionId"])
    assert (stored.state, stored.problem) == (BulkState.STOPPED, "The API token that began it may no longer do this.")
    assert {job.status for job in ordered(app)} == {JobStatus.PENDING}


def test_api_follows_scopes_and_owners(call, app):
    made = call("POST", f"/api/v1/lists/{a_list(app, 1)}/cancel").json()
    path = f"/api/v1/bulk-actions/{made['bulkActionId']}"
    other = get_user_model().objects.create_superuser("other")
    views = caller(tokens.issue(other, "views", [Permission.VIEW], None)[1])
    audits = caller(tokens.issue(other, "audits", [Permission.VIEW, Permission.AUDIT], None)[1])
    assert is_problem(views("GET", path), 404, "unknown_bulk_action")
    assert views("GET", "/api/v1/bulk-actions").json()["items"] == []
    assert audits("GET", path).status_code == 200
    assert is_problem(audits("POST", f"{path}/stop"), 403, "forbidden")
    assert call("POST", f"{path}/stop").status_code == 200
    for list_id in ("0" * 24, "x" * 300):
        assert is_problem(call("POST", f"/api/v1/lists/{list_id}/cancel"), 404, "unknown_list")
    assert is_problem(call("GET", "/api/v1/bulk-actions/nonsense"), 404, "unknown_bulk_action")
