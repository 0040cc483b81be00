"""Every address of the site, asked by everybody: one table says who gets in.

A new address needs a row, and a row an address. What a view shows is tested elsewhere: here MongoDB
is away, so a view that lets somebody in mostly answers 503.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse

from jobs.access import client_address, needs, what_is_missing
from jobs.bootstrap import Application, application
from jobs.domain.errors import DatabaseUnavailable
from jobs.permissions import GROUPS, Permission

ROLES = ("anonymous", "nobody", "Viewer", "Operator", "Admin")
"""nobody: an account without a group. Admin: with the staff status, as the admin needs it."""


def who(*allowed: str) -> dict[str, str]:
    """What each role meets, where only some get in."""
    return {role: "in" if role in allowed else "forbidden" for role in ROLES} | (
        {} if "anonymous" in allowed else {"anonymous": "login"}
    )


ALL = who(*ROLES)
VIEWERS = who("Viewer", "Operator", "Admin")
OPERATORS = who("Operator", "Admin")
ADMINS = who("Admin")


@dataclass(frozen=True)
class Row:
    """One address, one method. ``kwargs`` fill the address."""

    name: str
    expected: dict[str, str]
    method: str = "GET"
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


JOB = {"job_id": "65a1b2c3d4e5f60718293a4b"}

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
    Row("act", ADMINS, "POST", {**JOB, "action": "delete"}),
    Row("document_file", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("document_text", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("documents", VIEWERS),
    Row("failures", VIEWERS),
    Row("workers", VIEWERS),
    Row("order", OPERATORS),
    Row("order", OPERATORS, "POST"),
    Row("order_check", OPERATORS),
    Row("order_list", OPERATORS, "POST"),
    Row("order_simulated", OPERATORS, "POST"),
    Row("order_upload", OPERATORS, "POST"),
    Row("order_confirm", OPERATORS, "POST", {"upload_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("tokens", VIEWERS),
    Row("tokens", VIEWERS, "POST"),
    Row("token_revoke", VIEWERS, "POST", {"token_id": 1}),
    # The API tells who calls by itself, and keeps its rules in its operations.
    Row("api:api-root", ALL),
    Row("create-job:api-root", VIEWERS),  # the same address as the dashboard, which comes first
    Row("api:openapi-json", ALL),
    Row("api:openapi-view", {**ALL, "anonymous": "login"}),
    Row("api:list_jobs", VIEWERS),
    Row("api:create_job", OPERATORS, "POST"),
    Row("api:get_job", VIEWERS, kwargs=JOB),
    Row("api:retry_job", OPERATORS, "POST", JOB),
    Row("api:cancel_job", OPERATORS, "POST", JOB),
    Row("api:prioritise_job", OPERATORS, "POST", JOB),
    Row("api:delete_job", ADMINS, "DELETE", JOB),
    Row("api:list_documents", VIEWERS),
    Row("api:download_document", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("api:download_text", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("api:stats", VIEWERS),
    Row("create-job:create_jobs", OPERATORS, "POST"),
    # Django's admin brings its own addresses: some of them stand for all.
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
    """Each address of the site: its name with its namespaces (its route, if it has none), and its pattern."""
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
    """In a word, what somebody met."""
    if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login/?"):
        return "login"
    words = {403: "forbidden", 405: "wrong method in the row", 500: "an error"}
    return words.get(answer.status_code, "in")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_each_address_lets_in_whom_the_table_says(row, role, db):
    answer = client_of(role).generic(row.method, reverse(row.name, kwargs=row.kwargs))
    assert met(answer) == row.expected[role], f"{row} as {role}: {answer.status_code}"


def test_every_address_has_a_row_and_every_row_an_address():
    rows = {row.name for row in TABLE if not row.name.startswith(SAMPLED)}
    assert rows == {name for name, _ in ADDRESSES}


@pytest.mark.parametrize(("name", "pattern"), [each for each in ADDRESSES if not each[0].startswith(API)])
def test_every_view_says_its_rule(name, pattern):
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
def test_a_view_without_a_rule_is_closed(client):
    assert client.get("/forgotten/")["Location"] == "/login/?next=/forgotten/"


@sample_urls
@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("Viewer", "You may look at jobs, but not retry them; ask an administrator for the group Operator."),
        ("nobody", "You may not retry jobs; ask an administrator for the group Operator."),
    ],
)
def test_a_refusal_names_the_missing_right(db, role, sentence):
    client = client_of(role)
    page = client.post("/retry/").content.decode()
    assert "<h1>Not allowed</h1>" in page
    assert sentence in page
    fragment = client.post("/retry/", headers=HTMX)
    assert (fragment.status_code, fragment.content.decode()) == (403, f'<p role="alert">{sentence}</p>\n')


@pytest.mark.parametrize("permission", Permission)
def test_what_is_missing_has_words_for_every_right(permission):
    sentence = what_is_missing(AnonymousUser(), permission)
    assert sentence.startswith("You may not ")
    assert sentence.endswith(("group Viewer.", "group Operator.", "group Admin."))


def test_the_groups_have_the_rights_that_the_code_gives_them(db):
    for name, rights in GROUPS.items():
        user = account(name)
        assert {right for right in Permission if user.has_perm(right)} == set(rights)


@sample_urls
def test_an_ended_session_leads_back_to_the_page_and_says_that_nothing_was_done(client, db):
    answer = client.post("/retry/", headers={"Referer": "http://testserver/jobs/?q=a"})
    assert answer["Location"] == "/login/?next=/jobs/%3Fq%3Da&ended=1"
    assert b"Your session has ended, so nothing was changed" in client.get(answer["Location"]).content


@sample_urls
def test_htmx_leaves_the_page_for_the_login(client):
    answer = client.post("/retry/", headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/login/?next=/jobs/%3Fq%3Da&ended=1")


@sample_urls
@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "", "http://["])
def test_the_way_back_never_leads_elsewhere(client, url):
    assert client.post("/retry/", headers={"Referer": url})["Location"] == "/login/?ended=1"
    headers = {"HX-Request": "true", "HX-Current-URL": url}
    assert client.get("/retry/", headers=headers)["HX-Redirect"] == "/login/?ended=1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "6.6.6.6", "10.0.0.9"),
        (1, "", "10.0.0.9"),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.9"),
        (1, "1.2.3.4:5678", "1.2.3.4"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "[2001:db8::1]:5678", "2001:db8::1"),
        (1, "unknown", "10.0.0.9"),
    ],
)
def test_forwarded_addresses_are_believed_as_far_as_the_configuration_says(settings, proxies, forwarded, address):
    settings.PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.9")
    assert client_address(request) == address


def test_an_admin_who_is_no_superuser_makes_none_and_touches_none(db):
    boss = get_user_model().objects.create_superuser("boss", password="the boss's own")
    client = client_of("Admin")
    admin = get_user_model().objects.get(username="admin")
    form = {
        "username": "admin",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "date_joined_0": "2026-01-05",
    }
    form |= {"date_joined_1": "12:00:00", "groups": [group.pk for group in admin.groups.all()]}
    assert client.post(reverse("admin:auth_user_change", args=[admin.pk]), form).status_code == 302
    admin.refresh_from_db()
    assert not admin.is_superuser
    for name in ("password_change", "delete"):
        assert client.post(reverse(f"admin:auth_user_{name}", args=[boss.pk]), {"post": "yes"}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": [boss.pk], "post": "yes"}
    assert client.post(reverse("admin:auth_user_changelist"), bulk).status_code == 403
    assert get_user_model().objects.filter(pk=boss.pk).exists()
