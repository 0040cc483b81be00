"""Writes small PDFs of plain text for simulated filings.

Text uses Helvetica with WinAnsiEncoding, which every reader has, so no font is embedded. The same
pages always give the same bytes. Structure after ISO 32000-1, 7.5 (file structure) and 9.6.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

LINES_PER_PAGE = 46
_WIDTH = 92  # characters of Helvetica 10 between the margins of A4, approximately
_INSTEAD = {"₹": "Rs."}  # WinAnsi has no rupee sign
_ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


def text_pdf(pages: Sequence[Sequence[str]], *, title: str) -> bytes:
    """A PDF with these pages of lines. Long lines are wrapped, and long pages continue on the next page."""
    contents = [_content(lines) for page in pages for lines in _sheets(page)]
    return _file(_objects(contents, title))


def win_ansi(text: str) -> str:
    """Reduce the text to WinAnsi: accents are dropped where necessary, other characters become ``?``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_win_ansi_character(character) for character in unicodedata.normalize("NFC", text))


def escaped(text: str) -> str:
    """The text as it stands between the brackets of a string in a PDF."""
    return text.translate(_ESCAPES)


def _win_ansi_character(character: str) -> str:
    if not character.isprintable():
        return " "
    if _in_win_ansi(character):
        return character
    if character in _INSTEAD:
        return _INSTEAD[character]
    parts = unicodedata.normalize("NFKD", character)
    kept = "".join(part for part in parts if not unicodedata.category(part).startswith("M"))
    # Combining marks are dropped; letters of other scripts become "?".
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
    # Almost all lines fit, and textwrap would take half of the time to build a document.
    return [line] if len(line) <= _WIDTH else textwrap.wrap(line, _WIDTH)


def _content(lines: Sequence[str]) -> bytes:
    shown = "".join(f"({line.translate(_ESCAPES)}) Tj T*\n" for line in lines)
    return f"BT\n/F1 10 Tf\n56 780 Td\n15 TL\n{shown}ET\n".encode("cp1252")


def _objects(contents: Sequence[bytes], title: str) -> list[bytes]:
    """Objects 1 to 4 are catalog, page tree, font and metadata, followed by each page and its content."""
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


def stream_object(data: bytes, entries: str = "") -> bytes:
    """A stream as an object's body."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries.encode("ascii"), len(data), data)


def document(
    contents: Sequence[bytes],
    *,
    title: str,
    extra: Sequence[bytes] = (),
    catalog: Callable[[int], str] = lambda _: "",
    fields: Sequence[tuple[int, str, str, tuple[float, float, float, float], bytes]] = (),
    attachments: Mapping[str, bytes] | None = None,
) -> bytes:
    """A PDF of drawn pages. ``extra`` objects come after the pages; ``catalog`` receives the first one's number.

    Each of the ``fields`` has its page, name, value, position and appearance; all are children of one field ``form``.
    """
    objects = _objects(contents, title)
    first = len(objects) + 1
    objects += extra
    entries = [catalog(first), _add_fields(objects, fields), _add_attachments(objects, attachments or {})]
    objects[0] = f"<< /Type /Catalog /Pages 2 0 R {' '.join(filter(None, entries))} >>".encode("ascii")
    return _file(objects)


def _add_fields(
    objects: list[bytes], fields: Sequence[tuple[int, str, str, tuple[float, float, float, float], bytes]]
) -> str:
    if not fields:
        return ""
    parent = len(objects) + 1
    objects.append(b"")
    kids: dict[int, list[int]] = {}
    for page, name, value, box, appearance in fields:
        number = len(objects) + 1
        kids.setdefault(page, []).append(number)
        rectangle = " ".join(f"{side:g}" for side in box)
        size = f"0 0 {box[2] - box[0]:g} {box[3] - box[1]:g}"
        objects.append(
            f"<< /Type /Annot /Subtype /Widget /FT /Tx /F 4 /Parent {parent} 0 R /T ({name}) /V ({value})"
            f" /DA (/F1 9 Tf) /Rect [{rectangle}] /AP << /N {number + 1} 0 R >> >>".encode("cp1252", "replace")
        )
        form = f"/Type /XObject /Subtype /Form /BBox [{size}] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(stream_object(appearance, form))
    numbers = [number for page in kids.values() for number in page]
    objects[parent - 1] = f"<< /T (form) /Kids [{_references(numbers)}] >>".encode("ascii")
    for page, widgets in kids.items():
        body = objects[4 + 2 * page]
        objects[4 + 2 * page] = body[: -len(b" >>")] + f" /Annots [{_references(widgets)}] >>".encode("ascii")
    return f"/AcroForm << /Fields [{parent} 0 R] /DR << /Font << /F1 3 0 R >> >> /DA (/F1 9 Tf) >>"


def _add_attachments(objects: list[bytes], attachments: Mapping[str, bytes]) -> str:
    names = []
    for name, data in sorted(attachments.items()):
        number = len(objects) + 1
        objects.append(stream_object(data, "/Type /EmbeddedFile"))
        objects.append(f"<< /Type /Filespec /F ({name}) /UF ({name}) /EF << /F {number} 0 R >> >>".encode("ascii"))
        names.append(f"({name}) {number + 1} 0 R")
    return f"/Names << /EmbeddedFiles << /Names [{' '.join(names)}] >> >>" if names else ""


def _references(numbers: Iterable[int]) -> str:
    return " ".join(f"{number} 0 R" for number in numbers)


def _file(objects: Sequence[bytes]) -> bytes:
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")  # four high bytes mark the file as binary
    entries = [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, start=1):
        entries.append(b"%010d 00000 n \n" % len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(file), len(entries)
    file += b"xref\n0 %d\n%s" % (size, b"".join(entries))
    file += b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(file)
