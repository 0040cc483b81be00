"""Which files of orders are understood, and how others are refused."""

from __future__ import annotations

import codecs
import io

import pytest

from jobs.domain.errors import WrongUse
from jobs.web.orders_csv import Row, rows_of

CIN = "L24295GJ1987PLC143792"
TABLE = f"cin,companyName,priority\n{CIN},Kaveri Limited,5\n"
WORKBOOK = "a.csv is an Excel workbook. Save it as CSV UTF-8, or paste its rows as a list."
NEITHER = (
    "a.csv: the first line lacks cin and companyName;"
    " it must name the columns cin,companyName,priority,notBefore, or begin with a CIN, LLPIN or FCRN."
)


def read(data: bytes) -> list[Row]:
    return list(rows_of("a.csv", io.BytesIO(data)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "ascii"])
def test_files_of_any_unicode_are_read(encoding):
    (row,) = read(TABLE.encode(encoding))
    assert row.order is not None
    assert (row.line, row.order.cin, row.order.priority) == (2, CIN, "5")


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace("\n", "\r\n"),
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        f"{CIN},Kaveri Limited,5",
        f"{CIN};Kaveri Limited;5;\n",
        f"{CIN}\tKaveri Limited\t5\n",
        f"CORPORATE_IDENTIFICATION_NUMBER,COMPANY_NAME,State,Priority\n{CIN},Kaveri Limited,Goa,5\n",
        f"Priority;Name of the Company;CIN / LLPIN\n5;Kaveri Limited;{CIN}\n",
        f'\n"CIN No.","Company"," PRIORITY "\n"{CIN}","Kaveri Limited","5"\n',
    ],
)
def test_separators_and_headings_may_differ(text):
    (row,) = read(text.encode())
    assert row.order is not None
    assert (row.order.cin, row.order.company_name, row.order.priority) == (CIN, "Kaveri Limited", "5")


@pytest.mark.parametrize(
    ("values", "name", "priority", "time"),
    [
        ("Kaveri, Sons & Co", "Kaveri, Sons & Co", "", ""),
        ("Kaveri, Sons, 5", "Kaveri, Sons", "5", ""),
        ("Kaveri, Sons, 2026-12-25", "Kaveri, Sons", "", "2026-12-25"),
        ("Kaveri, Sons, 5, 2026-12-25T06:30", "Kaveri, Sons", "5", "2026-12-25T06:30"),
        ("Kaveri, 5, tomorrow", "Kaveri", "5", "tomorrow"),
        ("1001, 5", "1001", "5", ""),
    ],
)
def test_unquoted_names_may_have_commas(values, name, priority, time):
    (row,) = read(f"{CIN}, {values}\n".encode())
    assert row.order is not None
    assert (row.order.company_name, row.order.priority, row.order.not_before) == (name, priority, time)


@pytest.mark.parametrize("name", ["Kaveri; Sons", "Kaveri, Sons; Co"])
def test_semicolon_in_a_name_separates_nothing(name):
    (row,) = read(f'{CIN},"{name}",5\n'.encode())
    assert row.order is not None
    assert (row.order.company_name, row.order.priority) == (name, "5")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04\x14", WORKBOOK),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", WORKBOOK),
        (
            f"Kaveri Limited,{CIN}\n".encode(),
            NEITHER,
        ),
        (TABLE.replace("K", "\xe9").encode("cp1252"), "a.csv:2: the file is not UTF-8. Save it as CSV UTF-8."),
        (codecs.BOM_UTF16_LE + b"\x00\xdc,\x00", "a.csv:1: the file is not UTF-8. Save it as CSV UTF-8."),
    ],
)
def test_other_files_are_refused_with_advice(data, sentence):
    with pytest.raises(WrongUse) as refused:
        read(data)
    assert str(refused.value) == sentence
