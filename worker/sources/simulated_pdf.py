"""A small PDF writer: enough for readable pages of text, the same bytes for the same text.

Written after ISO 32000-1, 7.5 (file structure) and 9.6.2.2 (the standard fonts).
"""

from __future__ import annotations

from collections.abc import Sequence

_ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})
_PAGE = (
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {} 0 R >>"
)
_FIRST_PAGE = 4  # 1 the catalog, 2 the page tree, 3 the font; then a page and its content in turn


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A document with these lines on these pages; what Windows-1252 lacks becomes a question mark."""
    numbers = [_FIRST_PAGE + 2 * index for index in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in zip(numbers, pages, strict=True):
        objects += [_PAGE.format(number + 1).encode(), _content(lines)]
    return _file(objects)


def _content(lines: Sequence[str]) -> bytes:
    shown = b"".join(b"(" + _text(line) + b") Tj T*\n" for line in lines)
    stream = b"BT /F1 11 Tf 16 TL 56 780 Td\n" + shown + b"ET"
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)


def _text(line: str) -> bytes:
    return line.translate(_ESCAPES).encode("cp1252", errors="replace")


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(out)
