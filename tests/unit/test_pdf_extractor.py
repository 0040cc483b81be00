"""The PDF extractor: it reads, or says why it cannot. The process behind it: test_pdf_child."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jobs.domain.document import Extraction
from jobs.domain.errors import DocumentUnreadable, LocalDiskError
from tests.making import a_pdf, read
from worker.extractors import pdf
from worker.extractors.pdf import PdfExtractor
from worker.sources.simulated import SimulatedSource
from worker.sources.simulated_pdf import text_pdf

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
CIN = "L24295GJ1987PLC143792"
PLAIN = text_pdf([["First page"], ["Second", "page, and a hy-", "phen"]], title="Plain")
WHOLE = "First page\fSecond\npage, and a hy-phen"  # pdfium joins a word that was parted


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return a_pdf(tmp_path, PLAIN)


# --- reading ------------------------------------------------------------------------------------


def test_pages_are_separated_by_form_feeds_and_lines_by_newlines(extractor: PdfExtractor, plain: Path) -> None:
    assert extractor.extract(plain, "a.pdf") == (Extraction(method="pdfium", characters=len(WHOLE), pages=2), WHOLE)


def test_simulated_filings_are_read(extractor: PdfExtractor, tmp_path: Path) -> None:
    source = SimulatedSource(seconds_per_document=0, fault_rate=0)
    for filing in source.filings(CIN, "Test Company"):
        data = b"".join(source.download(CIN, "Test Company", filing, 1))
        extraction, text = extractor.extract(a_pdf(tmp_path, data), filing.file_name)
        assert f"SRN: {filing.srn}\n" in text
        assert extraction.characters == len(text)
        assert extraction.pages == text.count("\f") + 1


def test_a_scan_has_no_text_and_is_no_error(extractor: PdfExtractor, tmp_path: Path) -> None:
    path = a_pdf(tmp_path, text_pdf([[], [], []], title="Blank"))
    assert extractor.extract(path, "a.pdf") == (Extraction(method="pdfium", characters=0, pages=3), "")


@pytest.mark.parametrize("most", [1, 9, 10, 11, 12, 20])
def test_text_beyond_the_limit_is_left_out(plain: Path, most: int) -> None:
    extractor = PdfExtractor(max_characters=most)
    text = read(extractor, plain)
    extractor.close()
    assert most - 1 <= len(text) <= most + 1
    assert WHOLE.startswith(text.rstrip("\f"))


def test_a_password_only_of_the_owner_keeps_nobody_from_reading(extractor: PdfExtractor) -> None:
    assert read(extractor, FIXTURES / "owner-password.pdf") == "Nobody reads this without the password."


def test_a_relative_path_and_a_name_that_is_no_unicode_are_found(
    extractor: PdfExtractor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        (b"not a pdf at all\n", 'The file is not a PDF: it begins with "not a pdf at all".'),
        (b"<a>\x00\x07\xff\r\n<b>x</b>\t", 'The file is not a PDF: it begins with "<a>··· <b>x</b>".'),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "The file is not a PDF: it begins with the bytes d0 cf 11 e0 a1 b1."),
        (b" \n" * 5, "The file is not a PDF: it begins with the bytes 20 0a 20 0a 20 0a 20 0a."),
        (b"x" * 1024 + PLAIN, f'The file is not a PDF: it begins with "{"x" * 32}".'),
        (b"%PDF-1.4\n", "The PDF is damaged or was cut short."),
        (PLAIN[: len(PLAIN) // 2], "The PDF is damaged or was cut short."),
        (PLAIN[:-40], "The PDF is damaged or was cut short."),
        (PLAIN + PLAIN[15:-60], "The PDF is damaged or was cut short."),
        (without(PLAIN, b"7 0 obj"), "The PDF is damaged or was cut short."),
        (without(PLAIN, b"/Root 1 0 R"), "The PDF is damaged or was cut short."),
        (text_pdf([], title="Empty"), "The PDF has no pages."),
        ((FIXTURES / "password.pdf").read_bytes(), "The PDF needs a password."),
    ],
)  # fmt: skip
def test_people_are_told_why(extractor: PdfExtractor, tmp_path: Path, data: bytes, reason: str) -> None:
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
def test_small_faults_that_lose_nothing_are_forgiven(extractor: PdfExtractor, tmp_path: Path, data: bytes) -> None:
    assert read(extractor, a_pdf(tmp_path, data)) == WHOLE


def test_wherever_a_file_is_cut_it_is_never_taken_for_whole(extractor: PdfExtractor, tmp_path: Path) -> None:
    whole = read(extractor, a_pdf(tmp_path, PLAIN))
    for length in range(0, len(PLAIN), 7):
        try:
            assert read(extractor, a_pdf(tmp_path, PLAIN[:length])) == whole
        except DocumentUnreadable:
            continue


def test_a_file_that_is_not_there_is_the_disks_fault(
    extractor: PdfExtractor, tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LocalDiskError):
        read(extractor, tmp_path / "missing.pdf")
    monkeypatch.setattr(pdf, "_check_beginning", Path.unlink)  # it vanishes after the first look
    with pytest.raises(LocalDiskError):
        read(extractor, plain)
