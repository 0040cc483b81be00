"""The page of a document and its API: record, text, attachments, and who sees complete PANs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.contrib.auth.models import Permission as Right

from jobs.domain.audit import Actor
from jobs.domain.document import Document
from jobs.web import tokens
from jobs.web.permissions import Permission
from jobs.web.records import label_of, shown
from tests.integration.api import caller, is_problem
from tests.integration.conftest import a_stored_job, text_of
from tests.making import a_cin
from worker.bootstrap import pipeline
from worker.sources.directory import DirectorySource
from worker.sources.simulated_filings import SimulatedFiling, Style, pdf_of, simulated_filings
from worker.stopping import Stop

pytestmark = [pytest.mark.server, pytest.mark.django_db]

PAN = re.compile(r"\b[A-Z]{5}\d{4}[A-Z]\b")


@pytest.fixture
def documents(app, tmp_path) -> list[Document]:
    """The documents of a job whose company has filed one form with an attachment, once a worker has run."""
    filing = _appointment()
    folder = tmp_path / filing.history.cin
    folder.mkdir()
    (folder / "ADT-1.pdf").write_bytes(pdf_of(filing, "Example Limited"))
    a_stored_job(app, cin=filing.history.cin, company_name="Example Limited")
    with closing(pipeline(app, Stop())) as run:
        run.source = DirectorySource(tmp_path)
        job = app.jobs.claim_next("w", 60)
        run.run(job)
    return app.documents.of_job(job.id)


def _appointment() -> SimulatedFiling:
    companies = (simulated_filings(a_cin()) for _ in range(100))
    return next(each for filings in companies for each in filings if (each.form, each.style) == ("ADT-1", Style.XFA))


@pytest.fixture
def adt_1(documents) -> Document:
    """An appointment of an auditor, with the auditor's PAN."""
    return documents[0]


def page_of(client, document: Document, end: str = "") -> str:
    return text_of(client.get(f"/jobs/{document.job_id}/documents/{document.filing.number}/{end}"))


def inside(documents: list[Document], document: Document) -> Iterator[Document]:
    return (each for each in documents if each.parent == document.filing.number)


def test_page_shows_the_record_with_its_origin(staff, adt_1):
    page = page_of(staff, adt_1)
    assert "Auditor 1" in page
    assert "Held AGM on" in page or "Appointed on" in page
    assert "xfa" in page
    assert adt_1.cin in page


def test_attachments_lead_to_their_own_page(staff, documents, adt_1):
    attachment = next(inside(documents, adt_1))
    assert attachment.filing.file_name in page_of(staff, adt_1)
    assert adt_1.filing.file_name in page_of(staff, attachment)


def test_page_names_the_order_that_stored_the_file(app, staff, call, tmp_path, adt_1):
    assert "Stored once" not in page_of(staff, adt_1)
    a_stored_job(app, cin=adt_1.cin, company_name="Example Limited")
    with closing(pipeline(app, Stop())) as run:
        run.source = DirectorySource(tmp_path)
        job = app.jobs.claim_next("w", 60)
        run.run(job)
    linked = app.documents.of_job(job.id)[0]
    assert re.search(rf'Stored once, with\s+<a href="/jobs/{adt_1.job_id}/">another order</a>', page_of(staff, linked))
    assert call("GET", f"/api/v1/jobs/{job.id}/documents/1").json()["storedWith"] == adt_1.job_id
    app.service.delete(adt_1.job_id, Actor(name="tests"))
    assert "another order of this company, which is deleted by now" in page_of(staff, linked)
    assert b"".join(staff.get(f"/jobs/{job.id}/documents/1/file").streaming_content).startswith(b"%PDF")


def test_original_may_be_framed_only_by_the_site(staff, adt_1):
    answer = staff.get(f"/jobs/{adt_1.job_id}/documents/{adt_1.filing.number}/file")
    answer.close()
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in staff.get("/order/")["Content-Security-Policy"]


@pytest.mark.parametrize("end", ["", "text", "text?download"])
def test_pans_are_masked_unless_permitted(client, adt_1, django_user_model, end):
    user = django_user_model.objects.create_user("viewer")
    user.user_permissions.add(Right.objects.get(codename="view_job"))
    client.force_login(user)

    def read() -> str:
        answer = client.get(f"/jobs/{adt_1.job_id}/documents/{adt_1.filing.number}/{end}")
        return answer.getvalue().decode() if answer.streaming else answer.content.decode()

    assert not PAN.search(read())
    assert "XXXXXX" in read()
    user.user_permissions.add(Right.objects.get(codename="pan_job"))
    assert PAN.search(read())


def test_text_is_searched(staff, adt_1):
    page = page_of(staff, adt_1, f"text?q={adt_1.cin.lower()}")
    assert f"<mark>{adt_1.cin}</mark>" in page
    assert "hit" in page
    assert "0 hits" in page_of(staff, adt_1, "text?q=nowhere<script>")


def test_api_gives_record_and_attachments(owner, documents, adt_1):
    secrets = {
        scopes: tokens.issue(owner, "x", scopes, None)[1]
        for scopes in [(Permission.VIEW,), (Permission.VIEW, Permission.PAN)]
    }
    path = f"/api/v1/jobs/{adt_1.job_id}/documents/{adt_1.filing.number}"
    masked, full = (caller(secret)("GET", path).json() for secret in secrets.values())
    assert full["record"]["form"] == full["reading"]["facts"]["form"] == "ADT-1"
    assert full["record"]["values"]["cin"]["value"] == adt_1.cin
    assert [each["parent"] for each in full["attachments"]] == [adt_1.filing.number] * len(full["attachments"]) != []
    assert PAN.fullmatch(full["record"]["values"]["auditors[1].pan"]["value"])
    assert masked["record"]["values"]["auditors[1].pan"]["value"].startswith("XXXXXX")
    assert is_problem(caller(secrets[(Permission.VIEW,)])("GET", f"{path}999"), 404)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (123456789, "rupees", "₹ 12,34,56,789"),
        (-123450, "paise", "−₹ 1,234.50"),
        (5, None, "5"),
        ("2025-03-03", None, "3 Mar 2025"),
        (None, None, "as read"),
    ],
)
def test_values_are_shown_as_people_write_them(value, unit, text):
    assert shown({"value": value, "unit": unit, "raw": "as read"}) == text


def test_labels_are_words():
    assert label_of("held_agm_on") == "Held AGM on"
