"""The first pages: login, the list of jobs, health."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from jobs.adapters.memory import MemoryJobRepository
from jobs.domain.errors import DatabaseRefused, DatabaseUnavailable
from jobs.domain.job import Progress
from tests.making import a_job


class StubApplication:
    """An application over a repository in memory."""

    def __init__(self, clock) -> None:
        self.jobs = MemoryJobRepository(clock)
        self.error: Exception | None = None

    def ping(self) -> str:
        if self.error:
            raise self.error
        return "8.0"


@pytest.fixture
def app(clock, monkeypatch) -> StubApplication:
    stub = StubApplication(clock)
    for module in ("jobs.views", "filesure_site.health"):
        monkeypatch.setattr(f"{module}.application", lambda: stub)
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
    assert b"do not match" in wrong.content
    right = client.post("/login/?next=/jobs/", {"username": "staff", "password": "a long password", "next": "/jobs/"})
    assert right["Location"] == "/jobs/"
    assert client.get("/jobs/").status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/jobs/").status_code == 302


def test_the_list_shows_jobs_with_their_progress(staff, app, clock):
    assert b"Nothing is ordered yet" in staff.get("/jobs/").content
    job = a_job(clock(), company_name="<script>alert(1)</script>", progress=Progress(total=40, downloaded=7, failed=1))
    app.jobs.add([job], again=True)
    page = staff.get("/jobs/").content.decode()
    assert "7 of 40, 1 failed" in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_the_list_is_bounded(staff, app, clock):
    app.jobs.add([a_job(clock()) for _ in range(150)], again=True)
    assert staff.get("/jobs/").content.decode().count("<tr>") == 101


@pytest.mark.parametrize("error", [DatabaseUnavailable("away at host secret:1"), DatabaseRefused("no")])
def test_mongodb_away_is_a_page_that_says_so(staff, app, error):
    def away(limit):
        raise error

    app.jobs.latest = away
    answer = staff.get("/jobs/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert b"MongoDB is not reachable" in answer.content
    assert b"secret" not in answer.content


def test_health_and_readiness(client, db, app):
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").json() == {"ready": True, "services": {"mongodb": "ok", "sessions": "ok"}}
    app.error = DatabaseUnavailable("away")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["services"] == {"mongodb": "database_unavailable", "sessions": "ok"}
    assert client.get("/healthz").status_code == 200


def test_an_unknown_page_says_so(staff, app):
    answer = staff.get("/nothing/")
    assert answer.status_code == 404
    assert b"Page not found" in answer.content
