"""Search everywhere: companies, jobs, documents, pages and actions."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from tests.integration.conftest import a_stored_job, text_of
from tests.making import a_cin, a_listed, some_filings

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
    nothing = text_of(staff.get("/find/", {"q": "\0zzzz &"}))
    assert "Nothing matches" in nothing
    assert 'href="/search/?q=zzzz%20%26"' in nothing


def test_results_for_the_box_are_never_shown_as_the_page(staff):
    for headers in ({}, {"HX-Request": "true"}):
        answer = staff.get("/find/?q=jobs", headers=headers)
        assert "HX-Request" in answer["Vary"]
        assert answer["Cache-Control"] == "private, no-cache"


def test_listed_companies_lead_to_an_order(staff, app, django_user_model):
    ordered, other = a_listed("Kaveri Foods Limited"), a_listed("Kaveri & Sons <Foods> LLP", status="Struck off")
    app.directory.save([ordered, other])
    a_stored_job(app, cin=ordered.id, company_name=ordered.name)
    page = text_of(staff.get("/find/", {"q": "kavery"}))
    assert "Order a company" in page
    assert f"/order/?cin={other.id}&amp;company=Kaveri%20%26%20Sons%20%3CFoods%3E%20LLP" in page
    assert "Struck off" in page
    assert ordered.id not in page
    filled = text_of(staff.get("/order/", {"cin": other.id, "company": other.name}))
    assert f'value="{other.id}"' in filled
    assert 'value="Kaveri &amp; Sons &lt;Foods&gt; LLP"' in filled
    viewer = django_user_model.objects.create_user("viewer")
    viewer.groups.set(Group.objects.filter(name="Viewer"))
    staff.force_login(viewer)
    assert "Order a company" not in text_of(staff.get("/find/", {"q": "kavery"}))


def test_unknown_company_leads_to_an_order(staff, app, django_user_model):
    """For example the CIN that a company had before; see "Other CINs in filings"."""
    cin = a_cin()
    assert f'href="/find/?q={cin}"' in text_of(staff.get(f"/companies/{cin}/"))
    assert "Search for it" not in text_of(staff.get("/companies/nonsense/"))
    page = text_of(staff.get("/find/", {"q": cin.lower()}))
    assert f'href="/order/?cin={cin}"' in page
    assert "Nothing matches" not in page
    a_stored_job(app, cin=cin)
    assert "not in the directory" not in text_of(staff.get("/find/", {"q": cin}))
    viewer = django_user_model.objects.create_user("viewer")
    viewer.groups.set(Group.objects.filter(name="Viewer"))
    staff.force_login(viewer)
    assert "/order/" not in text_of(staff.get("/find/", {"q": a_cin()}))


def test_box_gets_only_the_results(staff):
    part = text_of(staff.get("/find/?q=", headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert "/failures/" in part
