"""Detects a file's type from its bytes. Names are ignored, because portals assign wrong ones.

A PDF's mark may be anywhere in the first KiB, but a zip with a stored PDF has it there too, so marks at the very
beginning are checked first.
"""

from __future__ import annotations

import re

PDF, ZIP, WORKBOOK, MACRO_WORKBOOK = "pdf", "zip", "xlsx", "xlsm"
OLE, XML, IMAGE, HTML, TEXT, OFFICE = "ole", "xml", "image", "html", "text", "office"
EMPTY, UNKNOWN = "empty", "unknown"

_BEGINNINGS = (
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"II*\x00", IMAGE),
    (b"MM\x00*", IMAGE),
    (b"\xff\xd8\xff", IMAGE),
    (b"\x89PNG\r\n\x1a\n", IMAGE),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|meta)\b", re.IGNORECASE)
_XML = re.compile(rb"<(?:\?xml|[a-z_][\w.-]*(?::[\w.-]+)?(?:\s[^<]*xmlns|>))", re.IGNORECASE)
_PDF_MARK_WITHIN = 1024  # ISO 32000-1, annex H.3


def sniff(data: bytes) -> str:
    """One of the kinds above, by the first bytes and, for a zip, by its members."""
    if not data:
        return EMPTY
    for mark, kind in _BEGINNINGS:
        if data.startswith(mark):
            return _kind_of_zip(data) if kind == ZIP else kind
    start = _without_bom(data[:_PDF_MARK_WITHIN])
    if b"%PDF-" in data[:_PDF_MARK_WITHIN] and not _HTML.match(start):
        return PDF
    if _HTML.match(start):
        return HTML
    if _XML.match(start):
        return HTML if re.search(rb"<html\b", start, re.IGNORECASE) else XML
    return UNKNOWN


def _without_bom(start: bytes) -> bytes:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if start.startswith(mark):
            return start[2:].decode(encoding, "ignore").encode("utf-8", "ignore").lstrip()
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()


def _kind_of_zip(data: bytes) -> str:
    # Names are uncompressed in the zip's directory, so no library needs to be loaded.
    if b"xl/vbaProject.bin" in data:
        return MACRO_WORKBOOK
    if b"xl/workbook.xml" in data:
        return WORKBOOK
    if b"[Content_Types].xml" in data and (b"word/document.xml" in data or b"ppt/presentation.xml" in data):
        return OFFICE
    return ZIP


def shown(data: bytes) -> str:
    """The first bytes for a message: as text if most of them are printable, otherwise as hexadecimal digits."""
    text = " ".join(data[:32].decode("ascii", "replace").split())
    visible = "".join(character if " " <= character <= "~" else "·" for character in text)
    if visible.count("·") * 2 < len(visible):
        return f'"{visible}"'
    return f"the bytes {data[:8].hex(' ')}"
