"""The reader reads files or gives a reason. test_reader_process tests its process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jobs.domain.errors import DocumentUnreadable, LocalDiskError
from jobs.domain.filings.reading import Method, ReadingState
from tests.making import a_pdf, read
from worker.extractors.process import Limits
from worker.extractors.reader import Reader
from worker.sources.simulated_pdf import text_pdf

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures"
CIN = "L24295GJ1987PLC143792"
PLAIN = text_pdf([["First page"], ["Second", "page, and a hy-", "phen"]], title="Plain")
SECOND = "Second\npage, and a hy-phen"
WHOLE = f"First page\f{SECOND}"  # pdfium joins hyphenated words


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return a_pdf(tmp_path, PLAIN)


# --- reading ------------------------------------------------------------------------------------


def test_pages_end_with_form_feeds(extractor: Reader, plain: Path) -> None:
    reading = extractor.read(plain, "a.pdf")
    assert (reading.method, reading.page_count, reading.text) == (Method.TEXT, 2, WHOLE)


def test_scan_without_text_is_accepted(extractor: Reader, tmp_path: Path) -> None:
    path = a_pdf(tmp_path, text_pdf([[], [], []], title="Blank"))
    reading = extractor.read(path, "a.pdf")
    assert (reading.state, reading.method, reading.page_count, reading.text) == (ReadingState.READ, Method.NONE, 3, "")


@pytest.mark.parametrize("most", [1, 9, 10, 11, 12, 20])
def test_text_beyond_the_limit_is_cut(plain: Path, most: int) -> None:
    extractor = Reader(Limits(characters=most))
    text = read(extractor, plain)
    extractor.close()
    assert most - 1 <= len(text) <= most + 1
    assert WHOLE.startswith(text.rstrip("\f"))


def test_owner_password_does_not_block_reading(extractor: Reader) -> None:
    assert read(extractor, FIXTURES / "owner-password.pdf") == "Nobody reads this without the password."


def test_relative_and_non_unicode_paths_work(
    extractor: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(os.fsdecode(b"caf\xe9 \n.pdf"))
    path.write_bytes(PLAIN)
    assert read(extractor, path).startswith("First page")


# --- reasons ------------------------------------------------------------------------------------


def without(data: bytes, what: bytes) -> bytes:
    assert what in data
    return data.replace(what, b" " * len(what))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty (0 bytes)."),
        (b"not a pdf at all\n", 'The file is of an unknown kind: it begins with "not a pdf at all".'),
        (b"<a>\x00\x07\xff\r\n<b>x</b>\t", "The XML in the file is damaged."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "The file is of an unknown kind: it begins with the bytes d0 cf 11 e0 a1 b1."),
        (b" \n" * 5, "The file is of an unknown kind: it begins with the bytes 20 0a 20 0a 20 0a 20 0a."),
        (b"x" * 1024 + PLAIN, f'The file is of an unknown kind: it begins with "{"x" * 32}".'),
        (b"%PDF-1.4\n", "The PDF is damaged or was cut short."),
        (PLAIN[: len(PLAIN) // 2], "The PDF is damaged or was cut short."),
        (PLAIN[:-40], "The PDF is damaged or was cut short."),
        (without(PLAIN, b"/Root 1 0 R"), "The PDF is damaged or was cut short."),
        (text_pdf([], title="Empty"), "The PDF has no pages."),
        ((FIXTURES / "password.pdf").read_bytes(), "The PDF needs a password."),
    ],
)
def test_failures_have_a_readable_reason(extractor: Reader, tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentUnreadable) as raised:
        read(extractor, a_pdf(tmp_path, data))
    assert str(raised.value) == reason


@pytest.mark.parametrize(
    "data",
    [
        b"\n\x00 mail header\r\n" + PLAIN,
        PLAIN + b"\r\n" * 5000,
        PLAIN + b"<html>thank you for downloading</html>",
        PLAIN[:-4],
        PLAIN.replace(b"0000000015", b"0000000099"),
    ],
)
def test_harmless_faults_are_tolerated(extractor: Reader, tmp_path: Path, data: bytes) -> None:
    assert read(extractor, a_pdf(tmp_path, data)) == WHOLE


def test_truncated_file_never_passes_as_whole(extractor: Reader, tmp_path: Path) -> None:
    whole = read(extractor, a_pdf(tmp_path, PLAIN))
    for length in range(0, len(PLAIN), 7):
        try:
            assert read(extractor, a_pdf(tmp_path, PLAIN[:length])) == whole
        except DocumentUnreadable:
            continue


def test_missing_file_is_a_disk_error(
    extractor: Reader, tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LocalDiskError):
        read(extractor, tmp_path / "missing.pdf")
    ask = extractor._ask

    def vanish(*arguments: Any) -> None:
        plain.unlink()  # after the reader has checked its size
        ask(*arguments)

    monkeypatch.setattr(extractor, "_ask", vanish)
    with pytest.raises(LocalDiskError):
        read(extractor, plain)


# --- parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason", "texts"),
    [
        (PLAIN + PLAIN[15:-60], "The PDF was cut short; what is left of it was read.", ["First page", SECOND]),
        (without(PLAIN, b"7 0 obj"), "Missing or damaged: page 2.", ["First page", ""]),
        (without(PLAIN, b"5 0 obj"), "Missing or damaged: page 1.", ["", SECOND]),
    ],
)
def test_missing_parts_cost_only_themselves(
    extractor: Reader, tmp_path: Path, data: bytes, reason: str, texts: list[str]
) -> None:
    reading = extractor.read(a_pdf(tmp_path, data), "a.pdf")
    assert (reading.state, reading.reason) == (ReadingState.PARTIAL, reason)
    assert [page.text for page in reading.pages] == texts


def test_file_without_table_and_trailer_mark_is_whole(extractor: Reader, tmp_path: Path) -> None:
    complete = PLAIN[: PLAIN.rindex(b"startxref")]
    assert extractor.read(a_pdf(tmp_path, complete), "a.pdf").state is ReadingState.READ
