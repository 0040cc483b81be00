"""Many login attempts at once, and expired sessions."""

from __future__ import annotations

import threading
from datetime import timedelta
from queue import SimpleQueue
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from filesure_site.login import Login
from jobs.models import Session

PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def _fast_passwords(settings, db):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    yield
    cache.clear()


def attempt(name: str = "somebody", **request) -> int:
    return Client().post("/login/", {"username": name, "password": PASSWORD}, **request).status_code


@pytest.fixture
def _one_minute(monkeypatch):
    """Many attempts can last longer than until the next minute, whose limit is its own."""
    _set_clock(monkeypatch, 600.0)


def _set_clock(monkeypatch, seconds: float) -> None:
    """Only for the limit: modules that are first imported meanwhile may keep what they find in ``time``."""
    monkeypatch.setattr("jobs.web.request_context.time", SimpleNamespace(time=lambda: seconds))


@pytest.mark.usefixtures("_one_minute")
def test_one_address_cannot_guess_across_names():
    answers = [attempt(f"name{number}") for number in range(25)]
    assert answers == [200] * 20 + [429] * 5
    assert attempt("name30", REMOTE_ADDR="10.0.0.2") == 200


@pytest.mark.usefixtures("_one_minute")
def test_limit_says_when_to_try_again():
    for number in range(20):
        attempt(f"name{number}")
    answer = Client().post("/login/", {"username": "staff", "password": PASSWORD})
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert b"too many login attempts from your network" in answer.content


def test_limit_is_forgotten_after_its_minute(monkeypatch):
    _set_clock(monkeypatch, 600.0)
    assert [attempt(f"name{number}") for number in range(21)][-1] == 429
    _set_clock(monkeypatch, 660.0)
    assert attempt() == 200


def test_busy_login_refuses_instead_of_queueing(monkeypatch):
    """While one password is hashed, one attempt waits; the third is refused at once."""
    release, answers = threading.Event(), SimpleQueue[HttpResponse]()

    def hashing(*_: object, **__: object) -> HttpResponse:
        assert release.wait(20)
        return HttpResponse()

    def log_in() -> None:
        request = RequestFactory().post("/login/")
        request.user, request._dont_enforce_csrf_checks = AnonymousUser(), True
        answers.put(Login.as_view()(request))

    monkeypatch.setattr("filesure_site.login.LoginView.post", hashing)
    threads = [threading.Thread(target=log_in) for _ in range(3)]
    for thread in threads:
        thread.start()
    refused = answers.get(timeout=20)
    assert (refused.status_code, refused["Retry-After"]) == (429, "5")
    release.set()
    assert [answers.get(timeout=20).status_code for _ in range(2)] == [200, 200]


def test_login_deletes_expired_sessions():
    get_user_model().objects.create_user("staff", password=PASSWORD)
    now = timezone.now()
    for key, hours in (("old", -1), ("new", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(hours=hours))
    assert attempt("staff") == 302
    assert Session.objects.filter(session_key="new").exists()
    assert not Session.objects.filter(session_key="old").exists()
