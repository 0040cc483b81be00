"""Login, health and unknown pages."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.contrib.auth import get_user_model

from jobs.configuration.table import BASE_DIR
from jobs.domain.errors import DatabaseUnavailable


class StubApplication:
    """An application with or without a working MongoDB."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def ping(self) -> str:
        if self.error:
            raise self.error
        return "8.0"


@pytest.fixture
def app(monkeypatch) -> StubApplication:
    stub = StubApplication()
    monkeypatch.setattr("filesure_site.health.application", lambda: stub)
    return stub


@pytest.fixture
def staff(client, db):
    client.force_login(get_user_model().objects.create_superuser("staff"))
    return client


def test_pages_need_a_login(client, db, app):
    for path in ("/jobs/", "/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")


def test_staff_log_in_and_out(client, db, app):
    get_user_model().objects.create_superuser("staff", password="a long password")
    wrong = client.post("/login/", {"username": "staff", "password": "guess"})
    assert b"Wrong name or password" in wrong.content
    right = client.post("/login/?next=/jobs/", {"username": "staff", "password": "a long password", "next": "/jobs/"})
    assert right["Location"] == "/jobs/"
    assert client.get("/order/").status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/jobs/").status_code == 302


def test_health_and_readiness_answer(client, db, app):
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").json() == {"ready": True, "services": {"mongodb": "ok", "sessions": "ok"}}
    app.error = DatabaseUnavailable("away")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["services"] == {"mongodb": "database_unavailable", "sessions": "ok"}
    assert client.get("/healthz").status_code == 200


def test_unknown_page_returns_404(staff, app):
    answer = staff.get("/nothing/")
    assert answer.status_code == 404
    assert b"Page not found" in answer.content


def test_web_process_loads_its_pages_before_the_first_request():
    code = "import sys, filesure_site.wsgi; sys.exit('jobs.web.pages.dashboard' not in sys.modules)"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "filesure_site.settings"}
    assert not subprocess.run([sys.executable, "-c", code], cwd=BASE_DIR, env=environment, check=False).returncode
