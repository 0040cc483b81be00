"""The process that reads PDFs, apart from the worker: what a hostile PDF breaks, it breaks here.

``python -m worker.extractors.pdf_child <memory bytes> <most characters>``; ``worker.extractors.pdf``
starts it. It says ``{"ready": true}``, then answers each line ``{"path": …}`` with one line and,
if there is text, with that text's UTF-8 bytes:

    {"pages": 4, "bytes": 14636, "cut": false}    cut: there was more than the most characters
    {"reason": "password"}                        a key of pdf.REASONS

It imports as little as it can: starting takes most of the time that a short run spends on PDFs.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import queue
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

# Not pypdfium2 itself, whose classes are not used here and take 20 ms to import.
import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")
_DROPPED = str.maketrans({"\0": None, "\f": "\n", "\ufffe": "-"})  # pdfium writes U+FFFE for a hyphen at a line's end


class Refused(Exception):
    """The document cannot be read; the text is the reason's key."""


def read(path: str, most: int) -> tuple[int, str, bool]:
    """Pages, text, and whether text was cut off after ``most`` characters. Raises Refused, MemoryError."""
    with _document(path) as document:
        pages = pdfium.FPDF_GetPageCount(document)
        if pages < 1:
            raise Refused("no_pages")
        if _cut_short(path):
            raise Refused("damaged")
        text, cut = _text(document, pages, most)
    return pages, text, cut


@contextmanager
def _document(path: str) -> Iterator[object]:
    document = pdfium.FPDF_LoadDocument(os.fsencode(path), None)
    if not document:
        raise Refused(_reason(pdfium.FPDF_GetLastError()))
    try:
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


def _reason(code: int) -> str:
    return {
        pdfium.FPDF_ERR_PASSWORD: "password",
        pdfium.FPDF_ERR_SECURITY: "protected",
        pdfium.FPDF_ERR_FILE: "gone",
    }.get(code, "damaged")


def _cut_short(path: str) -> bool:
    """Whether the file stops among its objects.

    Every PDF, and every later addition to it, ends with ``startxref`` (ISO 32000-1, 7.5.5). Where that
    is missing, pdfium silently makes do with the objects that are left, or with the state before the
    last addition. A wrong table, a lost ``%%EOF`` or a mail's text after the end lose nothing: fine.
    """
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end = data.rfind(b"startxref")
        return end < 0 or _OBJECT.search(data, end) is not None


def _text(document: object, pages: int, most: int) -> tuple[str, bool]:
    """The text of all pages; empty if no page has any, as in a scan."""
    texts, room = [], most
    for index in range(pages):
        text = _clean(_page_text(document, index, room + 1))
        texts.append(text[:room])
        if len(text) > room:
            return "\f".join(texts), True
        room = max(0, room - len(text) - 1)
    return ("\f".join(texts) if any(text.strip() for text in texts) else ""), False


def _page_text(document: object, index: int, most: int) -> str:
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:  # the tree of pages names it, the file does not have it
        raise Refused("damaged")
    text_page = pdfium.FPDFText_LoadPage(page)
    try:
        return _characters(text_page, most)
    finally:
        if text_page:
            pdfium.FPDFText_ClosePage(text_page)
        pdfium.FPDF_ClosePage(page)


def _characters(text_page: object, most: int) -> str:
    count = min(pdfium.FPDFText_CountChars(text_page), most) if text_page else 0
    if count < 1:
        return ""
    # Twice the room: pdfium may write more than it counts (https://crbug.com/pdfium/2079).
    buffer = (ctypes.c_ushort * (2 * count + 2))()
    written = pdfium.FPDFText_GetText(text_page, 0, count, buffer)
    return bytes(buffer)[: 2 * max(0, written - 1)].decode("utf-16-le", "ignore")


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_DROPPED)


def _answer(request: bytes, most: int) -> tuple[dict[str, object], bytes]:
    try:
        pages, text, cut = read(json.loads(request)["path"], most)
        data = text.encode("utf-8", "ignore")  # "ignore" drops surrogates that stand alone
    except Refused as refused:
        return {"reason": str(refused)}, b""
    except MemoryError:
        return {"reason": "memory"}, b""
    except OSError as error:
        return {"reason": "memory" if error.errno == errno.ENOMEM else "gone"}, b""
    return {"pages": pages, "bytes": len(data), "cut": cut}, data


def _limit_memory(size: int) -> None:
    """Not everywhere: Windows has no limits of this kind, and macOS refuses this one."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return


def _ignore_signals() -> None:
    """A stop meant for the worker's whole group must not cost it the document that it still finishes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _requests(stdin: BinaryIO) -> queue.SimpleQueue[bytes]:
    """The requests, read by a thread of its own.

    So the end of stdin, which is the worker's end, is noticed while pdfium is at work, too.
    """
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        for line in stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return lines


def _private_stdout() -> BinaryIO:
    """The pipe to the worker, out of reach for whatever prints to stdout."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def main(memory_bytes: int, most: int) -> None:
    """Answer requests until stdin ends."""
    _ignore_signals()
    _limit_memory(memory_bytes)
    requests, answers = _requests(sys.stdin.buffer), _private_stdout()
    pdfium.FPDF_InitLibrary()
    header: dict[str, object] = {"ready": True}
    data = b""
    while True:
        answers.write(json.dumps(header).encode() + b"\n" + data)
        answers.flush()
        header, data = _answer(requests.get(), most)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
