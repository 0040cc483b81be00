"""Passkeys: adding them, and as the second step of logging in."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from filesure_site.checks import passkeys_work
from jobs.domain.audit import Action, AuditFilter
from jobs.models import Passkey
from tests.authenticator import Authenticator
from tests.integration.conftest import PASSWORD, text_of
from tests.integration.passkeys import FALSE, UNKNOWN, added, is_in, options, password_given, refused

pytestmark = [pytest.mark.server, pytest.mark.django_db]


@pytest.fixture
def key(session):
    """An authenticator with a passkey of asha's."""
    made = Authenticator()
    added(session, made)
    return made


# --- the account page


def test_first_passkey_comes_with_backup_codes(session, app):
    page = text_of(added(session, Authenticator()))
    assert len(re.search(r'id="codes" class="backup">([^<]*)<', page)[1].split()) == 10
    assert "is added." in text_of(added(session, Authenticator(), "Key"))
    (first, second), page = Passkey.objects.all(), text_of(session.get("/account/"))
    assert (first.name, first.transports, first.user_handle) == ("Laptop", ["usb"], second.user_handle)
    assert "Laptop" in page
    assert "10 backup codes left" in page
    done = [(each.action, each.details) for each in app.audit.entries(AuditFilter(), None, 5).items]
    assert done == [(Action.ADD_PASSKEY, "asha: Key"), (Action.ADD_PASSKEY, "asha: Laptop")]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"password": "no"}, "The current password is wrong."),
        ({"name": " "}, "Give the passkey a name"),
        ({"name": "a" * 81}, "Give the passkey a name"),
        ({"name": "laptop"}, "You already have a passkey named “laptop”."),
    ],
)
def test_passkey_needs_a_new_name_and_the_password(session, key, given, problem):
    found = options(session, **{"name": "Key"} | given)
    assert found.status_code == 422
    assert found.json()["problem"].startswith(problem)


def test_known_authenticator_is_named_to_the_browser(session, key):
    known = options(session, "Again").json()["excludeCredentials"]
    assert [each["id"] for each in known] == [Passkey.objects.get().credential_id]


def test_passkey_of_another_address_is_not_added(session):
    page = added(session, Authenticator("https://evil.example"))
    assert "Passkeys work only at http://localhost:5001." in text_of(page)
    assert not Passkey.objects.exists()


def test_passkey_is_renamed_and_removed_with_the_password(session, key, app):
    path = f"/account/passkeys/{Passkey.objects.get().pk}"
    assert "is now named “Work”" in text_of(session.post(f"{path}/rename/", {"name": " Work "}, follow=True))
    assert "password is wrong" in text_of(session.post(f"{path}/remove/", {"password": "no"}, follow=True))
    assert Passkey.objects.get().name == "Work"
    session.post(f"{path}/remove/", {"password": PASSWORD})
    assert not Passkey.objects.exists()
    assert not StaticToken.objects.exists()
    actions = [each.action for each in app.audit.entries(AuditFilter(), None, 5).items]
    assert actions[:3] == [Action.REMOVE_PASSKEY, Action.REMOVE_PASSKEY, Action.RENAME_PASSKEY]


def test_others_passkeys_cannot_be_changed(session, key, client):
    client.force_login(get_user_model().objects.create_superuser("root", password=PASSWORD))
    assert client.post(f"/account/passkeys/{Passkey.objects.get().pk}/rename/", {"name": "mine"}).status_code == 404


@pytest.mark.parametrize("way", ["account", "command"])
def test_admin_turns_off_all_second_steps(key, asha, way):
    if way == "command":
        call_command("turn_off_codes", "asha")
    else:
        admin = Client()
        admin.force_login(get_user_model().objects.create_superuser("root"))
        assert "Turn off codes and passkeys" in text_of(admin.get(f"/accounts/{asha.pk}/"))
        admin.post(f"/accounts/{asha.pk}/codes/")
    assert not Passkey.objects.exists()
    assert is_in(password_given())


# --- as the second step


def test_passkey_is_the_second_step(key):
    browser = password_given()
    assert not is_in(browser)
    page = text_of(browser.get("/login/code/"))
    assert "Use a passkey or a code" in page
    key.verifies = False
    given = key.get(browser.post("/login/code/passkey/options/").json(), named=False)
    assert browser.post("/login/code/passkey/", {"credential": given})["Location"] == "/workers/"
    assert is_in(browser)


def test_anothers_passkey_is_no_second_step(key):
    root = get_user_model().objects.create_superuser("root", password=PASSWORD)
    own, theirs = Client(), Authenticator()
    own.force_login(root)
    added(own, theirs)
    browser = password_given()
    given = theirs.get(browser.post("/login/code/passkey/options/").json())
    page = browser.post("/login/code/passkey/", {"credential": given})
    assert page.status_code == 422
    assert UNKNOWN in text_of(page)
    assert not is_in(browser)


def test_second_step_needs_the_password_first(key):
    browser = Client()
    assert browser.post("/login/code/passkey/options/").json() == {"problem": "The login took too long. Log in again."}
    assert browser.post("/login/code/passkey/", {"credential": "{}"})["Location"] == "/login/?late=1"


def test_answer_for_one_login_is_none_for_the_other(key):
    """A second step need not verify its user, so it must not replace the password."""
    browser = password_given()
    key.verifies = False
    given = key.get(browser.post("/login/code/passkey/options/").json())
    browser.post("/login/passkey/options/")
    refused(browser, given, FALSE)


def test_backup_codes_stay_while_passkeys_need_them(session, key):
    session.get("/account/codes/")
    code = f"{totp(TOTPDevice.objects.get().bin_key):06}"
    session.post("/account/codes/", {"code": code, "password": PASSWORD})
    page = text_of(session.post("/account/codes/off/", {"password": PASSWORD}, follow=True))
    assert "You log in with the password and a passkey now." in page
    backup = StaticToken.objects.first().token
    assert password_given().post("/login/code/", {"code": backup})["Location"] == "/workers/"


# --- where passkeys do not work


def test_pages_explain_where_passkeys_work(session, settings):
    assert "Passkeys work only at http://localhost:5001." in text_of(session.get("/account/"))
    assert "Sign in with a passkey" in text_of(Client().get("/login/", headers={"Host": "localhost"}))
    settings.PASSKEYS = replace(settings.PASSKEYS, problem="Passkeys need a host name.")
    assert "Passkeys need a host name." in text_of(session.get("/account/"))
    assert "passkey" not in text_of(Client().get("/login/")).replace("passkeys.js", "").replace("passkeys.", "")
    assert Client().post("/login/passkey/options/").status_code == 404
    assert options(session).status_code == 404
    assert [each.msg for each in passkeys_work()] == ["Passkeys need a host name."]


def test_account_without_password_has_no_passkeys(session, asha):
    asha.set_unusable_password()
    asha.save()
    session.force_login(asha)
    assert options(session).status_code == 404
    assert "Passkeys" not in text_of(session.get("/account/"))
