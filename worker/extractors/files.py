"""Reads one file of any kind, and the files inside it, within one budget."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.extractors import sniffing
from worker.extractors.images import check_size
from worker.extractors.ocr import Ocr, OcrFailed
from worker.extractors.output import Full, Output, Refused

if TYPE_CHECKING:
    from worker.extractors.budget import Budget

_UNSUPPORTED = {
    sniffing.OLE: "It is an old Office document (.doc, .xls, .ppt or .msg), which the reader does not read.",
    sniffing.OFFICE: "It is a Word or PowerPoint document, which the reader does not read.",
}

_NO_OCR = "Some pages are images, and Tesseract, which reads images, is not installed."


@dataclass(kw_only=True)
class FileReader:
    """``method`` restricts the reading of PDFs to one method."""

    output: Output
    ocr: Ocr
    budget: Budget
    method: str | None = None

    def read(self, name: str, data: bytes, depth: int = 0) -> None:
        """Write the file's content, from ``open`` to ``close``."""
        outer = self.output.reasons, self.output.needs_ocr
        self.output.reasons, self.output.needs_ocr = [], False
        kind = sniffing.sniff(data)
        digest = hashlib.sha256(data).hexdigest()
        self.output.write("open", {"name": name, "kind": kind, "size": len(data), "sha256": digest})
        if depth:
            self.output.content(data)
        try:
            closing = self._closing(self._pages(kind, data, depth))
        except Refused as refused:
            closing = {"state": refused.state, "reason": str(refused), "retryable": refused.retryable}
        except Full:
            closing = self._closing(None)
        self.output.write("close", closing)
        self.output.reasons, self.output.needs_ocr = outer

    def _closing(self, pages: int | None) -> dict[str, Any]:
        reasons = self.output.reasons
        if self.output.needs_ocr:
            return {"state": "needs_ocr", "reason": _NO_OCR, "pages": pages}
        return {"state": "partial" if reasons else "read", "reason": reasons[0] if reasons else None, "pages": pages}

    def _pages(self, kind: str, data: bytes, depth: int) -> int | None:
        """Read the content and return the number of pages. Raises Refused, Full."""
        self.budget.enter(depth)

        def inner(name: str, content: bytes) -> None:
            self.read(name, content, depth + 1)

        match kind:
            case sniffing.PDF:
                return self._pdf(data, inner)
            case sniffing.ZIP:
                from worker.extractors.containers import read_zip

                read_zip(data, self.budget, self.output, inner)
                return None
            case sniffing.WORKBOOK | sniffing.MACRO_WORKBOOK:
                from worker.extractors.containers import read_workbook

                return read_workbook(data, self.output)
            case sniffing.XML:
                from worker.extractors.containers import read_xml

                read_xml(data, self.output)
                return None
            case sniffing.IMAGE:
                return self._image(data)
        raise _refusal(kind, data)

    def _pdf(self, data: bytes, inner: Any) -> int:
        from worker.extractors.pdf_document import PdfReader
        from worker.extractors.signatures import signatures

        reader = PdfReader(output=self.output, ocr=self.ocr, budget=self.budget, method=self.method)
        if b"/ByteRange" in data:
            self.output.write("signatures", signatures(data))
        return reader.read(data, inner)

    def _image(self, data: bytes) -> int:
        check_size(data, self.budget.most_pixels)
        if not self.ocr.available:
            self.output.needs_ocr = True
            return 1
        from worker.extractors.pdf_document import as_cells

        try:
            recognised = self.ocr.submit(data).result()
        except OcrFailed as failed:
            raise Refused(str(failed)) from failed
        self.output.page(1, "ocr" if recognised.text.strip() else "none", recognised.text, as_cells(recognised.rows))
        return 1


def _refusal(kind: str, data: bytes) -> Refused:
    if kind in _UNSUPPORTED:
        return Refused(_UNSUPPORTED[kind], state="unsupported")
    if kind == sniffing.EMPTY:
        return Refused("The file is empty (0 bytes).")
    if kind == sniffing.HTML:
        return Refused("The source sent a web page instead of the document.", retryable=True)
    return Refused(f"The file is of an unknown kind: it begins with {sniffing.shown(data)}.", state="unsupported")
