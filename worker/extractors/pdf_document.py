"""Reads one PDF: its form, each page by the best method, its attachments, and its signatures."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from worker.extractors import pdf_fields, xfa
from worker.extractors.layout import Row, Word, rows, text_of
from worker.extractors.ocr import DPI, Ocr, OcrFailed, Recognised
from worker.extractors.output import Output, Refused
from worker.extractors.pdf_endings import check_ending
from worker.extractors.pdf_objects import MOST_OUTLINES, Drawn, survey
from worker.extractors.pdf_text import frame_of, read_text, text_page_of
from worker.extractors.radios import radio_fields, radio_words
from worker.extractors.thumbnails import thumbnail

if TYPE_CHECKING:
    from worker.extractors.budget import Budget

_REASONS = {
    pdfium.FPDF_ERR_PASSWORD: "The PDF needs a password.",
    pdfium.FPDF_ERR_SECURITY: "The PDF has an unsupported kind of protection.",
}
DAMAGED = "The PDF is damaged or was cut short."
Inner = Callable[[str, bytes], None]


@dataclass(kw_only=True)
class PdfReader:
    """Reads one PDF. ``method`` restricts it to one method; with None, each page gets the best one."""

    output: Output
    ocr: Ocr
    budget: Budget
    method: str | None = None
    _waiting: deque[tuple[int, str, Future[Recognised]]] = field(default_factory=deque)
    _missing: list[int] = field(default_factory=list)

    def read(self, data: bytes, inner: Inner) -> int:
        """Returns the number of pages. ``inner`` reads an attachment. Raises Refused, Full."""
        with _opened(data) as document:
            pages = pdfium.FPDF_GetPageCount(document)
            form = self._xfa(document)
            if pages < 1 and not form:
                raise Refused("The PDF has no pages.")
            check_ending(data, self.output)
            self._pages(document, min(pages, self.budget.most_pages), form)
            if pages > self.budget.most_pages:
                self.output.partial(f"Only the first {self.budget.most_pages:,} of {pages:,} pages were read.")
            self._attachments(document, inner)
        return int(pages)

    def _xfa(self, document: Any) -> str:
        if self.method not in (None, "xfa"):
            return ""
        packets = dict(_packets(document))
        if b"datasets" not in packets:
            return ""
        try:
            fields = xfa.fields(packets[b"datasets"], packets.get(b"template"))
        except Refused as refused:
            self.output.partial(str(refused))
            return ""
        self.output.fields(fields)
        return xfa.text_of(fields) or " "

    def _pages(self, document: Any, pages: int, form: str) -> None:
        with pdf_fields.form_of(document) as environment:
            for index in range(pages):
                self._page(document, environment, index, form)
                self._finish(self.ocr.parallel)
            self._finish(0)
        if self._missing:
            some = ", ".join(str(number) for number in self._missing[:10])
            if len(self._missing) == pages:
                raise Refused(DAMAGED)
            self.output.partial(f"Missing or damaged: page {some}{' …' if len(self._missing) > 10 else ''}.")

    def _page(self, document: Any, environment: Any, index: int, form: str) -> None:
        number = index + 1
        page = pdfium.FPDF_LoadPage(document, index)
        if not page:  # listed in the page tree but missing from the file
            self._missing.append(number)
            self.output.page(number, "none", "")
            return
        try:
            if environment and self.method in (None, "acroform") and pdfium.FPDFPage_GetAnnotCount(page):
                self.output.fields(pdf_fields.widgets(environment, page, number, frame_of(page)))
                page = _flattened(document, page, index)
            self._read_page(page, number, form)
            if self.output.complete and number == 1 and not form:
                self._draw(page)
        finally:
            pdfium.FPDF_ClosePage(page)

    def _draw(self, page: Any) -> None:
        image = thumbnail(page)
        if image:
            self.output.thumbnail(image)

    def _read_page(self, page: Any, number: int, form: str) -> None:
        frame = frame_of(page)
        drawn = survey(page, frame)
        with text_page_of(page) as text_page:
            text, cells = read_text(text_page, frame, self.output.room + 1, drawn.edges)
        if form and (xfa.is_placeholder(text) or not text.strip()):
            self._finish(0)
            self.output.page(number, "xfa", form.strip() if number == 1 else "")
            return
        if self.method != "text" and self._needs_ocr(text, drawn, page):
            if not self.ocr.available:
                self.output.needs_ocr = True
            else:
                shown = "" if drawn.is_scan_with_hidden_text or self.method == "ocr" else text
                self._start_ocr(page, number, shown)
                return
        self._finish(0)
        self._write_text(number, text, cells, drawn)

    def _write_text(self, number: int, text: str, cells: list[Row], drawn: Drawn) -> None:
        if drawn.circles and cells:
            words = [Word(text=p.text, box=p.box, base=p.box[3] - 2, confidence=1.0) for row in cells for p in row]
            marked = rows([*words, *radio_words(drawn)], drawn.edges)
            fields = radio_fields(marked, number)
            self.output.fields(fields)
            text, cells = text_of(marked), marked
        self.output.page(number, "text" if text.strip() else "none", text, as_cells(cells))

    def _needs_ocr(self, text: str, drawn: Drawn, page: Any) -> bool:
        if self.method == "ocr":
            return True
        if not text.strip():
            return bool(pdfium.FPDFPage_CountObjects(page)) and (drawn.covered > 0.01 or drawn.paths > 0)
        return drawn.is_scan_with_hidden_text or drawn.outlines > MOST_OUTLINES

    def _start_ocr(self, page: Any, number: int, text: str) -> None:
        image = rendered(page, self.budget.most_pixels)
        if image is None:  # blank
            self._finish(0)
            self.output.page(number, "text" if text.strip() else "none", text)
            return
        data, dpi = image
        self._waiting.append((number, text, self.ocr.submit(data, dpi)))

    def _finish(self, most: int) -> None:
        """Write pages, in order, until at most ``most`` are still being recognised."""
        while len(self._waiting) > most:
            number, text, future = self._waiting.popleft()
            try:
                recognised = future.result()
            except OcrFailed as failed:
                self.output.partial(str(failed))
                self.output.page(number, "text" if text.strip() else "none", text)
                continue
            added = _new_lines(text, recognised.text)
            whole = f"{text}\n{added}" if text.strip() and added else text if text.strip() else recognised.text
            self.output.page(number, "ocr" if whole.strip() else "none", whole, as_cells(recognised.rows))

    def _attachments(self, document: Any, inner: Inner) -> None:
        for index in range(max(0, pdfium.FPDFDoc_GetAttachmentCount(document))):
            attachment = pdfium.FPDFDoc_GetAttachment(document, index)
            name = pdf_fields.utf16(partial(pdfium.FPDFAttachment_GetName, attachment))
            size = ctypes.c_ulong()
            if not pdfium.FPDFAttachment_GetFile(attachment, None, 0, size):
                self.output.partial(f"The attachment {name or index + 1} is damaged.")
                continue
            self.budget.member(size.value, size.value)
            buffer = ctypes.create_string_buffer(max(1, size.value))
            pdfium.FPDFAttachment_GetFile(attachment, buffer, size.value, size)
            inner(name or f"attachment {index + 1}", buffer.raw[: size.value])


def as_cells(page: list[Row]) -> list[list[Any]]:
    return [[piece.text, *piece.box, piece.confidence] for row in page for piece in row]


def rendered(page: Any, most_pixels: int) -> tuple[bytes, int] | None:
    """The page as a greyscale PGM image, and its resolution; None if it is blank. Huge pages get a lower one.

    Scans are drawn, too: Tesseract read 19 of 20 CINs in the scanners' own images, and all in drawn ones.
    """
    wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    dpi = int(min(DPI, (most_pixels / max(1.0, wide * high)) ** 0.5 * 72))
    width, height = max(1, int(wide * dpi / 72)), max(1, int(high * dpi / 72))
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        raise MemoryError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        raw = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    lines = raw if stride == width else b"".join(raw[at * stride : at * stride + width] for at in range(height))
    if lines.count(lines[:1]) == len(lines):
        return None
    return b"P5 %d %d 255\n%s" % (width, height, lines), max(1, dpi)


def _new_lines(text: str, recognised: str) -> str:
    """The recognised lines that contain words missing from the text layer."""
    known = set(text.split())
    return "\n".join(line for line in recognised.splitlines() if sum(word not in known for word in line.split()) > 0)


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document and pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD:
        document = pdfium.FPDF_LoadMemDocument64(data, len(data), b"")
    if not document:
        raise Refused(_REASONS.get(pdfium.FPDF_GetLastError(), DAMAGED))
    try:
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


def _packets(document: Any) -> Iterator[tuple[bytes, bytes]]:
    for index in range(max(0, pdfium.FPDF_GetXFAPacketCount(document))):
        size = pdfium.FPDF_GetXFAPacketName(document, index, None, 0)
        name = ctypes.create_string_buffer(max(1, size))
        pdfium.FPDF_GetXFAPacketName(document, index, name, size)
        if name.value not in (b"datasets", b"template", b""):
            continue
        length = ctypes.c_ulong()
        if pdfium.FPDF_GetXFAPacketContent(document, index, None, 0, length):
            content = ctypes.create_string_buffer(max(1, length.value))
            pdfium.FPDF_GetXFAPacketContent(document, index, content, length.value, length)
            yield name.value, content.raw[: length.value]


def _flattened(document: Any, page: Any, index: int) -> Any:
    """The page with its fields' values drawn into its content."""
    if pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) != pdfium.FLATTEN_SUCCESS:
        return page
    again = pdfium.FPDF_LoadPage(document, index)
    if not again:
        return page
    pdfium.FPDF_ClosePage(page)
    return again
