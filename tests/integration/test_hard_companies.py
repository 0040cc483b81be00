"""Companies that the source does not know, that changed name or CIN, or that share their name with another."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

from jobs.domain.job import JobStatus
from tests.integration.companies import NAME, an_order
from tests.integration.conftest import a_stored_job, text_of
from tests.making import a_cin, a_listed, some_filings
from worker.bootstrap import pipeline
from worker.sources.directory import DirectorySource
from worker.stopping import Stop

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def test_company_unknown_to_the_source_is_explained(staff, app, tmp_path):
    job = a_stored_job(app, company_name=NAME)
    with closing(pipeline(app, Stop())) as run:
        run.source = DirectorySource(tmp_path)
        run.run(app.jobs.claim(job.id, "w", 60))
    assert app.jobs.get(job.id).status is JobStatus.NO_FILINGS
    page = text_of(staff.get(f"/jobs/{job.id}/"))
    assert "The source has no filings of this company." in page
    assert 'href="/find/?q=Vindhya%20%3CChemicals%3E%20Limited"' in page
    company = text_of(staff.get(f"/companies/{job.cin}/"))
    assert company.count("The source has no filings of this company.") == 2  # instead of filings, and of due dates
    assert "overdue" not in company
    assert "not listed yet" not in company


def test_renamed_company_keeps_its_filings_under_both_names(staff, app):
    cin = a_cin()
    an_order(app, cin, "Vindhya Dyes Limited")
    an_order(app, cin, "Narmada Colours Limited")
    page = text_of(staff.get(f"/companies/{cin}/"))
    assert "<h1>Narmada Colours Limited</h1>" in page
    assert "Other names in filings" in page
    assert "Vindhya Dyes Limited" in page
    assert "4 filings" in text_of(staff.get(f"/companies/{cin}/filings/"))


def test_other_cin_in_filings_leads_to_its_company(staff, app, call):
    cin, other = a_cin(), a_cin()
    an_order(app, cin)
    assert "Other CINs in filings" not in text_of(staff.get(f"/companies/{cin}/"))
    job_id = an_order(app, cin, stated_cin=other)
    page = text_of(staff.get(f"/companies/{cin}/"))
    assert "the company changed its CIN" in page
    assert f'href="/find/?q={other}"' in page
    (stated,) = call("GET", f"/api/v1/companies/{cin}").json()["otherIds"]
    assert (stated["value"], stated["sources"][0]["jobId"]) == (other, job_id)


def test_companies_of_one_name_are_told_apart_by_their_cin(staff, app):
    first, second = a_listed("Ganga Traders Limited"), a_listed("Ganga Traders Limited")
    app.directory.save([first, second])
    page = text_of(staff.get("/find/?q=ganga+traders"))
    for each in (first, second):
        assert f"/order/?cin={each.id}&amp;company=Ganga%20Traders%20Limited" in page
        a_stored_job(app, cin=each.id, company_name=each.name)
    page = text_of(staff.get("/companies/?q=ganga+traders"))
    for each in (first, second):
        assert f"/companies/{each.id}/" in page
        assert page.count(each.id) > 1


def test_thousands_of_filings_are_shown_in_parts(staff, app, call):
    job = a_stored_job(app)
    app.documents.add(app.jobs.claim(job.id, "w", 60).lease, job, some_filings(3_000))
    address = f"/companies/{job.cin}/filings/"
    assert "3,000 filings" in text_of(staff.get(address))
    first, last = (
        set(re.findall(r"AOC-4_\d+\.pdf", text_of(staff.get(address + part)))) for part in ("", "?from=2900")
    )
    assert (len(first), len(last), first & last) == (100, 100, set())
    found = call("GET", f"/api/v1/companies/{job.cin}/filings?offset=2990&limit=50").json()
    assert (found["total"], len(found["items"]), found["next"]) == (3_000, 10, None)
