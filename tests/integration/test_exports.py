"""Exports on the site and in the API, and links for people without an account."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from jobs.domain.audit import Action
from jobs.domain.job import JobStatus
from jobs.models import ExportLink
from jobs.telemetry.masking import mask
from jobs.web import companies, export_links, tokens
from jobs.web.permissions import Permission
from tests.integration.api import caller, is_problem
from tests.integration.exports import FORMS, a_filed_order, content_of, work
from tests.making import a_cin

pytestmark = [pytest.mark.server, pytest.mark.django_db]

NAMES = [f"Vindhya Chemicals Limited/2025/{form} 2025-10-0{at} S{at}.pdf" for at, form in enumerate(FORMS, start=1)]


@pytest.fixture
def cin() -> str:
    return a_cin()


@pytest.fixture
def order(app, cin) -> str:
    return a_filed_order(app, cin)


@pytest.fixture
def made(call, app, order) -> str:
    """A finished export of the order."""
    answer = call("POST", "/api/v1/exports", {"jobId": order})
    assert answer.status_code == 201, answer.content
    work(app)
    return answer.json()["exportId"]


@pytest.fixture
def link(call, made) -> str:
    """The address of a new link."""
    return call("POST", f"/api/v1/exports/{made}/links", {"note": "Auditor"}).json()["url"]


def archive(answer) -> zipfile.ZipFile:
    assert answer.status_code == 200
    data = b"".join(answer.streaming_content)
    assert answer["Content-Length"] == str(len(data))
    return zipfile.ZipFile(io.BytesIO(data))


def test_order_becomes_a_zip_with_good_names(call, made):
    found = call("GET", f"/api/v1/exports/{made}").json()
    assert (found["status"], found["packed"], found["missing"], found["error"]) == ("completed", 3, 0, None)
    with archive(call("GET", f"/api/v1/exports/{made}/parts/1")) as zipped:
        assert sorted(zipped.namelist()) == sorted([*NAMES, "manifest.csv", "manifest.json"])
        assert {zipped.read(name) for name in NAMES} == {content_of(number) for number in (1, 2, 3)}
        lines = json.loads(zipped.read("manifest.json"))
    assert [line["path"] for line in lines] == NAMES
    assert call("GET", f"/api/v1/exports/{made}/manifest").json() == lines
    assert is_problem(call("GET", f"/api/v1/exports/{made}/parts/2"), 404, "unknown_part")
    assert next(each["exportId"] for each in call("GET", "/api/v1/exports").json()["items"]) == made


def test_company_and_selection_are_packed_once_each(call, app, cin, order):
    a_filed_order(app, cin)
    whole = call("POST", "/api/v1/exports", {"cin": cin}).json()
    assert (whole["documents"], whole["scope"]) == (3, "company")
    some = call("POST", "/api/v1/exports", {"cin": cin, "category": "Charge documents"}).json()
    assert (some["documents"], some["scope"]) == (1, "selection")
    given = [{"jobId": order, "number": number} for number in (1, 2, 1)]
    assert call("POST", "/api/v1/exports", {"documents": given}).json()["documents"] == 2
    again = call("POST", "/api/v1/exports", {"cin": cin}).json()
    assert again["exportId"] == whole["exportId"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "invalid_export"),
        ({"jobId": "0" * 24, "cin": "x"}, "invalid_export"),
        ({"jobId": "0" * 24, "year": 2025}, "invalid_export"),
        ({"jobId": "0" * 24}, "unknown_job"),
        ({"cin": "U72900KA2008PTC999999"}, "unknown_company"),
        ({"documents": [{"jobId": "0" * 24, "number": 1}]}, "unknown_document"),
    ],
)
def test_export_of_nothing_is_refused(call, body, kind):
    answer = call("POST", "/api/v1/exports", body)
    assert is_problem(answer, 422 if kind == "invalid_export" else 404, kind)


def test_narrowed_zip_of_too_many_documents_is_refused(call, staff, cin, order, monkeypatch):
    monkeypatch.setattr(companies, "MOST_DOCUMENTS", 3)
    for body in ({"cin": cin}, {"cin": cin, "category": "Charge documents"}, {"cin": cin, "year": 2025}):
        assert is_problem(call("POST", "/api/v1/exports", body), 422, "invalid_export")
    for narrowed in ({}, {"category": "Charge documents"}, {"q": "CHG"}):
        page = staff.post("/exports/order/", {"cin": cin, **narrowed}, follow=True).content.decode()
        assert "3 documents or more. Order a ZIP of one order." in page
    assert call("POST", "/api/v1/exports", {"jobId": order}).status_code == 201


def test_unfinished_export_is_cancelled_before_it_is_deleted(call, order):
    made = call("POST", "/api/v1/exports", {"jobId": order}).json()["exportId"]
    assert is_problem(call("DELETE", f"/api/v1/exports/{made}"), 409, "wrong_state")
    assert call("POST", f"/api/v1/exports/{made}/cancel").json()["status"] == "cancelled"
    assert call("DELETE", f"/api/v1/exports/{made}").status_code == 204
    assert is_problem(call("GET", f"/api/v1/exports/{made}"), 404, "unknown_export")


def test_operators_delete_only_their_own(call, made, app, django_user_model, order):
    operator = django_user_model.objects.create_user("operator")
    operator.groups.add(Group.objects.get(name="Operator"))
    ask = caller(tokens.issue(operator, "t", list(Permission), None)[1])
    assert is_problem(ask("DELETE", f"/api/v1/exports/{made}"), 403, "forbidden")
    own = ask("POST", "/api/v1/exports", {"jobId": order}).json()["exportId"]
    work(app)
    assert ask("DELETE", f"/api/v1/exports/{own}").status_code == 204
    assert is_problem(ask("POST", f"/api/v1/exports/{made}/links", {}), 403, "forbidden")


# --- pages


def test_pages_order_show_and_delete(staff, app, cin, order):
    assert "Download everything" in staff.get(f"/jobs/{order}/").content.decode()
    answer = staff.post("/exports/order/", {"cin": cin}, follow=True)
    (address, _) = answer.redirect_chain[-1]
    assert "Waits for a worker, after all orders" in answer.content.decode()
    assert "0 of 3 documents packed" in staff.get(f"/companies/{cin}/").content.decode()
    work(app)
    assert "ZIP of everything" in staff.get(f"/companies/{cin}/").content.decode()
    assert "ZIP of everything" not in staff.get(f"/jobs/{order}/").content.decode()
    shown = staff.get(address).content.decode()
    assert "Download the ZIP" in shown
    assert "All filings of Vindhya Chemicals Limited" in staff.get("/exports/").content.decode()
    export_id = address.strip("/").rpartition("/")[2]
    assert staff.get(f"/jobs/{export_id}/")["Location"] == address
    with archive(staff.get(f"{address}parts/1/")) as zipped:
        assert len(zipped.namelist()) == 5
    assert staff.get(f"{address}manifest.csv").content.decode().count("included") == 3
    assert "The ZIP is deleted" in staff.post(f"{address}delete/", follow=True).content.decode()
    assert staff.get(address).status_code == 404
    assert len(app.documents.of_job(order)) == 3


def test_order_page_explains_what_cannot_be_packed(staff, app):
    shown = staff.post("/exports/order/", {"job": "0" * 24}, follow=True).content.decode()
    assert "There is no job" in shown
    assert "Choose an order or a company" in staff.post("/exports/order/", {}, follow=True).content.decode()


def test_exports_are_no_orders_of_their_company(staff, app, cin, made):
    assert [job.id for job in app.companies.orders(cin, 5)] != []
    assert made not in [job.id for job in app.companies.orders(cin, 5)]


# --- links


def test_link_works_without_an_account_and_is_counted(client, link, app, made):
    page = client.get(link)
    assert page.status_code == 200
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert page["X-Robots-Tag"].startswith("noindex")
    assert not page.cookies
    with archive(client.get(f"{link}1.zip")) as zipped:
        assert zipped.testzip() is None
    assert client.get(f"{link}manifest.json").status_code == 200
    assert ExportLink.objects.get(export_id=made).downloads == 1
    entries = {entry.action: entry for entry in app.audit.of_job(made, 9)}
    assert entries[Action.LINK_DOWNLOAD].by.startswith("link fsl_")
    assert "Auditor" in entries[Action.SHARE].details


def revoked(link, made, call):
    link_id = call("GET", f"/api/v1/exports/{made}/links").json()["items"][0]["linkId"]
    assert call("DELETE", f"/api/v1/exports/{made}/links/{link_id}").status_code == 204


def expired(link, made, call):
    ExportLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def deleted(link, made, call):
    assert call("DELETE", f"/api/v1/exports/{made}").status_code == 204


@pytest.mark.parametrize(
    ("end", "reason"), [(revoked, "was revoked"), (expired, "has expired"), (deleted, "were deleted")]
)
def test_ended_link_is_gone_with_a_reason(client, call, link, made, end, reason):
    end(link, made, call)
    for address in (link, f"{link}1.zip", f"{link}manifest.csv"):
        answer = client.get(address)
        assert (answer.status_code, answer["Cache-Control"]) == (410, "no-store")
        assert reason in answer.content.decode()


def test_link_ends_with_its_creators_right(client, link, owner):
    owner.is_active = False
    owner.save()
    assert client.get(link).status_code == 410


def test_unknown_link_and_part_are_not_found(client, link):
    assert client.get("/shared/fsl_guess/").status_code == 404
    assert "does not exist" in client.get(f"{link}7.zip").content.decode()
    assert client.post(link).status_code == 405


def test_guessing_is_slowed_down(client, app, monkeypatch):
    monkeypatch.setattr(export_links, "PER_MINUTE", 3)
    statuses = [client.get("/shared/fsl_guess/").status_code for _ in range(8)]
    assert statuses[:2] == [404, 404]
    assert statuses[-1] == 429


def test_link_lasts_no_longer_than_the_export(call, made, app):
    end = app.exporting.get(made)[0].completed_at + timedelta(days=7)
    call("POST", f"/api/v1/exports/{made}/links", {"days": 7})
    assert ExportLink.objects.get(export_id=made).expires_at <= end
    assert is_problem(call("POST", f"/api/v1/exports/{made}/links", {"days": 8}), 422)


def test_admin_creates_and_revokes_links_on_the_page(staff, made):
    page = staff.post(f"/exports/{made}/links/", {"note": "Bank", "days": "1"})
    assert page["Cache-Control"] == "no-store"
    secret = page.context["address"].strip("/").rpartition("/")[2]
    assert Client().get(f"/shared/{secret}/").status_code == 200
    found = ExportLink.objects.get(export_id=made)
    assert secret not in (found.digest, found.prefix)
    assert mask(f"GET /shared/{secret}/") == "GET /shared/***/"
    assert (
        "The link is revoked." in staff.post(f"/exports/{made}/links/{found.pk}/revoke/", follow=True).content.decode()
    )
    assert Client().get(f"/shared/{secret}/").status_code == 410
    assert (
        "A link lasts 1 to 7 days" in staff.post(f"/exports/{made}/links/", {"days": "0"}, follow=True).content.decode()
    )


def test_links_lead_to_the_address_of_the_site(call, staff, app, made, monkeypatch):
    monkeypatch.setattr(app, "configuration", replace(app.configuration, site_url="https://filesure.test"))
    link = call("POST", f"/api/v1/exports/{made}/links", {}).json()["url"]
    shown = staff.post(f"/exports/{made}/links/", {"days": "1"}).context["address"]
    assert [each.startswith("https://filesure.test/shared/fsl_") for each in (link, shown)] == [True, True]


def test_only_finished_export_has_links(call, staff, order):
    made = call("POST", "/api/v1/exports", {"jobId": order}).json()["exportId"]
    assert is_problem(call("POST", f"/api/v1/exports/{made}/links", {}), 422, "invalid_export")
    assert call("POST", f"/api/v1/exports/{made}/cancel").json()["status"] == "cancelled"
    assert is_problem(call("POST", f"/api/v1/exports/{made}/links", {}), 422, "invalid_export")
    page = staff.post(f"/exports/{made}/links/", {"days": "1"}, follow=True).content.decode()
    assert "A link can be created when the ZIP is finished." in page


def test_page_of_a_link_counts_what_is_included(call, client, app, order):
    made = call("POST", "/api/v1/exports", {"jobId": order}).json()["exportId"]
    app.blobs.delete(app.documents.get(order, 1).file.blob_name)
    work(app)
    link = call("POST", f"/api/v1/exports/{made}/links", {}).json()["url"]
    page = client.get(link).content.decode()
    assert "2 documents, shared with you until" in page
    assert "(Kolkata time)." in page
    with archive(client.get(f"{link}1.zip")) as zipped:
        assert len(zipped.namelist()) == 2 + len(["manifest.csv", "manifest.json"])


def test_manifest_is_not_compressed_in_the_request(staff, made):
    answer = staff.get(f"/exports/{made}/manifest.json", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer
    assert len(json.loads(answer.content)) == len(FORMS)


def test_worker_processes_exports_from_the_queue(app, order, call):
    made = call("POST", "/api/v1/exports", {"jobId": order}).json()["exportId"]
    assert app.jobs.count_due(5) == 1
    assert work(app).id == made
    assert app.jobs.get(made).status is JobStatus.COMPLETED
