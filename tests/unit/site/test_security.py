"""Password guessing, response headers, error pages, and Django's deployment check."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.management import call_command
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import get_resolver, path, reverse

from jobs.configuration.table import BASE_DIR, load
from jobs.domain.errors import ConfigurationError
from jobs.web.access import open_to_all

PASSWORD = "a long password"


@pytest.fixture
def staff(db):
    return get_user_model().objects.create_superuser("staff", password=PASSWORD)


@pytest.fixture(autouse=True)
def _fast_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()  # attempts of earlier tests


def log_in(password: str = PASSWORD, *, name: str = "staff", **request) -> HttpResponse:
    return Client().post("/login/", {"username": name, "password": password}, **request)


def guess(times: int, **given) -> list[int]:
    return [log_in("a guess", **given).status_code for _ in range(times)]


def test_fifth_wrong_password_locks_the_name(staff):
    assert guess(5) == [200, 200, 200, 200, 429]
    answer = log_in()
    assert answer.status_code == 429
    assert 890 <= int(answer["Retry-After"]) <= 900
    page = answer.content.decode()
    assert "Try again in 15 minutes," in page
    assert "a guess" not in page
    assert PASSWORD not in page


def test_lock_is_logged(staff, caplog):
    guess(5)
    (event,) = (record for record in caplog.records if record.message == "web.login_locked")
    assert (event.username, event.address) == ("staff", "127.0.0.1")


def test_lock_covers_one_name_and_address(staff):
    get_user_model().objects.create_user("other", password=PASSWORD)
    guess(5)
    assert log_in(name="other").status_code == 302
    assert log_in(REMOTE_ADDR="10.0.0.2").status_code == 302
    assert log_in().status_code == 429


def test_other_browser_or_header_stays_locked(staff):
    for number in range(5):
        guess(1, headers={"User-Agent": f"browser {number}", "X-Forwarded-For": f"1.2.3.{number}"})
    assert log_in(headers={"User-Agent": "new", "X-Forwarded-For": "9.9.9.9"}).status_code == 429


def test_lock_uses_the_address_proxies_report(staff, settings):
    settings.PROXIES = 1
    for number in range(5):
        guess(1, headers={"X-Forwarded-For": f"6.6.6.{number}, 1.2.3.4"})
    assert log_in(headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 429
    assert log_in(headers={"X-Forwarded-For": "1.2.3.5"}).status_code == 302


def test_unknown_names_lock_alike(staff):
    assert guess(5, name="nobody") == [200, 200, 200, 200, 429]


def test_lock_expires_despite_further_attempts(staff):
    guess(5)
    first = AccessAttempt.objects.get().attempt_time
    guess(3)
    assert AccessAttempt.objects.get().attempt_time == first
    AccessAttempt.objects.update(attempt_time=first - timedelta(minutes=10))
    assert 280 <= int(log_in()["Retry-After"]) <= 300
    AccessAttempt.objects.update(attempt_time=first - timedelta(minutes=15, seconds=1))
    assert log_in().status_code == 302


def test_successful_login_clears_failures(staff):
    guess(4)
    assert log_in().status_code == 302
    assert guess(4) == [200] * 4


def test_axes_reset_removes_the_locks(staff, capsys):
    guess(5)
    call_command("axes_reset")
    assert log_in().status_code == 302


def test_stored_attempts_hold_no_secret(staff):
    guess(1)
    kept = AccessAttempt.objects.get()
    assert "a guess" not in f"{kept.post_data}{kept.get_data}"


def test_admin_has_no_own_login_form(staff):
    client = Client()
    answer = client.post("/admin/login/", {"username": "staff", "password": PASSWORD})
    assert answer["Location"].startswith("/login/")
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("url", ["/login/", "/healthz", "/nothing/", "/admin/", "/static/jobs/filesure.css"])
def test_every_response_has_security_headers(staff, url):
    client = Client()
    client.force_login(staff)
    answer = client.get(url)
    answer.close()  # static files are public
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


ADMIN_PAGES = ["index", "auth_user_changelist", "auth_user_add", "auth_group_add", "password_change"]


@pytest.mark.parametrize("url", ["/nothing/", *(reverse(f"admin:{name}") for name in ADMIN_PAGES)])
def test_pages_comply_with_the_content_policy(staff, url):
    client = Client()
    client.force_login(staff)
    page = client.get(url).content.decode()
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.findall(r"<script(?![^>]*(?:\ssrc=|application/json))[^>]*>", page)
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)


@open_to_all
def broken(_request):
    raise RuntimeError("a detail that nobody should read")


urlpatterns = [*get_resolver().url_patterns, path("broken/", broken)]


@pytest.mark.urls(__name__)
def test_server_error_page_reveals_nothing(db):
    answer = Client(raise_request_exception=False).get("/broken/")
    assert answer.status_code == 500
    assert b"Something went wrong" in answer.content
    assert b"a detail" not in answer.content
    assert "Content-Security-Policy" in answer


def test_error_page_needs_no_services():
    text = (BASE_DIR / "templates" / "500.html").read_text()
    assert not re.search(r"{[{%]", text)
    assert render_to_string("500.html") == text


def test_stale_form_explains_what_to_do(staff):
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    answer = client.post("/logout/")
    assert answer.status_code == 403
    assert b"Nothing was changed" in answer.content
    assert b"reload the page" in answer.content


def manage(tmp_path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ |= {"DATA_DIR": str(tmp_path), **environment}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, env=environ, capture_output=True, text=True, timeout=120, check=False)


PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "Zr8-uWvKq3nB5xT7yLmP2sDfGhJ4cV6bN9aQwErTyUiOp1Z0kM",
    "ALLOWED_HOSTS": "filesure.example.com",
    "HTTPS_ONLY": "1",
    "PROXIES": "1",
}


def test_django_deployment_check_is_clean(tmp_path):
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


SHOWN = "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "DEBUG"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, [False, False, False, 0, False]), (PRODUCTION, [True, True, True, 365 * 86400, False])],
)
def test_plain_http_works_unless_forbidden(tmp_path, environment, expected):
    show = f"from django.conf import settings; print([getattr(settings, name) for name in {SHOWN}])"
    done = manage(tmp_path, "shell", "--verbosity", "0", "--command", show, **environment)
    assert done.stdout.strip() == str(expected), done.stderr


def test_https_redirect_spares_probes(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get("/login/")["Location"] == "https://testserver/login/"
    assert client.get("/login/", headers={"X-Forwarded-Proto": "https"}).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_https_only_requires_proxies():
    with pytest.raises(ConfigurationError, match="PROXIES=1"):
        load({"HTTPS_ONLY": "1"})
