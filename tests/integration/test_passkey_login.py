"""Logging in with a passkey instead of name and password, and what is refused."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory

from jobs.models import Passkey
from jobs.web import passkeys
from jobs.web.sessions import SessionStore
from jobs.web.webauthn import PasskeyRefused
from tests.authenticator import Authenticator
from tests.integration.passkeys import FALSE, UNKNOWN, added, answer, is_in, logged_in, refused

pytestmark = [pytest.mark.server, pytest.mark.django_db]


@pytest.fixture
def key(session):
    """An authenticator with a passkey of asha's."""
    made = Authenticator()
    added(session, made)
    return made


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
    monkeypatch.setattr("jobs.web.passkeys.time", SimpleNamespace(time=lambda: later))
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
    monkeypatch.setattr("jobs.web.request_context.time", SimpleNamespace(time=lambda: now))
    statuses = [logged_in(Client(), "x").status_code for _ in range(21)]
    assert statuses == [422] * 20 + [429]


def test_login_page_may_be_opened_more_often(key):
    """Browsers that suggest passkeys ask for options each time."""
    assert {Client().post("/login/passkey/options/").status_code for _ in range(40)} == {200}


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
