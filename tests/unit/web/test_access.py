"""Requests every URL of the site as every role and compares access with one table.

Every URL needs a row, and every row a URL. MongoDB is unreachable here, so most views return 503 to users
with access.
"""

from __future__ import annotations

from collections.abc import Iterator

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
from tests.unit.web.access_table import ROLES, TABLE

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
    assert answer["Location"] == "/login/?next=/jobs/%3Fq%3Da&ended=action"
    assert b"Your session expired; your last action was not saved" in client.get(answer["Location"]).content


@sample_urls
def test_htmx_redirects_the_whole_page(client):
    answer = client.post("/retry/", headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/login/?next=/jobs/%3Fq%3Da&ended=action")


@sample_urls
def test_background_refresh_loses_no_action(client, db):
    answer = client.get("/retry/", headers=HTMX)
    assert b"Your session expired.</p>" in client.get(answer["HX-Redirect"]).content


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
    assert client.post("/retry/", headers={"Referer": url})["Location"] == "/login/?ended=action"
    headers = {"HX-Request": "true", "HX-Current-URL": url}
    assert client.get("/retry/", headers=headers)["HX-Redirect"] == "/login/?ended=session"
