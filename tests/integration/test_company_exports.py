"""A company's records as JSON Lines, CSV and Excel workbook."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from datetime import date, datetime

import openpyxl
import pytest
from django.contrib.auth.models import Permission as Right

from jobs.domain.filings.stated import Stated
from jobs.web import tokens
from jobs.web.permissions import Permission
from tests.integration import companies
from tests.integration.api import caller
from tests.integration.companies import NAME, an_order
from tests.making import a_cin, a_listed

pytestmark = [pytest.mark.server, pytest.mark.django_db]

PAN, MASKED = "ABCPE1234F", "XXXXXX234F"
FORMULA = "=HYPERLINK(1)"


def a_record(app, job_id: str, number: int, values: dict[str, object]) -> None:
    """Give a stored document a record whose blob has these values."""
    document = app.documents.get(job_id, number)
    name = f"jobs/{job_id}/document_{number}.record.json"
    fields = {"unit": None, "valid": True, "method": "xfa", "confidence": 0.9, "rule": "r", "page": 1}
    record = {"form": "AOC-4", "values": {key: {"value": text, "raw": text, **fields} for key, text in values.items()}}
    data = json.dumps(record).encode()
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    app.blobs.put(name, io.BytesIO(data), content_type="application/json", md5=md5, fence=1, metadata={})
    lease = replace(app.jobs.get(job_id).lease, fence=99)
    app.documents.save_reading(lease, document, replace(document.reading, record_blob_name=name))


@pytest.fixture
def company(app) -> str:
    cin = a_cin()
    a_record(app, an_order(app, cin), 1, {"auditors[1].pan": PAN, "subject": FORMULA})
    return cin


@pytest.fixture
def viewer(client, app, django_user_model):
    user = django_user_model.objects.create_user("viewer")
    user.user_permissions.add(Right.objects.get(codename="view_job"))
    client.force_login(user)
    return client


def content(answer) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize(("who", "shown"), [("staff", PAN), ("viewer", MASKED)])
def test_lines_have_the_records_and_mask_pans(request, company, who, shown):
    (line,) = content(request.getfixturevalue(who).get(f"/companies/{company}/export.jsonl")).decode().splitlines()
    record = json.loads(line)
    assert (record["form"], record["srn"], record["year"]) == ("AOC-4", "S1", 2025)
    assert record["record"]["values"]["auditors[1].pan"]["value"] == shown


@pytest.mark.parametrize(("who", "shown"), [("staff", PAN), ("viewer", MASKED)])
def test_csv_has_a_row_per_value_and_no_formula(request, company, who, shown):
    text = content(request.getfixturevalue(who).get(f"/companies/{company}/export.csv")).decode("utf-8-sig")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text))}
    assert (rows["auditors[1].pan"]["value"], rows["auditors[1].pan"]["srn"]) == (shown, "S1")
    assert rows["subject"]["value"] == f"'{FORMULA}"


def test_workbook_has_every_sheet(staff, app, company):
    app.directory.save([replace(a_listed(NAME, status="Struck off"), id=company)])
    book = openpyxl.load_workbook(io.BytesIO(content(staff.get(f"/companies/{company}/export.xlsx"))))
    sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}
    assert sheets["Profile"][1][:2] == ("Name", NAME)
    profile = {row[0]: row[1] for row in sheets["Profile"]}
    assert (profile["Status in the directory"], type(profile["As of (UTC)"])) == ("Struck off", datetime)
    assert sheets["Directors"][1][:2] == ("Asha Raman", "07120034")
    assert sheets["Charges"][1][1:3] == ("State Bank", 40_00_00_000)
    financials = {row[0]: row[1] for row in sheets["Financials"]}
    assert (financials["Measure"], financials["Revenue"]) == ("2024-25", 412_60_00_000)
    assert len([row for row in sheets["Sources of financials"] if row[2] == "Net worth"]) == 2
    assert len(sheets["Filings"]) == 5
    assert ("Charges", "State Bank", "Amount", 40_00_00_000, 1, "CHG-1", "S3") in {
        row[:7] for row in sheets["All values"]
    }
    assert {"Capital", "Shareholding", "Meetings"} < sheets.keys()


def test_columns_of_the_workbook_are_wide_enough_for_dates(staff, company):
    book = openpyxl.load_workbook(io.BytesIO(content(staff.get(f"/companies/{company}/export.xlsx"))))
    for sheet in book:
        widths = [sheet.column_dimensions[cell.column_letter].width for cell in sheet[1]]
        assert min(widths) >= len("2025-10-01") + 2
        assert all(width > len(cell.value) for width, cell in zip(widths, sheet[1], strict=True))


def test_workbook_has_percentages_as_numbers(staff, app, monkeypatch):
    cin = a_cin()
    monkeypatch.setitem(companies.STATED, "MGT-7", (Stated(name="promoters_share", value="54.2"),))
    an_order(app, cin)
    book = openpyxl.load_workbook(io.BytesIO(content(staff.get(f"/companies/{cin}/export.xlsx"))))
    held, every = (list(book[name].iter_rows(min_row=2, values_only=True)) for name in ("Shareholding", "All values"))
    assert held == [("2024-25", 54.2, None, None)]
    assert ("Shareholding", "2024-25", "Promoters", 54.2) in {row[:4] for row in every}


def test_workbook_keeps_formulas_as_text(staff, app):
    cin = a_cin()
    an_order(app, cin, name=f"{FORMULA}\x07")
    book = openpyxl.load_workbook(io.BytesIO(content(staff.get(f"/companies/{cin}/export.xlsx"))))
    cell = book["Profile"]["B2"]
    assert (cell.value, cell.data_type) == (FORMULA, "s")


def test_workbook_survives_characters_and_days_that_excel_does_not_know(staff, app, monkeypatch):
    cin = a_cin()
    stated = (Stated(name="holder", value="State\ufffe Bank\uffff"), Stated(name="created_on", value=date(1895, 4, 1)))
    monkeypatch.setitem(companies.STATED, "CHG-1", stated)
    an_order(app, cin)
    book = openpyxl.load_workbook(io.BytesIO(content(staff.get(f"/companies/{cin}/export.xlsx"))))
    charge = dict(zip(*book["Charges"].iter_rows(values_only=True), strict=True))
    assert (charge["Holder"], charge["Created"]) == ("State Bank", "1895-04-01")


def test_missing_blob_does_not_end_the_export(staff, app, company):
    (document,) = [each for each in app.companies.documents(company, 9).documents if each.filing.number == 1]
    app.blobs.delete(document.reading.record_blob_name)
    (line,) = content(staff.get(f"/companies/{company}/export.jsonl")).decode().splitlines()
    assert json.loads(line)["record"] is None


def test_api_masks_pans_without_the_scope(owner, company):
    for scopes, shown in (([Permission.VIEW], MASKED), (list(Permission), PAN)):
        _, secret = tokens.issue(owner, "tests", scopes, None)
        answer = caller(secret)("GET", f"/api/v1/companies/{company}/records")
        assert json.loads(content(answer))["record"]["values"]["auditors[1].pan"]["value"] == shown


def test_unknown_company_has_no_export(staff):
    assert staff.get(f"/companies/{a_cin()}/export.csv").status_code == 404
