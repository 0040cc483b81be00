"""Forms and containers: each method reads what it should, and files inside files are read within limits."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from jobs.domain.filings.reading import Method, Reading, ReadingState
from tests.making import a_pdf
from worker.extractors.ocr import _recognised
from worker.extractors.reader import Reader
from worker.sources.simulated_forms import PLACEHOLDER, invented, xfa_pdf
from worker.sources.simulated_pdf import document, text_pdf
from worker.sources.simulated_print import acroform_pdf, radio_pdf, text_form_pdf

CIN = "L24295GJ1987PLC143792"
ADT_1 = invented("ADT-1", CIN, "Vindhya Chemicals Limited", 1)
LETTER = text_pdf([["A letter"]], title="Letter")


def reading_of(extractor: Reader, folder: Path, data: bytes) -> Reading:
    return extractor.read(a_pdf(folder, data), "filing")


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


# --- forms --------------------------------------------------------------------------------------


def test_every_xfa_leaf_is_read_with_its_choice(extractor: Reader, tmp_path: Path) -> None:
    reading = reading_of(extractor, tmp_path, xfa_pdf(ADT_1))
    read = {field.path.replace("[1]", ""): (field.value, field.shown) for field in reading.fields}
    assert read == {entry.key: (entry.value, " ".join(entry.shown.split())) for entry in ADT_1.entries}
    assert any(entry.value != entry.shown for entry in ADT_1.entries)


def test_placeholder_pages_are_never_text(extractor: Reader, tmp_path: Path) -> None:
    reading = reading_of(extractor, tmp_path, xfa_pdf(ADT_1))
    assert PLACEHOLDER not in reading.text
    assert CIN in reading.text
    assert [page.method for page in reading.pages] == [Method.XFA]


def test_acroform_values_are_fields_and_text(extractor: Reader, tmp_path: Path) -> None:
    reading = reading_of(extractor, tmp_path, acroform_pdf(ADT_1))
    cin = next(field for field in reading.fields if field.name == "CIN_C")
    assert (cin.path, cin.value, cin.page) == ("form.CIN_C", CIN, 1)
    assert CIN in reading.text


def test_values_drawn_after_all_labels_stand_beside_them(extractor: Reader, tmp_path: Path) -> None:
    reading = reading_of(extractor, tmp_path, text_form_pdf(ADT_1))
    assert f"1.(a) * Corporate identity number (CIN) of  {CIN}" in reading.text.splitlines()


def test_drawn_radio_buttons_show_their_selection(extractor: Reader, tmp_path: Path) -> None:
    data = radio_pdf([("Whether AGM held", ("Yes", "No"), 0), ("Kind", ("A", "B", "C"), 2)])
    reading = reading_of(extractor, tmp_path, data)
    assert {field.caption: field.value for field in reading.fields} == {"Whether AGM held": "Yes", "Kind": "C"}
    assert "Whether AGM held  (x) Yes  ( ) No" in reading.text


@pytest.mark.skipif(not shutil.which("tesseract"), reason="needs Tesseract")
def test_scan_is_recognised(extractor: Reader, tmp_path: Path) -> None:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("L", (1240, 500), 255)
    ImageDraw.Draw(image).text((80, 80), f"CIN: {CIN}", fill=0, font=ImageFont.load_default(36))
    stream = io.BytesIO()
    image.save(stream, "PDF", resolution=150)
    reading = reading_of(extractor, tmp_path, stream.getvalue())
    assert (reading.state, reading.method) == (ReadingState.READ, Method.OCR)
    assert CIN in reading.text
    assert 0 < reading.pages[0].cells[0].confidence <= 1


def test_words_that_ocr_took_apart_are_put_together() -> None:
    def line(number: int, *words: tuple[str, int]) -> str:
        return "\n".join(
            f"5\t1\t1\t1\t{number}\t1\t{left}\t{100 * number}\t100\t40\t95\t{text}" for text, left in words
        )

    table = f"header\n{line(1, ('U72900', 100), ('KA2008', 205), ('PTC', 310))}\n{line(2, ('of', 100), ('it', 210))}"
    assert _recognised(table, 1).text == "U72900KA2008PTC\nof it"


# --- containers ---------------------------------------------------------------------------------


def test_attachments_are_read_like_any_other_file(extractor: Reader, tmp_path: Path) -> None:
    data = document([b""], title="A", attachments={"letter.pdf": LETTER, "pack.zip": zipped(inner=LETTER)})
    reading = reading_of(extractor, tmp_path, data)
    texts = {inner.name: inner.text for inner in reading.all()}
    assert texts == {"filing": "", "letter.pdf": "A letter", "pack.zip": "", "inner": "A letter"}


def test_zip_with_a_stored_pdf_is_a_zip(extractor: Reader, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("Annual Returns/a.pdf", LETTER)
    reading = reading_of(extractor, tmp_path, stream.getvalue())
    assert (reading.kind, [inner.text for inner in reading.attachments]) == ("zip", ["A letter"])


def test_containers_end_at_their_limits(extractor: Reader, tmp_path: Path) -> None:
    deep = LETTER
    for _ in range(5):
        deep = zipped(inner=deep)
    reasons = [each.reason for each in reading_of(extractor, tmp_path, deep).all()]
    assert reasons[-1] == "It is nested in more than 3 containers, the reader's limit."
    many = reading_of(extractor, tmp_path, zipped(**{str(number): b"x" for number in range(201)}))
    assert many.reason == "It contains more than 200 files, the reader's limit."
    bomb = reading_of(extractor, tmp_path, zipped(bomb=bytes(20 * 1024**2)))
    assert bomb.reason == "It unpacks to more than 200 times its size, which suggests an attack."


def test_workbooks_become_a_page_for_each_sheet(extractor: Reader, tmp_path: Path) -> None:
    book, stream = Workbook(), io.BytesIO()
    book.active.append(["Shareholder", 100])
    book.save(stream)
    reading = reading_of(extractor, tmp_path, stream.getvalue())
    assert (reading.kind, reading.text) == ("xlsx", "[Sheet]\nShareholder\t100")


def test_xbrl_facts_keep_context_and_unit(extractor: Reader, tmp_path: Path) -> None:
    xbrl = (
        b'<?xml version="1.0"?><xbrl xmlns="http://www.xbrl.org/2003/instance" xmlns:t="urn:t"><context id="c"><period>'
        b"<startDate>2024-04-01</startDate><endDate>2025-03-31</endDate></period></context>"
        b'<t:Revenue contextRef="c" unitRef="INR">500</t:Revenue></xbrl>'
    )
    field = reading_of(extractor, tmp_path, xbrl).fields[0]
    assert (field.path, field.value, field.method) == ("Revenue[2024-04-01/2025-03-31][INR]", "500", Method.XBRL)


@pytest.mark.parametrize(
    ("data", "state", "reason"),
    [
        (b"<!DOCTYPE html><html>Try later</html>", "unreadable", "The source sent a web page instead of the document."),
        (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            "unreadable",
            "The XML in the file has a document type definition, which the reader refuses.",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "unsupported",
            "It is an old Office document (.doc, .xls, .ppt or .msg), which the reader does not read.",
        ),
        (b"PK\x03\x04", "unreadable", "The zip is damaged or was cut short."),
        (b"\x89PNG\r\n\x1a\n", "unreadable", "The image is damaged or was cut short."),
    ],
)
def test_each_kind_has_its_state_and_reason(
    extractor: Reader, tmp_path: Path, data: bytes, state: str, reason: str
) -> None:
    reading = reading_of(extractor, tmp_path, data)
    assert (reading.state, reading.reason, reading.retryable) == (state, reason, b"html" in data)


def test_signatures_are_found_in_nested_fields(extractor: Reader, tmp_path: Path) -> None:
    hole = b"<" + b"0" * 40 + b">"
    head = b"<< /Type /Sig /Name (Asha Rao) /M (D:20250303101500+05'30') /Contents "
    signature = head + hole + b" /ByteRange [0 AAAAAAAAAA BBBBBBBBBB 9] >>"
    data = document([b""], title="A", extra=[signature])
    start = data.index(hole)
    data = data.replace(b"A" * 10, b"%010d" % start).replace(b"B" * 10, b"%010d" % (start + len(hole)))
    signed = reading_of(extractor, tmp_path, data).signatures
    assert [(each.signer, each.at) for each in signed] == [("Asha Rao", "2025-03-03T10:15:00+05:30")]


def test_scan_without_tesseract_needs_ocr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    reader = Reader()
    reading = reading_of(reader, tmp_path, document([b"q 400 0 0 400 50 50 cm 0 0 1 1 re f Q"], title="Drawing"))
    reader.close()
    assert reading.state is ReadingState.NEEDS_OCR
    assert reading.reason == "Some pages are images, and Tesseract, which reads images, is not installed."
