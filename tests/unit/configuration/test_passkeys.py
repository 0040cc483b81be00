"""Where passkeys work, from SITE_URL and ALLOWED_HOSTS."""

from __future__ import annotations

import pytest

from jobs.configuration.passkeys import PasskeySite, site_of
from jobs.configuration.table import load


def site(**given: str) -> PasskeySite:
    return site_of(load(given))


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ({}, "http://localhost:5001"),
        ({"PORT": "8000"}, "http://localhost:8000"),
        ({"ALLOWED_HOSTS": "localhost,.example.com,Filesure.example.com"}, "https://filesure.example.com"),
        ({"ALLOWED_HOSTS": "filesure.localhost"}, "http://filesure.localhost:5001"),
        ({"HTTPS_ONLY": "1", "PROXIES": "1"}, "https://localhost"),
        ({"SITE_URL": "http://localhost:5001"}, "http://localhost:5001"),
        (
            {"SITE_URL": "https://Filings.example.com:443", "ALLOWED_HOSTS": ".example.com"},
            "https://filings.example.com",
        ),
        ({"SITE_URL": "https://a.example.com:8443", "ALLOWED_HOSTS": "*"}, "https://a.example.com:8443"),
        ({"SITE_URL": "https://büro.example.com", "ALLOWED_HOSTS": "*"}, "https://xn--bro-hoa.example.com"),
    ],
)
def test_passkeys_work_at_the_address_of_the_site(given, origin):
    found = site(**given)
    assert (found.origin, found.problem) == (origin, "")
    assert found.host == origin.partition("://")[2].partition(":")[0]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            {"SITE_URL": "http://10.0.0.5:5001", "ALLOWED_HOSTS": "*"},
            "SITE_URL=http://10.0.0.5:5001 has an IP address.",
        ),
        ({"SITE_URL": "https://[::1]"}, "SITE_URL=https://[::1] has an IP address."),
        (
            {"SITE_URL": "http://a.example.com", "ALLOWED_HOSTS": "a.example.com"},
            "Passkeys need HTTPS, but SITE_URL=http://a.example.com begins with http.",
        ),
        ({"SITE_URL": "https://a.example.com"}, "add a.example.com to ALLOWED_HOSTS."),
        ({"SITE_URL": f"https://{'a' * 70}.com", "ALLOWED_HOSTS": "*"}, "is not a valid host name."),
        ({"ALLOWED_HOSTS": "*"}, "Passkeys need a host name: set SITE_URL"),
        ({"ALLOWED_HOSTS": "127.0.0.1,[::1],.example.com"}, "Passkeys need a host name: set SITE_URL"),
    ],
)
def test_problem_names_the_setting(given, problem):
    found = site(**given)
    assert problem in found.problem
    assert (found.origin, found.host) == ("", "")
