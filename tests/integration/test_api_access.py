"""Access to the API: tokens, sessions, demo mode, rate limits."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client, override_settings
from django.utils import timezone

from jobs.configuration.table import load
from jobs.domain.errors import ConfigurationError
from jobs.models import ApiToken
from jobs.web import tokens
from jobs.web.permissions import Permission
from tests.integration.api import caller, is_problem
from tests.integration.conftest import a_stored_job, ordered

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def test_every_operation_requires_authentication(app):
    ask = caller()
    for method, path in (
        ("GET", "/api/v1/jobs"),
        ("POST", "/api/v1/jobs"),
        ("POST", "/create-job"),
        ("GET", "/api/v1/stats"),
    ):
        answer = ask(method, path, {"num_jobs": 1})
        assert is_problem(answer, 401, "not_authenticated")
        assert "Bearer" in answer["WWW-Authenticate"]
    assert ordered(app) == []


@pytest.mark.parametrize(
    ("secret", "fault"),
    [(None, "Authentication is required."), ("fsr_unknown", "The token is unknown, revoked or expired.")],
)
def test_anonymous_writes_learn_how_to_authenticate(app, secret, fault):
    """What to type must survive JSON, which escapes double quotes."""
    ask = caller(secret, client=Client(enforce_csrf_checks=True))
    answer = ask("POST", "/create-job", {"num_jobs": 1})
    assert is_problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="filesure"'
    sentence = answer.json()["detail"]
    assert answer.json()["error"] == sentence
    typed = "create a token at http://testserver/tokens/ and repeat the request with -H 'Authorization: Bearer TOKEN'"
    assert sentence == f"{fault} Log in, {typed}"
    assert sentence in answer.content.decode()
    assert is_problem(ask("DELETE", "/api/v1/jobs/65a1b2c3d4e5f60718293a4b"), 401)


def test_wrong_token_gets_401_in_demo_mode(app):
    with override_settings(ALLOW_ANONYMOUS_DEMO=True):
        ask = caller("fsr_unknown", client=Client(enforce_csrf_checks=True))
        assert is_problem(ask("POST", "/create-job", {"num_jobs": 1}), 401)


def test_tokens_of_an_account_share_its_limit(owner, app, settings, monkeypatch):
    monkeypatch.setattr("jobs.web.api.site.api.throttle", [])
    asks = [caller(tokens.issue(owner, str(n), [Permission.ORDER], None)[1]) for n in range(2)]
    answers = [asks[n % 2]("POST", "/create-job", {}).status_code for n in range(61)]
    assert answers[-1] == 429


@pytest.mark.parametrize("secret", ["", "x", "fsr_unknown", "fsr_" + "a" * 10_000])
def test_unknown_token_is_refused(app, secret):
    assert is_problem(caller(secret)("GET", "/api/v1/jobs"), 401)


def test_token_is_limited_to_scopes_and_account(app, django_user_model):
    user = django_user_model.objects.create_user("op")
    user.groups.set(Group.objects.filter(name="Operator"))
    _, secret = tokens.issue(user, "reader", [Permission.VIEW, Permission.DELETE], None)
    ask = caller(secret)
    job = a_stored_job(app)
    assert ask("GET", "/api/v1/jobs").status_code == 200
    assert is_problem(ask("POST", f"/api/v1/jobs/{job.id}/cancel"), 403, "forbidden")
    assert is_problem(
        ask("DELETE", f"/api/v1/jobs/{job.id}"), 403
    )  # Operators cannot delete, whatever the token's scopes
    user.groups.clear()
    assert is_problem(ask("GET", "/api/v1/jobs"), 403)
    user.is_active = False
    user.save()
    assert is_problem(ask("GET", "/api/v1/jobs"), 401)


def test_revoked_or_expired_token_is_refused(owner):
    token, secret = tokens.issue(owner, "x", [Permission.VIEW], timezone.now() + timedelta(hours=1))
    assert caller(secret)("GET", "/api/v1/jobs").status_code == 200
    assert ApiToken.objects.get(pk=token.pk).last_used_at is not None
    assert secret not in str(ApiToken.objects.filter(pk=token.pk).values())
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert is_problem(caller(secret)("GET", "/api/v1/jobs"), 401)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=None)
    tokens.revoke(token)
    assert is_problem(caller(secret)("GET", "/api/v1/jobs"), 401)


def test_session_writes_require_a_csrf_token(owner, app):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    ask = caller(client=client)
    assert ask("GET", "/api/v1/jobs").status_code == 200
    assert is_problem(ask("POST", "/create-job", {"num_jobs": 1}), 403)
    client.get("/order/")
    value = client.cookies["filesure_csrf"].value
    assert ask("POST", "/create-job", {"num_jobs": 1}, **{"X-CSRFToken": value}).status_code == 201
    assert len(ordered(app)) == 1


def test_demo_mode_opens_only_create_job(app):
    with override_settings(ALLOW_ANONYMOUS_DEMO=True):
        anybody = caller(client=Client(enforce_csrf_checks=True))
        assert anybody("POST", "/create-job", {"num_jobs": 2}).json()["totalJobs"] == 2
        assert is_problem(anybody("GET", "/api/v1/jobs"), 401)
    assert {job.requested_by for job in ordered(app)} == {"demo"}


@pytest.mark.parametrize("debug", [{}, {"DEBUG": "0"}])
def test_demo_mode_is_refused_in_production(debug):
    with pytest.raises(ConfigurationError, match="ALLOW_ANONYMOUS_DEMO=1 is for demonstrations"):
        load({"ALLOW_ANONYMOUS_DEMO": "1", **debug})
    assert load({"ALLOW_ANONYMOUS_DEMO": "1", "DEBUG": "1"}).allow_anonymous_demo


def test_too_many_requests_get_retry_after(call, monkeypatch):
    monkeypatch.setattr("jobs.web.api.site.api.throttle", [])
    answers = [call("POST", "/create-job", {}) for _ in range(61)]
    assert is_problem(answers[-1], 429, "too_many")
    assert int(answers[-1]["Retry-After"]) > 0
    assert is_problem(answers[0], 422)


def test_tokens_are_shown_once_and_revocable(client, owner):
    client.force_login(owner)
    page = client.post("/tokens/", {"name": "Report", "scopes": ["view"], "expires": ""}).content.decode()
    secret = page.split('id="secret">')[1].split("<")[0]
    assert caller(secret)("GET", "/api/v1/stats").status_code == 200
    assert secret not in client.get("/tokens/").content.decode()
    token = ApiToken.objects.get()
    client.post(f"/tokens/{token.pk}/revoke/")
    assert is_problem(caller(secret)("GET", "/api/v1/stats"), 401)
    assert client.post("/tokens/", {"name": "", "scopes": ["fly"], "expires": "2001-01-01"}).status_code == 422


def test_tokens_page_explains_and_asks_before_revoking(client, owner):
    client.force_login(owner)
    living, old, gone = (tokens.issue(owner, name, [Permission.VIEW], None)[0] for name in ("Living", "Old", "Gone"))
    ApiToken.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=1))
    assert "The token Gone is revoked." in client.post(f"/tokens/{gone.pk}/revoke/", follow=True).content.decode()
    page = client.get("/tokens/").content.decode()
    assert "delete jobs with their documents" in page
    before, collapsed = page.split("Revoked or expired tokens")
    assert '<details class="ended">' in before
    assert f"/tokens/{living.pk}/revoke/" in before
    assert "lose access at once" in before
    assert re.findall(r'<td class="main">\s*(\w+)', collapsed) == ["Gone", "Old"]
    assert "revoke/" not in collapsed


def test_expired_tokens_leave_room_for_new_ones(client, owner, monkeypatch):
    monkeypatch.setattr("jobs.web.pages.tokens.MOST_LIVING", 1)
    client.force_login(owner)
    tokens.issue(owner, "old", [Permission.VIEW], timezone.now() - timedelta(days=1))
    wanted = {"name": "new", "scopes": ["view"]}
    assert client.post("/tokens/", wanted).status_code == 200
    assert "Revoke one before" in client.post("/tokens/", wanted).content.decode()


def test_refused_token_form_keeps_its_input(client, owner):
    client.force_login(owner)
    page = client.post("/tokens/", {"name": "Report", "scopes": ["retry"], "expires": "2001-01-01"}).content.decode()
    assert "The expiry date is in the past." in page
    assert 'value="Report"' in page
    assert 'value="2001-01-01"' in page
    assert re.findall(r'value="(\w+)"\s+checked', page) == ["retry"]


def test_users_revoke_only_their_own_tokens(client, owner, django_user_model):
    token, _ = tokens.issue(owner, "x", [Permission.VIEW], None)
    client.force_login(django_user_model.objects.create_superuser("other"))
    assert client.post(f"/tokens/{token.pk}/revoke/").status_code == 404
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None
