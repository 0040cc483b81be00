"""Signing in with a provider, as a browser does."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

from django.contrib.auth import get_user_model
from django.test import Client

from tests.servers.oidc import Provider

CALLBACK = "http://testserver/login/provider/done/"


def begin(site: Client, **query: str) -> str:
    answer = site.get("/login/provider/", query)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def go(site: Client, provider: Provider, subject: str = "priya-1", *, cancel: bool = False, **query: str):
    """The whole way, as a browser takes it."""
    return site.get(provider.log_in(begin(site, **query), subject, cancel=cancel))


def altered(address: str, **parameters: str) -> str:
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | parameters
    return f"{address.partition('?')[0]}?{urlencode(query)}"


def failure(answer) -> str:
    """The sentence of the failure's page; nobody is logged in."""
    assert "_auth_user_id" not in answer.client.session
    page = answer.content.decode()
    assert "<h1>Not signed in</h1>" in page
    return " ".join(re.search(r"<h1>Not signed in</h1>\s*<p>(.*?)</p>", page, re.DOTALL)[1].split())


def account(name="priya@contoso.example"):
    return get_user_model().objects.get(username=name)


def roles(name="priya@contoso.example"):
    return sorted(account(name).groups.values_list("name", flat=True))
