"""Caching, HEAD, host names, and requests that are too large."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client


@pytest.fixture
def staff(client, db):
    client.force_login(get_user_model().objects.create_superuser("staff"))
    return client


@pytest.mark.parametrize("url", ["/login/", "/order/", "/nothing/", "/healthz"])
def test_responses_stay_out_of_shared_caches(staff, url):
    assert {"private", "no-cache"} <= set(staff.get(url)["Cache-Control"].split(", "))


def test_static_files_may_be_cached(staff):
    answer = staff.get("/static/jobs/filesure.css")
    answer.close()
    assert "private" not in answer["Cache-Control"]


@pytest.mark.parametrize("url", ["/login/", "/order/", "/tokens/", "/api/openapi.json", "/healthz"])
def test_head_is_answered_like_get(staff, url):
    head, page = staff.head(url), staff.get(url)
    assert (head.status_code, head["Content-Type"]) == (page.status_code, page["Content-Type"])
    assert head.content == b""


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("10.1.2.3:5001", 200),
        ("[fd00::1]:5001", 200),
        ("web:5001", 200),
        ("filesure-web.filesure.svc:5001", 200),
        ("evil.example", 400),
    ],
)
def test_probes_and_scrapes_use_inner_host_names(client, db, settings, host, status):
    settings.ALLOWED_HOSTS = ["filesure.example.com"]
    assert client.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("hosts", [["*"], [".example.com"]])
def test_wildcard_hosts_do_not_break_probes(client, db, settings, hosts):
    settings.ALLOWED_HOSTS = hosts
    assert client.get("/healthz", headers={"Host": "10.1.2.3"}).status_code == 200


def test_too_large_forms_get_an_explanation(staff, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    page = Client().post("/login/", {"username": "x" * 2000})
    assert page.status_code == 400
    assert b"It may be too large" in page.content
    address = {"REMOTE_ADDR": "10.7.7.7"}  # that no other test has used up
    answer = staff.post("/api/v1/jobs", b"x" * 2000, content_type="application/json", **address)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_list_of_five_megabytes_can_be_pasted(staff, settings):
    company = "U24295GJ1987PLC143792,Example & Company\n"
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE > 3 * 5_000_000
    answer = staff.post("/order/list/", {"list": company * (5_100_000 // len(company))})
    assert answer.status_code == 422
    assert b"longer than 5 MB" in answer.content
