"""Codes of an authenticator app as the second step of logging in."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from jobs.domain.audit import Action, AuditFilter
from jobs.models import Session
from tests.integration.conftest import PASSWORD, is_in, text_of

pytestmark = [pytest.mark.server, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def half_minute(monkeypatch):
    """All codes of a test are of one half minute: at the end of one, the device learns that the app is late."""
    now = time.time()
    monkeypatch.setattr("django_otp.oath.time", lambda: now)
    monkeypatch.setattr("django_otp.plugins.otp_totp.models.time", SimpleNamespace(time=lambda: now))


def app_code(steps: int = 0) -> str:
    """What the app shows; ``steps`` half minutes later."""
    return f"{totp(TOTPDevice.objects.get().bin_key, t0=-30 * steps):06}"


def turned_on(session: Client) -> list[str]:
    """Set the codes up. Returns the backup codes."""
    session.get("/account/codes/")
    page = text_of(session.post("/account/codes/", {"code": app_code(), "password": PASSWORD}))
    return re.search(r'id="codes" class="backup">([^<]*)<', page)[1].split()


def password_given(**query: str) -> Client:
    browser = Client()
    answer = browser.post("/login/", {"username": "asha", "password": PASSWORD, "next": "/workers/"})
    assert answer["Location"] == "/login/code/"
    return browser


def test_codes_are_asked_for_after_the_password(session):
    assert len(set(turned_on(session))) == 10
    browser = password_given()
    assert not is_in(browser)
    assert browser.get("/jobs/")["Location"].startswith("/login/?")
    assert browser.get("/login/code/").status_code == 200
    assert browser.post("/login/code/", {"code": app_code(1)})["Location"] == "/workers/"
    assert is_in(browser)


def test_code_works_once(session):
    turned_on(session)
    code = app_code(1)
    assert password_given().post("/login/code/", {"code": code}).status_code == 302
    again = password_given()
    assert again.post("/login/code/", {"code": code}).status_code == 422
    assert not is_in(again)


def test_backup_code_works_once_without_the_app(session):
    codes = turned_on(session)
    for code, status in ((codes[0].upper(), 302), (codes[0], 422)):
        assert password_given().post("/login/code/", {"code": code}).status_code == status
    assert "9 backup codes left" in text_of(session.get("/account/"))


def test_wrong_codes_wait_longer_and_longer(session):
    turned_on(session)
    browser = password_given()
    assert browser.post("/login/code/", {"code": "000000"}).status_code == 422
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() + timedelta(hours=1))  # however slow this is
    assert browser.post("/login/code/", {"code": app_code(1)}).status_code == 429
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(seconds=2))
    assert browser.post("/login/code/", {"code": app_code(1)}).status_code == 302


def test_wait_for_the_app_is_not_that_for_backup_codes(session):
    turned_on(session)
    browser, now = password_given(), timezone.now()
    TOTPDevice.objects.update(throttling_failure_count=9, throttling_failure_timestamp=now)
    StaticDevice.objects.update(throttling_failure_count=11, throttling_failure_timestamp=now)
    app, backup = (browser.post("/login/code/", {"code": code}) for code in ("000000", "abcdefgh"))
    assert (app.status_code, backup.status_code) == (429, 429)
    assert int(app["Retry-After"]) <= 256 < int(backup["Retry-After"])


def test_login_with_a_code_deletes_expired_sessions(session):
    turned_on(session)
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(hours=1))
    assert password_given().post("/login/code/", {"code": app_code(1)}).status_code == 302
    assert not Session.objects.filter(session_key="old").exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another"}])
def test_changed_account_starts_again(session, change):
    turned_on(session)
    browser = password_given()
    get_user_model().objects.update(**change)
    assert browser.post("/login/code/", {"code": app_code(1)})["Location"] == "/login/?late=1"
    assert not is_in(browser)


def test_late_code_starts_again(session, monkeypatch):
    turned_on(session)
    browser = password_given()
    later = time.time() + 301
    monkeypatch.setattr("filesure_site.login_code.time", SimpleNamespace(time=lambda: later))
    assert browser.post("/login/code/", {"code": app_code(1)})["Location"] == "/login/?late=1"


def test_code_page_needs_the_password_first(client, db):
    assert client.post("/login/code/", {"code": "000000"})["Location"] == "/login/?late=1"


@pytest.mark.parametrize(
    ("given", "problem"), [({"code": "000000"}, "The code is wrong."), ({"password": "no"}, "password is wrong.")]
)
def test_set_up_needs_password_and_code(session, app, given, problem):
    session.get("/account/codes/")
    page = session.post("/account/codes/", {"code": app_code(), "password": PASSWORD} | given)
    assert page.status_code == 422
    assert problem in text_of(page)
    assert Client().post("/login/", {"username": "asha", "password": PASSWORD})["Location"] == "/jobs/"
    assert app.audit.entries(AuditFilter(), None, 1).items[0].refused


def test_user_turns_them_off_with_the_password(session, app):
    turned_on(session)
    session.post("/account/codes/off/", {"password": "no"})
    assert not is_in(password_given())
    session.post("/account/codes/off/", {"password": PASSWORD})
    assert Client().post("/login/", {"username": "asha", "password": PASSWORD})["Location"] == "/jobs/"
    done = [(each.action, each.by, each.details) for each in app.audit.entries(AuditFilter(), None, 5).items]
    assert done == [(action, "asha", "asha") for action in (Action.TURN_OFF_CODES, Action.SET_UP_CODES)]


def test_admin_turns_them_off(session, asha):
    turned_on(session)
    admin = Client()
    admin.force_login(get_user_model().objects.create_superuser("root"))
    assert "Turn off the second step" in text_of(admin.get(f"/accounts/{asha.pk}/"))
    page = admin.post(f"/accounts/{asha.pk}/codes/", follow=True)
    assert "asha now logs in with the password alone." in text_of(page)
    assert not TOTPDevice.objects.exists()


def test_command_turns_them_off(session, capsys):
    turned_on(session)
    call_command("turn_off_codes", "asha")
    assert capsys.readouterr().out == "asha now logs in with the password alone.\n"
    assert not TOTPDevice.objects.exists()


def test_key_of_a_new_app_replaces_the_old_one_when_confirmed(session):
    turned_on(session)
    session.get("/account/codes/")
    old, new = TOTPDevice.objects.order_by("-confirmed")
    assert (old.confirmed, new.confirmed) == (True, False)
    code = f"{totp(new.bin_key):06}"
    session.post("/account/codes/", {"code": code, "password": PASSWORD})
    assert TOTPDevice.objects.get().pk == new.pk


def test_account_without_password_has_no_codes(session, asha):
    asha.set_unusable_password()
    asha.save()
    session.force_login(asha)
    assert session.get("/account/codes/").status_code == 404
    assert "Login codes" not in text_of(session.get("/account/"))
