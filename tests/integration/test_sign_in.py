"""Sign-in with a real OpenID Connect provider."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from filesure_site.oidc import provider as client_side
from jobs.configuration.table import load
from jobs.domain.audit import Action, AuditFilter
from jobs.models import ExternalIdentity
from tests.integration.signing_in import CALLBACK, account, altered, begin, failure, go, roles
from tests.servers import free_port
from tests.servers.oidc import oidc_provider

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def test_first_sign_in_creates_the_account(provider, client):
    answer = go(client, provider, next="/jobs/?q=a")
    assert (answer.status_code, answer["Location"]) == (302, "/jobs/?q=a")
    assert int(client.session["_auth_user_id"]) == account().pk
    assert (account().get_full_name(), roles(), account().is_staff) == ("Priya Nair", ["Operator"], False)
    assert not account().has_usable_password()
    assert client.session.get_expiry_age() <= 12 * 3600


def test_request_has_pkce_state_and_nonce(provider, client):
    query = parse_qs(urlsplit(begin(client)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert all(len(query[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))
    assert query["redirect_uri"] == [CALLBACK]


def test_role_follows_the_groups_at_every_sign_in(provider, client):
    go(client, provider)
    provider.knows("priya-1", preferred_username="p.nair@contoso.example", groups=["fs-readers", "fs-admins"])
    go(Client(), provider)
    assert (roles(), account().is_staff) == (["Admin"], True)
    provider.knows("priya-1", groups="fs-readers")
    go(Client(), provider)
    assert (roles(), account().is_staff) == (["Viewer"], False)
    assert get_user_model().objects.count() == 1


def test_changes_of_roles_are_audited(provider, client, app):
    go(client, provider)
    go(Client(), provider)
    provider.knows("priya-1")
    go(Client(), provider)
    entries = app.audit.entries(AuditFilter(), None, 10).items
    assert [(each.by, each.action, each.details, each.address) for each in entries] == [
        ("priya@contoso.example", Action.CHANGE_ROLE, f"priya@contoso.example: {change}, by Contoso", "127.0.0.1")
        for change in ("Operator to no role", "no role to Operator")
    ]


def test_user_without_a_role_gets_a_page(provider, client):
    provider.knows("guest-1", preferred_username="guest@contoso.example", groups=["others"])
    answer = go(client, provider, "guest-1")
    assert answer.status_code == 403
    assert failure(answer).startswith("You have no role here")
    assert not get_user_model().objects.exists()


def test_lost_groups_take_the_role_away(provider, client):
    go(client, provider)
    provider.knows("priya-1")
    assert failure(go(Client(), provider)).startswith("You have no role here")
    assert roles() == []


def test_too_many_groups_are_explained(provider):
    with pytest.raises(client_side.SignInFailed, match="more groups than"):
        client_side._with_groups(None, {}, {"_claim_names": {"groups": "src1"}})


@pytest.mark.parametrize("name", ["owner", "OWNER", "owner@contoso.example"])
def test_existing_account_is_not_taken_over(provider, client, name):
    owner = get_user_model().objects.create_user("owner", email="owner@contoso.example", password="x")
    get_user_model().objects.create_user("owner@contoso.example")
    claims = {"preferred_username": name, "email": "owner@contoso.example", "email_verified": True}
    provider.knows("mallory", groups=["fs-admins"], **claims)
    answer = go(client, provider, "mallory")
    assert answer.status_code == 409
    assert "exists here already and is not connected" in failure(answer)
    assert not ExternalIdentity.objects.exists()
    assert list(owner.groups.all()) == []


def test_equal_email_makes_a_separate_account(provider, client):
    owner = get_user_model().objects.create_user("owner", email="owner@contoso.example", password="x")
    provider.knows("other", preferred_username="other", email="owner@contoso.example", groups=["fs-readers"])
    assert go(client, provider, "other").status_code == 302
    assert client.session["_auth_user_id"] != str(owner.pk)


def test_replayed_answer_of_another_browser_is_refused(provider, client):
    address = provider.log_in(begin(client), "priya-1")
    assert "began in another browser" in failure(Client().get(address))
    assert client.get(address).status_code == 302
    second = Client()
    second.cookies = client.cookies
    assert second.get(address).status_code == 400


def test_wrong_state_is_refused(provider, client):
    address = provider.log_in(begin(client), "priya-1")
    answer = client.get(altered(address, state="x" * 30))
    assert answer.status_code == 400
    assert "began in another browser" in failure(answer)


def test_wrong_nonce_is_refused(provider, client):
    address = provider.log_in(altered(begin(client), nonce="one-of-an-attacker"), "priya-1")
    answer = client.get(address)
    assert answer.status_code == 502
    assert failure(answer) == "The answer of the sign-in service is not valid. Start the sign-in again."


def test_code_of_another_sign_in_is_refused(provider, client):
    """An attacker's code in the victim's sign-in: PKCE, and the nonce if the provider has no PKCE."""
    stolen = parse_qs(urlsplit(provider.log_in(begin(Client()), "priya-1")).query)["code"][0]
    own = provider.log_in(begin(client), "priya-1")
    assert "took too long or was used before" in failure(client.get(altered(own, code=stolen)))


def test_cancelled_sign_in_is_explained(provider, client):
    answer = go(client, provider, cancel=True)
    assert (answer.status_code, failure(answer)) == (400, "The sign-in was cancelled. Start the sign-in again.")


def test_wrong_secret_is_the_administrators_matter(provider, client, settings):
    settings.SIGN_IN = load(provider.settings(OIDC_CLIENT_SECRET="an-expired-secret"))
    answer = go(client, provider)
    assert answer.status_code == 502
    assert "rejects this site's ID or secret" in failure(answer).replace("&#x27;", "'")


def test_other_clients_token_is_refused(provider, client, settings, monkeypatch):
    address = provider.log_in(begin(client), "priya-1")
    # The provider's answer stays, but this site now has another ID.
    first = client_side._client(settings.SIGN_IN)
    monkeypatch.setattr(client_side, "_settings", lambda: load(provider.settings(OIDC_CLIENT_ID="another")))
    monkeypatch.setattr(client_side, "_client", lambda _given: first)
    assert "is not valid" in failure(client.get(address))


@pytest.mark.parametrize("hours", [-3, 3])
def test_wrong_clock_is_named(provider, client, monkeypatch, hours):
    from authlib.oauth2.claims import JWTClaims, JWTClaimsRegistry

    def wrong(_now, leeway, **options):
        return JWTClaimsRegistry(int(time.time()) + hours * 3600, leeway, **options)

    monkeypatch.setattr(JWTClaims, "registry_cls", staticmethod(wrong))
    answer = go(client, provider)
    assert answer.status_code == 502
    assert "The clocks of this site and of the sign-in service differ" in failure(answer)


def test_absent_provider_is_explained_and_recovers(provider, client, settings):
    port = free_port()
    settings.SIGN_IN = load(provider.settings(OIDC_ISSUER=f"http://127.0.0.1:{port}"))
    answer = client.get("/login/provider/")
    assert (answer.status_code, failure(answer)) == (
        503,
        "The sign-in service does not answer. Try again in a minute.",
    )
    settings.SIGN_IN = load(provider.settings())
    assert go(client, provider).status_code == 302


def test_wrong_issuer_is_refused(provider, client, settings):
    settings.SIGN_IN = load(provider.settings(OIDC_ISSUER=f"{provider.issuer}/"))
    assert client.get("/login/provider/").status_code == 502


def test_deactivated_account_stays_out(provider, client):
    go(client, provider)
    get_user_model().objects.update(is_active=False)
    assert failure(go(Client(), provider)) == "Your account is deactivated. Ask an administrator."


def test_sign_in_does_not_change_a_deactivated_account(provider, client, app):
    go(client, provider)
    get_user_model().objects.update(is_active=False)
    provider.knows("priya-1", groups=["fs-admins"])
    assert failure(go(Client(), provider)) == "Your account is deactivated. Ask an administrator."
    assert (roles(), account().is_staff) == (["Operator"], False)
    assert len(app.audit.entries(AuditFilter(), None, 10).items) == 1


def test_sign_in_restores_what_was_changed_here(provider, client):
    go(client, provider)
    get_user_model().objects.update(is_staff=True)
    go(Client(), provider)
    assert (roles(), account().is_staff) == (["Operator"], False)


def test_superuser_does_not_sign_in_with_the_provider(provider, client):
    go(client, provider)
    get_user_model().objects.update(is_superuser=True)
    assert "it logs in with a password only" in failure(go(Client(), provider))


def test_groups_may_come_from_userinfo(tmp_path, settings, client, app):
    cache.clear()
    with oidc_provider(tmp_path, CALLBACK, groups_in="userinfo") as other:
        settings.SIGN_IN = load(other.settings())
        other.knows("asha-7", preferred_username="asha", groups=["fs-admins"])
        assert go(client, other, "asha-7").status_code == 302
        assert roles("asha") == ["Admin"]
