"""Requests every URL of the site as every role and compares access with one table.

Every URL needs a row, and every row a URL. MongoDB is unreachable here, so most views return 503 to users
with access.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse

from jobs.bootstrap import Application, application
from jobs.domain.errors import DatabaseUnavailable
from jobs.web.access import needs, what_is_missing
from jobs.web.permissions import GROUPS, Permission

ROLES = ("anonymous", "nobody", "Viewer", "Operator", "Admin")
"""nobody: an account without a group. Admin: with the staff status, as the admin needs it."""


def who(*allowed: str) -> dict[str, str]:
    """The result for each role if only these have access."""
    return {role: "in" if role in allowed else "forbidden" for role in ROLES} | (
        {} if "anonymous" in allowed else {"anonymous": "login"}
    )


ALL = who(*ROLES)
VIEWERS = who("Viewer", "Operator", "Admin")
OPERATORS = who("Operator", "Admin")
ADMINS = who("Admin")


@dataclass(frozen=True)
class Row:
    """One URL and method. ``kwargs`` fill the URL."""

    name: str
    expected: dict[str, str]
    method: str = "GET"
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


COMPANY = {"cin": "L24295GJ1987PLC143792"}
JOB = {"job_id": "65a1b2c3d4e5f60718293a4b"}
BULK = {"action_id": "65a1b2c3d4e5f60718293a4b"}

TABLE = [
    Row("healthz", ALL),
    Row("readyz", ALL),
    Row("metrics", ALL),
    Row("login", ALL),
    Row("login", ALL, "POST"),
    Row("logout", ALL, "POST"),
    Row("home", VIEWERS),
    Row("jobs", VIEWERS),
    Row("dashboard_live", VIEWERS),
    Row("export", VIEWERS),
    Row("bulk", VIEWERS, "POST"),
    Row("job", VIEWERS, kwargs=JOB),
    Row("act", OPERATORS, "POST", {**JOB, "action": "retry"}),
    Row("act", OPERATORS, "POST", {**JOB, "action": "cancel"}),
    Row("act", OPERATORS, "POST", {**JOB, "action": "prioritise"}),
    Row("act", OPERATORS, "POST", {**JOB, "action": "run_now"}),
    Row("act", ADMINS, "POST", {**JOB, "action": "delete"}),
    Row("companies", VIEWERS),
    Row("company", VIEWERS, kwargs=COMPANY),
    Row("company_filings", VIEWERS, kwargs=COMPANY),
    Row("company_export", VIEWERS, kwargs={**COMPANY, "kind": "csv"}),
    Row("text_search", VIEWERS),
    Row("document", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("document_thumbnail", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("document_file", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("document_text", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("documents", VIEWERS),
    Row("failures", VIEWERS),
    Row("workers", VIEWERS),
    Row("audit", ADMINS),
    Row("audit_export", ADMINS),
    Row("order", OPERATORS),
    Row("order", OPERATORS, "POST"),
    Row("order_check", OPERATORS),
    Row("order_suggest", OPERATORS),
    Row("order_template", OPERATORS),
    Row("order_list", OPERATORS, "POST"),
    Row("order_simulated", OPERATORS, "POST"),
    Row("order_upload", OPERATORS, "POST"),
    Row("order_confirm", OPERATORS, "POST", {"upload_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("lists", VIEWERS),
    Row("list", VIEWERS, kwargs={"list_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("list_refused", VIEWERS, kwargs={"list_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("bulk_actions", VIEWERS),
    Row("bulk_action", VIEWERS, kwargs=BULK),
    Row("bulk_refused", VIEWERS, kwargs=BULK),
    Row("bulk_stop", VIEWERS, "POST", BULK),
    Row("pause", OPERATORS),
    Row("pause", OPERATORS, "POST"),
    Row("resume", OPERATORS, "POST"),
    Row("release", OPERATORS, "POST"),
    Row("find", VIEWERS),
    Row("style", VIEWERS),
    Row("account", VIEWERS),
    Row("account", VIEWERS, "POST"),
    Row("account_password", VIEWERS, "POST"),
    Row("account_sessions", VIEWERS, "POST"),
    Row("tokens", VIEWERS),
    Row("tokens", VIEWERS, "POST"),
    Row("token_revoke", VIEWERS, "POST", {"token_id": 1}),
    # The API authenticates by itself; its operations declare their rules.
    Row("api:api-root", ALL),
    Row("create-job:api-root", VIEWERS),  # the dashboard has the same URL and precedes it
    Row("api:openapi-json", ALL),
    Row("api:openapi-view", {**ALL, "anonymous": "login"}),
    Row("api:list_jobs", VIEWERS),
    Row("api:create_job", OPERATORS, "POST"),
    Row("api:get_job", VIEWERS, kwargs=JOB),
    Row("api:get_run_log", VIEWERS, kwargs={**JOB, "run": 1}),
    Row("api:retry_job", OPERATORS, "POST", JOB),
    Row("api:cancel_job", OPERATORS, "POST", JOB),
    Row("api:prioritise_job", OPERATORS, "POST", JOB),
    Row("api:run_job_now", OPERATORS, "POST", JOB),
    Row("api:delete_job", ADMINS, "DELETE", JOB),
    Row("api:list_documents", VIEWERS),
    Row("api:get_document", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("api:download_document", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("api:download_text", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("api:get_company", VIEWERS, kwargs=COMPANY),
    Row("api:export_records", VIEWERS, kwargs=COMPANY),
    Row("api:search_text", VIEWERS),
    Row("api:list_directory", VIEWERS),
    Row("api:list_filings", VIEWERS, kwargs=COMPANY),
    Row("api:stats", VIEWERS),
    Row("api:list_lists", VIEWERS),
    Row("api:create_list", OPERATORS, "POST"),
    Row("api:get_list", VIEWERS, kwargs={"list_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("api:retry_list", OPERATORS, "POST", {"list_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("api:cancel_list", OPERATORS, "POST", {"list_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("api:prioritise_list", OPERATORS, "POST", {"list_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("api:list_bulk_actions", VIEWERS),
    Row("api:get_bulk_action", VIEWERS, kwargs=BULK),
    Row("api:stop_bulk_action", VIEWERS, "POST", BULK),
    Row("api:list_pauses", VIEWERS),
    Row("api:pause", OPERATORS, "POST"),
    Row("api:resume", OPERATORS, "POST"),
    Row("create-job:create_jobs", OPERATORS, "POST"),
    # A few URLs of Django's admin stand for all of them.
    Row("admin:index", ADMINS),
    Row("admin:login", {**ALL, "anonymous": "login"}),
    Row("admin:jsi18n", ADMINS),
    Row("admin:auth_user_changelist", ADMINS),
    Row("admin:auth_user_add", ADMINS),
    Row("admin:auth_user_add", ADMINS, "POST"),
    Row("admin:auth_user_change", ADMINS, "POST", {"object_id": 1}),
    Row("admin:auth_user_password_change", ADMINS, "POST", {"id": 1}),
    Row("admin:auth_group_changelist", ADMINS),
    Row("admin:logout", ADMINS, "POST"),
]
API = ("api:", "create-job:")
SAMPLED = ("admin:",)
"""Namespaces whose rows are samples, and whose views keep their rule elsewhere than in ``permission``."""


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Each URL of the site: its name with namespaces (or its route), and its pattern."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each, f"{namespace}{each.namespace}:" if each.namespace else namespace)
        else:
            yield f"{namespace}{each.name or each.pattern}", each


ADDRESSES = [(name, pattern) for name, pattern in patterns(get_resolver()) if not name.startswith(SAMPLED)]


@pytest.fixture(autouse=True)
def _no_mongodb(monkeypatch):
    def away(_self):
        raise DatabaseUnavailable("away")

    application.cache_clear()
    monkeypatch.setattr(Application, "database", property(away))
    yield
    application.cache_clear()


def account(role: str):
    user = get_user_model().objects.create_user(role.lower(), is_staff=role == "Admin")
    user.groups.set(Group.objects.filter(name=role))
    return user


def client_of(role: str) -> Client:
    client = Client(raise_request_exception=False)
    if role != "anonymous":
        client.force_login(account(role))
    return client


def met(answer: HttpResponse) -> str:
    """The result as one word."""
    if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login/?"):
        return "login"
    words = {403: "forbidden", 405: "wrong method in the row", 500: "an error"}
    return words.get(answer.status_code, "in")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_each_url_follows_the_access_table(row, role, db):
    answer = client_of(role).generic(row.method, reverse(row.name, kwargs=row.kwargs))
    assert met(answer) == row.expected[role], f"{row} as {role}: {answer.status_code}"


def test_table_covers_exactly_the_urls():
    rows = {row.name for row in TABLE if not row.name.startswith(SAMPLED)}
    assert rows == {name for name, _ in ADDRESSES}


@pytest.mark.parametrize(("name", "pattern"), [each for each in ADDRESSES if not each[0].startswith(API)])
def test_every_view_declares_its_rule(name, pattern):
    rule = getattr(pattern.callback, "permission", "nothing")
    assert rule is None or rule in list(Permission), f"{name} needs @needs(Permission.…) or @open_to_all"


urlpatterns = [
    *get_resolver().url_patterns,
    path("forgotten/", lambda request: HttpResponse("secret"), name="forgotten"),
    path("retry/", needs(Permission.RETRY)(lambda request: HttpResponse("done")), name="retry"),
]
sample_urls = pytest.mark.urls(__name__)
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/jobs/?q=a"}


@sample_urls
def test_view_without_a_rule_is_closed(client):
    assert client.get("/forgotten/")["Location"] == "/login/?next=/forgotten/"


@sample_urls
@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("Viewer", "Your account can view jobs but not retry them. Ask an administrator for the group Operator."),
        ("nobody", "Your account cannot retry jobs. Ask an administrator for the group Operator."),
    ],
)
def test_refusal_names_the_missing_permission(db, role, sentence):
    client = client_of(role)
    page = client.post("/retry/").content.decode()
    assert "<h1>Not allowed</h1>" in page
    assert sentence in page
    fragment = client.post("/retry/", headers=HTMX)
    assert (fragment.status_code, fragment.content.decode()) == (403, f'<p role="alert">{sentence}</p>\n')


@pytest.mark.parametrize("permission", Permission)
def test_every_permission_has_a_refusal_text(permission):
    sentence = what_is_missing(AnonymousUser(), permission)
    assert sentence.startswith("Your account cannot ")
    assert sentence.endswith(("group Viewer.", "group Operator.", "group Admin."))


def test_groups_have_the_declared_permissions(db):
    for name, rights in GROUPS.items():
        user = account(name)
        assert {right for right in Permission if user.has_perm(right)} == set(rights)


@sample_urls
def test_expired_session_reports_the_unsaved_action(client, db):
    answer = client.post("/retry/", headers={"Referer": "http://testserver/jobs/?q=a"})
    assert answer["Location"] == "/login/?next=/jobs/%3Fq%3Da&ended=1"
    assert b"Your session expired; your last action was not saved" in client.get(answer["Location"]).content


@sample_urls
def test_htmx_redirects_the_whole_page(client):
    answer = client.post("/retry/", headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/login/?next=/jobs/%3Fq%3Da&ended=1")


@sample_urls
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example/",
        "http://testserver//evil.example/",
        "http://testserver/\\evil.example/",
        "javascript:alert(1)",
        "",
        "http://[",
    ],
)
def test_return_url_never_leaves_the_site(client, url):
    assert client.post("/retry/", headers={"Referer": url})["Location"] == "/login/?ended=1"
    headers = {"HX-Request": "true", "HX-Current-URL": url}
    assert client.get("/retry/", headers=headers)["HX-Redirect"] == "/login/?ended=1"
