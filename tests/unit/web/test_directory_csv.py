"""The master data of companies as CSV: headings of different years, faults, and damaged files."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from jobs.domain.directory import ListedCompany
from jobs.domain.errors import WrongUse
from jobs.services.orders import name_of
from jobs.web.directory_csv import DirectoryRow, read_companies

CIN = "U24110MH1999PTC000001"
HEADINGS = (
    "CORPORATE_IDENTIFICATION_NUMBER,COMPANY_NAME,COMPANY_STATUS,COMPANY_CLASS,COMPANY_CATEGORY,AUTHORIZED_CAPITAL,"
    "PAIDUP_CAPITAL,DATE_OF_REGISTRATION,REGISTERED_STATE,PRINCIPAL_BUSINESS_ACTIVITY_AS_PER_CIN,EMAIL_ADDR"
)
ROW = (
    f'{CIN.lower()},"VINDHYA  CHEMICALS, LIMITED",STOF,Private,Company limited by Shares,"25,00,000.00",'
    "0,01-04-1999,MAHARASHTRA,24,NA"
)
VINDHYA = ListedCompany(
    id=CIN,
    name="VINDHYA CHEMICALS, LIMITED",
    status="Struck off",
    kind="Private",
    category="Company limited by Shares",
    state="Maharashtra",
    registered_on=date(1999, 4, 1),
    authorised_capital=2_500_000,
    paid_up_capital=0,
)


def rows(tmp_path: Path, data: bytes | str, name: str = "master.csv") -> list[DirectoryRow]:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with read_companies(path, 2026) as found:
        return list(found)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.csv", f"{HEADINGS}\n{ROW}\n".encode()),
        ("m.csv", f"\ufeff{HEADINGS.lower()}\r\n\r\n{ROW}".encode()),
        ("m.csv.gz", gzip.compress(f"{HEADINGS}\n{ROW}\n".encode(), mtime=0)),
        ("m.csv", f"{HEADINGS}\n{ROW},\xff\n".encode("latin-1")),
    ],
)
def test_companies_are_read_from_master_data(tmp_path, name, data):
    (row,) = rows(tmp_path, data, name)
    assert (row.company, row.problem) == (VINDHYA, None)


def test_names_are_those_that_orders_accept(tmp_path):
    data = f"CIN,Company Name\n{CIN},{'Kaveri ' * 40}\n{CIN},{'a' * 200}\n{CIN},Société Générale\n".encode("latin-1")
    found = [row.company.name for row in rows(tmp_path, data)]
    assert found == [name_of(f"{'Kaveri ' * 28}Kav…"), "a" * 200, "Société Générale"]


@pytest.mark.parametrize(
    "data",
    [
        f"Company Name;CIN;Company Status\nA Ltd;{CIN};Active\n",
        f"CompanyStatus\tcompany_name\tCIN/LLPIN\nACTV\tA Ltd\t{CIN}",
        f"company_name|CIN|CIN|companyStatus\nA Ltd|{CIN}|other|active",
    ],
)
def test_headings_may_differ_in_spelling_and_order(tmp_path, data):
    (row,) = rows(tmp_path, data)
    assert row.company == ListedCompany(id=CIN, name="A Ltd", status="Active")


def test_names_can_be_ordered_as_they_are_listed(tmp_path):
    (row,) = rows(tmp_path, "CIN,Name\nAAB-1234,\u202eKaveri\u00a0 \u200bFoods\x07 LLP\n")
    assert row.company
    assert row.company.name == name_of(row.company.name) == "Kaveri Foods LLP"


def test_faulty_rows_are_reported_with_their_lines(tmp_path):
    found = rows(
        tmp_path,
        f"CIN,Company Name,Date of Registration,Authorised Capital\nx,A\n\n{CIN},\n{CIN},NA,\n{CIN}\n"
        f"{CIN},B,31-02-2001,-5\naab1234,C,1999,1e9,more,values\n,,,\n",
    )
    assert [(row.line, str(row.problem)[:30]) for row in found if row.problem] == [
        (2, "'X' has 1 character; a CIN has"),
        (4, f"{CIN} has no n"),
        (5, f"{CIN} has no n"),
        (6, f"{CIN} has no n"),
        (9, "The identifier is missing: a C"),
    ]
    assert [row.company for row in found if row.company] == [
        ListedCompany(id=CIN, name="B", status=""),
        ListedCompany(id="AAB-1234", name="C", status=""),
    ]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("m.csv", b"", "the first line lacks CORPORATE_IDENTIFICATION_NUMBER and COMPANY_NAME"),
        ("m.csv", f"{CIN},A Ltd\n".encode(), "It must name the columns"),
        ("m.csv", b"CIN,Status\n", "lacks COMPANY_NAME"),
        ("m.csv", "CIN,Name\n".encode("utf-16"), "UTF-16"),
        ("m.csv.gz", b"CIN,Name\n", "is not a gzip file"),
        ("m.csv.gz", gzip.compress(f"CIN,Name\n{CIN},A\n".encode(), mtime=0)[:-9], "is damaged or incomplete"),
    ],
)
def test_unusable_files_are_refused_with_a_reason(tmp_path, name, data, sentence):
    with pytest.raises(WrongUse, match=sentence):
        rows(tmp_path, data, name)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_missing_file_is_named(tmp_path, name):
    with pytest.raises(WrongUse, match="cannot be read"), read_companies(tmp_path / name, 2026) as found:
        list(found)


def test_line_without_end_costs_little_memory(tmp_path):
    found = rows(tmp_path, b"CIN,Name\n" + b"x" * 1_000_000)
    assert len(found) < 20
    assert all(row.problem and len(str(row.problem)) < 200 for row in found)
