"""Zips and workbooks with damage that the libraries report in unusual ways."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from jobs.domain.filings.reading import ReadingState
from worker.extractors.budget import Budget
from worker.extractors.containers import read_workbook, read_zip
from worker.extractors.output import Output, Refused


def output() -> Output:
    return Output(stream=io.BytesIO(), room=10**6)


def test_workbook_with_an_unknown_flag_is_damaged() -> None:
    stream = io.BytesIO()
    Workbook().save(stream)
    data = bytearray(stream.getvalue())
    data[data.rindex(b"xl/workbook.xml") - 46 + 8] |= 0x20  # "compressed patched data", in the zip's directory
    with pytest.raises(Refused, match=r"The workbook is damaged\.") as refused:
        read_workbook(bytes(data), output())
    assert refused.value.state == ReadingState.UNREADABLE


def test_damaged_lzma_member_costs_only_itself() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", bytes(1000))
        archive.writestr("b.txt", b"intact")
    data = bytearray(stream.getvalue())
    start = data.index(b"a.txt") + len(b"a.txt")
    data[start + 4 : start + 9] = b"\xff" * 5  # LZMA's properties
    found, out = [], output()
    read_zip(bytes(data), Budget(), out, lambda name, _: found.append(name))
    assert found == ["b.txt"]
    assert out.reasons == ["a.txt in the zip is damaged."]
