"""Writes small PDFs of plain text: enough for simulated filings, and nothing more.

Text is set in Helvetica with WinAnsiEncoding, which every reader has, so no font is embedded. The
same pages always make the same bytes. Structure after ISO 32000-1, 7.5 (file structure) and 9.6.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

LINES_PER_PAGE = 46
_WIDTH = 92  # characters that Helvetica 10 fits between the margins of A4, mostly
_INSTEAD = {"₹": "Rs."}  # the rupee sign came after WinAnsi
_ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


def text_pdf(pages: Sequence[Sequence[str]], *, title: str) -> bytes:
    """A PDF with these pages of lines. Long lines are wrapped, long pages continued on the next."""
    contents = [_content(lines) for page in pages for lines in _sheets(page)]
    return _file(_objects(contents, title))


def win_ansi(text: str) -> str:
    """The text with only what WinAnsi has: accents fall where they must, the rest becomes ``?``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_win_ansi_character(character) for character in unicodedata.normalize("NFC", text))


def _win_ansi_character(character: str) -> str:
    if not character.isprintable():
        return " "
    if _in_win_ansi(character):
        return character
    if character in _INSTEAD:
        return _INSTEAD[character]
    parts = unicodedata.normalize("NFKD", character)
    kept = "".join(part for part in parts if not unicodedata.category(part).startswith("M"))
    # A mark alone adds nothing to read; a letter of another script leaves a trace.
    return kept if _in_win_ansi(kept) else "?"


def _in_win_ansi(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _sheets(lines: Iterable[str]) -> list[list[str]]:
    wrapped = [part for line in lines for part in _wrapped(win_ansi(line))]
    return [wrapped[at : at + LINES_PER_PAGE] for at in range(0, len(wrapped), LINES_PER_PAGE)] or [[]]


def _wrapped(line: str) -> list[str]:
    # Almost all lines fit, and textwrap would be half of a document's time.
    return [line] if len(line) <= _WIDTH else textwrap.wrap(line, _WIDTH)


def _content(lines: Sequence[str]) -> bytes:
    shown = "".join(f"({line.translate(_ESCAPES)}) Tj T*\n" for line in lines)
    return f"BT\n/F1 10 Tf\n56 780 Td\n15 TL\n{shown}ET\n".encode("cp1252")


def _objects(contents: Sequence[bytes], title: str) -> list[bytes]:
    """Catalog, page tree, font and information are 1 to 4; then a page and its content in turn."""
    kids = " ".join(f"{5 + 2 * index} 0 R" for index in range(len(contents)))
    shown_title = win_ansi(title).translate(_ESCAPES)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(contents)} /Kids [{kids}] >>".encode("ascii"),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /Title ({shown_title}) /Producer (Filesure simulated source) >>".encode("cp1252"),
    ]
    for index, content in enumerate(contents):
        objects += [_page(6 + 2 * index), b"<< /Length %d >>\nstream\n%sendstream" % (len(content), content)]
    return objects


def _page(content_number: int) -> bytes:
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
        b" /Resources << /Font << /F1 3 0 R >> >> >>" % content_number
    )


def _file(objects: Sequence[bytes]) -> bytes:
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")  # four high bytes say that the file is binary
    entries = [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, start=1):
        entries.append(b"%010d 00000 n \n" % len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(file), len(entries)
    file += b"xref\n0 %d\n%s" % (size, b"".join(entries))
    file += b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(file)
