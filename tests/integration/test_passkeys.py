"""Passkeys: adding them, logging in with them, and what is refused."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client, RequestFactory
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from filesure_site.checks import passkeys_work
from jobs.domain.audit import Action, AuditFilter
from jobs.models import Passkey
from jobs.web import passkeys
from jobs.web.sessions import SessionStore
from jobs.web.webauthn import PasskeyRefused
from tests.authenticator import Authenticator
from tests.integration.conftest import PASSWORD, text_of

pytestmark = [pytest.mark.server, pytest.mark.django_db]

FALSE = "The passkey’s answer is not valid."
UNKNOWN = "This passkey cannot be used here."


@pytest.fixture
def key(session):
    """An authenticator with a passkey of asha's."""
    made = Authenticator()
    added(session, made)
    return made


def options(session: Client, name: str = "Laptop", password: str = PASSWORD):
    return session.post("/account/passkeys/options/", {"name": name, "password": password})


def added(session: Client, key: Authenticator, name: str = "Laptop"):
    return session.post("/account/passkeys/", {"credential": key.create(options(session, name).json())}, follow=True)


def answer(browser: Client, key: Authenticator, **how) -> str:
    return key.get(browser.post("/login/passkey/options/").json(), **how)


def logged_in(browser: Client, given: str):
    return browser.post("/login/passkey/", {"credential": given, "next": "/workers/"})


def refused(browser: Client, given: str, sentence: str) -> None:
    page = logged_in(browser, given)
    assert page.status_code == 422
    assert sentence in text_of(page)
    assert not is_in(browser)


def password_given() -> Client:
    browser = Client()
    browser.post("/login/", {"username": "asha", "password": PASSWORD, "next": "/workers/"})
    return browser


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


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


# --- instead of name and password


def test_passkey_replaces_name_and_password(key):
    browser = Client()
    done = logged_in(browser, answer(browser, key))
    assert done["Location"] == "/workers/"
    assert browser.get("/workers/").status_code == 200
    assert Passkey.objects.get().last_used_at is not None


def test_next_page_is_one_of_ours(key):
    browser = Client()
    given = {"credential": answer(browser, key), "next": "https://evil.example/"}
    assert browser.post("/login/passkey/", given)["Location"] == "/jobs/"


def test_answer_works_once(key):
    key.counter = None
    Passkey.objects.update(counter=0)
    browser = Client()
    given = answer(browser, key)
    assert logged_in(browser, given).status_code == 302
    other = Client()
    answer(other, Authenticator())
    refused(other, given, FALSE)
    refused(other, given, "used before")


def test_answer_works_once_for_two_requests_at_the_same_time(key):
    browser = Client()
    answer(browser, key)
    first, second = (RequestFactory().post("/", {"credential": "{}"}) for _ in range(2))
    for request in (first, second):
        request.session = SessionStore(browser.session.session_key)
        assert "passkey_login" in request.session
    assert "challenge" in passkeys.take(first, "passkey_login")
    with pytest.raises(PasskeyRefused):
        passkeys.take(second, "passkey_login")


def test_late_answer_is_refused(key, monkeypatch):
    browser = Client()
    given, later = answer(browser, key), time.time() + 301
    monkeypatch.setattr("jobs.web.passkeys.time.time", lambda: later)
    refused(browser, given, "took too long")


def test_wrong_origin_is_refused(key):
    key.origin = "http://localhost:5002"
    browser = Client()
    refused(browser, answer(browser, key), "Passkeys work only at http://localhost:5001.")


def test_removed_passkey_is_refused(key):
    Passkey.objects.all().delete()
    browser = Client()
    refused(browser, answer(browser, key), UNKNOWN)


def test_deactivated_account_is_refused(key, asha):
    get_user_model().objects.update(is_active=False)
    browser = Client()
    refused(browser, answer(browser, key), UNKNOWN)


def test_account_without_a_password_is_refused(key, asha):
    asha.set_unusable_password()
    asha.save()
    browser = Client()
    refused(browser, answer(browser, key), UNKNOWN)


def test_provider_only_admits_superusers(key, asha, settings):
    settings.SIGN_IN = replace(settings.SIGN_IN, oidc_issuer="https://login.example.com", oidc_only=True)
    browser = Client()
    refused(browser, answer(browser, key), UNKNOWN)
    asha.is_superuser = True
    asha.save()
    assert logged_in(browser, answer(browser, key)).status_code == 302


def test_counter_that_went_back_is_refused(key, caplog):
    key.counter = 0
    browser = Client()
    refused(browser, answer(browser, key), "counts fewer uses than before")
    assert "web.passkey_counter" in [each.message for each in caplog.records]
    assert Passkey.objects.get().counter == 1


def test_unverified_user_is_refused_without_the_password(key):
    key.verifies = False
    browser = Client()
    refused(browser, answer(browser, key), FALSE)


def test_passkey_that_names_nobody_is_refused(key):
    browser = Client()
    refused(browser, answer(browser, key, named=False), UNKNOWN)


def test_false_signatures_lock_the_name(key):
    browser = Client()

    def forged() -> str:
        sent = json.loads(answer(browser, key))
        sent["response"]["signature"] = sent["response"]["signature"][::-1]
        return json.dumps(sent)

    assert [logged_in(browser, forged()).status_code for _ in range(5)] == [422] * 4 + [429]
    assert logged_in(browser, answer(browser, key)).status_code == 429
    assert not is_in(browser)


def test_attempts_are_limited_per_address(key, monkeypatch):
    now = time.time()  # the limit is counted by minutes of the clock
    monkeypatch.setattr("jobs.web.request_context.time.time", lambda: now)
    statuses = [logged_in(Client(), "x").status_code for _ in range(21)]
    assert statuses == [422] * 20 + [429]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "Passkeys need JavaScript"),
        ("{", FALSE),
        ("[]", FALSE),
        ("[" * 9000, FALSE),
        ("1" * 20_001, FALSE),
        ('{"id": 1, "rawId": 1, "response": 1}', FALSE),
        ('{"id": "YQ", "rawId": "YQ", "type": "public-key", "response": {"clientDataJSON": "e30"}}', FALSE),
    ],
    ids=["nothing", "cut", "list", "nested", "long", "types", "incomplete"],
)
def test_malformed_answer_gets_a_sentence(key, given, sentence):
    browser = Client()
    browser.post("/login/passkey/options/")
    refused(browser, given, sentence)


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
