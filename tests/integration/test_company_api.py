"""The API about companies."""

from __future__ import annotations

from datetime import date

import pytest

from tests.integration.api import is_problem
from tests.integration.companies import an_order
from tests.making import a_cin, a_listed

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def test_api_gives_each_value_with_its_sources(call, app):
    cin = a_cin()
    job_id = an_order(app, cin)
    answer = call("GET", f"/api/v1/companies/{cin}")
    body = answer.json()
    (year,) = body["years"]
    assert year["measures"]["revenue"][0]["value"] == 412_60_00_000_00
    assert year["measures"]["revenue"][0]["sources"][0] == {
        "jobId": job_id,
        "documentNumber": 1,
        "form": "AOC-4",
        "srn": "S1",
        "filedOn": "2025-10-01",
        "page": 3,
        "confidence": 1.0,
    }
    assert [each["value"] for each in year["measures"]["net_worth"]] == [190_00_00_000_00, 187_00_00_000_00]
    assert (body["filings"], body["jobIds"], body["charges"][0]["isOpen"]) == (4, [job_id], True)


def test_api_suggests_companies_and_warns(call, app):
    dyes = a_listed("Vindhya Dyes", id="AAB-1234", status="Struck off", registered_on=date(2015, 4, 1))
    app.directory.save([a_listed("Vindhya Chemicals", kind="Private"), dyes])
    first, second = call("GET", "/api/v1/directory?q=vindya").json()["items"]
    assert (first["name"], first["class"], first["warning"]) == ("Vindhya Chemicals", "Private", None)
    warning = "Struck off the register: it can be ordered, but files no more documents."
    assert (second["cin"], second["registeredOn"], second["warning"]) == ("AAB-1234", "2015-04-01", warning)
    assert len(call("GET", "/api/v1/directory?q=vindhya&limit=1").json()["items"]) == 1
    assert is_problem(call("GET", "/api/v1/directory?q="), 422, "invalid")
    assert is_problem(call("GET", "/api/v1/directory?q=a&limit=99"), 422, "invalid")
    made = call("POST", "/api/v1/jobs", {"cin": "aab1234", "companyName": "Vindhya Dyes"})
    assert (made.status_code, made.json()["warning"]) == (201, warning)
    other = call("POST", "/api/v1/jobs", {"cin": a_cin(), "companyName": "Other"}).json()
    assert other["warning"] is None


def test_api_pages_filings(call, app):
    cin = a_cin()
    an_order(app, cin)
    first = call("GET", f"/api/v1/companies/{cin}/filings?limit=3").json()
    assert (first["total"], first["next"], len(first["items"])) == (4, 3, 3)
    assert call("GET", f"/api/v1/companies/{cin}/filings?limit=3&offset=3").json()["next"] is None
    (charge,) = call("GET", f"/api/v1/companies/{cin}/filings?category=Charge documents").json()["items"]
    assert (charge["form"], charge["document"]["documentType"], charge["versions"]) == ("CHG-1", "CHG-1", 1)
    assert is_problem(call("GET", f"/api/v1/companies/{a_cin()}"), 404, "unknown_company")
