"""Search everywhere: companies, jobs, documents, pages and actions."""

from __future__ import annotations

import pytest

from tests.integration.conftest import a_stored_job, text_of
from tests.making import some_filings

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def test_one_box_finds_companies_jobs_documents_and_pages(staff, app):
    job = a_stored_job(app, company_name="Vindhya Chemicals")
    app.documents.add(app.jobs.claim(job.id, "w", 60).lease, job, some_filings(2))
    for text in ("vindh", job.cin, job.id):
        page = text_of(staff.get("/find/", {"q": text}))
        assert f"/jobs/{job.id}/" in page, text
        assert f"/companies/{job.cin}/" in page, text
    assert "AOC-4_2.pdf" in text_of(staff.get("/find/?q=h00000002"))
    assert "/account/" in text_of(staff.get("/find/?q=time zo"))
    assert "Nothing matches" in text_of(staff.get("/find/?q=%00zzzz"))


def test_box_gets_only_the_results(staff):
    part = text_of(staff.get("/find/?q=", headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert "/failures/" in part
