"""Runs commands as processes and the site in this process, against real servers."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.cache import cache

from filesure_site.oidc import provider as client_side
from jobs.bootstrap import Application, application
from jobs.configuration.table import load
from jobs.domain.ending import Ending
from jobs.domain.job import JobError, JobStatus, Progress, RunOutcome, Transition
from jobs.domain.listing import JobFilter, JobOrder
from jobs.web import bulk_runner, tokens
from jobs.web.bulk_runner import runner
from jobs.web.pages.dashboard import live
from jobs.web.pause_banner import watch
from jobs.web.permissions import Permission
from tests.integration.api import caller
from tests.integration.signing_in import CALLBACK
from tests.making import a_job
from tests.processes import ROOT, plain_environment
from tests.servers.oidc import Provider, oidc_provider

#: asha's.
PASSWORD = "a long password"


@dataclass
class Installation:
    """A Filesure with its own data directory and settings, and a database that was empty, for one test."""

    environment: dict[str, str]
    app: Application

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        return _Process(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment | settings,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, **settings) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def order(self, count: int = 1, **settings: str) -> list[str]:
        done = self.run("create_jobs", "--count", str(count), **settings)
        assert done.returncode == 0, done.stderr
        return [line.split()[0] for line in done.stdout.splitlines()]

    def status(self, job_id: str) -> dict[str, Any]:
        return dict(json.loads(self.run("job_status", job_id, "--json").stdout))


class _Process(subprocess.Popen[str]):
    """A process that is killed if its test fails."""

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> None:
        if kind:
            self.kill()
        super().__exit__(kind, *rest)


@contextmanager
def an_installation(data_dir: Path, mongodb_uri: str, database: str, **more: str) -> Iterator[Installation]:
    """A Filesure with these settings and this database."""
    settings = {"MONGODB_URI": mongodb_uri, "MONGODB_DATABASE": database, "DATA_DIR": str(data_dir), **more}
    quick = {"SIMULATED_SECONDS_PER_DOCUMENT": "0.01", "POLL_SECONDS": "0.2", "BACKOFF_SECONDS": "0.1"}
    app = Application(load(settings))
    yield Installation(plain_environment() | quick | settings | {"LOG_FORMAT": "json"}, app)
    app.database.client.close()


@pytest.fixture
def installation(mongodb_uri: str, empty_database: str, data_dir: Path) -> Iterator[Installation]:
    with an_installation(data_dir, mongodb_uri, empty_database) as made:
        yield made


# --- the site, in this process, over a real server

BULK = ("bulk_actions", "bulk_refusals")
NOTICES = ("deleted_jobs", "deleted_watches", "deliveries", "endpoints", "subscriptions")


@pytest.fixture
def app(database, monkeypatch):
    for name in (
        "audit",
        "uploads",
        "idempotency",
        "lists",
        "refusals",
        "hosts",
        "breakers",
        "watches",
        "usage",
        "allowances",
        "saved_views",
        *BULK,
        *NOTICES,
    ):
        database[name].delete_many({})
    application.cache_clear()
    live.cache_clear()
    watch.cache_clear()
    cache.clear()
    monkeypatch.setattr(Application, "database", property(lambda _self: database))
    # The runner's thread does not see the accounts in a test's transaction.
    asked, main = bulk_runner._allowed, threading.current_thread()
    monkeypatch.setattr(bulk_runner, "_allowed", lambda each: threading.current_thread() is not main or asked(each))
    yield application()
    runner().stop(60)
    runner.cache_clear()
    application.cache_clear()
    live.cache_clear()
    cache.clear()  # rate limits count per account, and other tests' accounts have the same names


@pytest.fixture
def staff(client, app):
    client.force_login(get_user_model().objects.create_superuser("staff"))
    return client


@pytest.fixture
def asha(app, settings):
    """An Operator whose PASSWORD can be checked quickly."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    user = get_user_model().objects.create_user("asha", password=PASSWORD)
    user.groups.set(Group.objects.filter(name="Operator"))
    return user


@pytest.fixture
def session(asha, client):
    """asha's browser."""
    client.force_login(asha)
    return client


@pytest.fixture
def owner(app, django_user_model):
    return django_user_model.objects.create_superuser("owner")


@pytest.fixture
def call(owner):
    """Calls the API with a token of all scopes."""
    _, secret = tokens.issue(owner, "tests", list(Permission), None)
    return caller(secret)


def a_stored_job(app, status=None, **fields):
    job = a_job(app.clock(), **fields)
    app.jobs.add([job], again=True)
    if status is JobStatus.FAILED:
        fail(app, job)
    return job


def fail(app, job):
    """Claim a due job and end it as failed."""
    lease = app.jobs.claim(job.id, "w", 60).lease
    error = JobError(kind="source_unavailable", message="The source is unavailable.", at=app.clock())
    ending = Ending(
        transition=Transition.FAIL,
        outcome=RunOutcome.FAILED,
        attempts=1,
        run_after=None,
        error=error,
        progress=Progress(),
    )
    app.jobs.end(lease, ending)


def complete(app, job, progress=None):
    """Claim a due job and end it as completed, or as partial if a document failed."""
    progress = progress or Progress(total=0)
    error = JobError(kind="documents_missing", message="A document is missing.", at=app.clock())
    ending = Ending(
        transition=Transition.COMPLETE_PARTLY if progress.failed else Transition.COMPLETE,
        outcome=RunOutcome.COMPLETED,
        attempts=0,
        run_after=None,
        error=error if progress.failed else None,
        progress=progress,
    )
    app.jobs.end(app.jobs.claim(job.id, "w", 60).lease, ending)


def ordered(app):
    return app.catalogue.jobs(JobFilter(), JobOrder.OLDEST, None, 200).items


@pytest.fixture(scope="module")
def oidc_server(tmp_path_factory):
    with oidc_provider(tmp_path_factory.mktemp("oidc"), CALLBACK) as started:
        yield started


@pytest.fixture
def provider(oidc_server, settings, app) -> Provider:
    settings.SIGN_IN = load(oidc_server.settings())
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    client_side._client.cache_clear()
    cache.clear()
    oidc_server.knows(
        "priya-1", preferred_username="priya@contoso.example", name="Priya Nair", groups=["fs-staff", "x"]
    )
    return oidc_server


def is_in(browser) -> bool:
    """Whether it is logged in."""
    return "_auth_user_id" in browser.session


def text_of(answer) -> str:
    return answer.content.decode()
