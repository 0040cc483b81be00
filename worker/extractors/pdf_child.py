"""Reads PDFs for its parent, in a process of its own: a PDF that crashes it crashes nothing else.

For each line with a path (JSON) on standard input it answers with a line of JSON on standard
output, followed by as many bytes of UTF-8 text as that line's ``bytes`` says. It ends when its
input does, so also when its parent is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys

import pypdfium2 as pdfium

ENCRYPTED = 4  # FPDF_ERR_PASSWORD


def main(memory_bytes: int, max_characters: int) -> None:
    """Serve until the input ends. The parent decides when to stop, not the terminal's Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _limit_memory(memory_bytes)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    for line in sys.stdin.buffer:
        header, text = _read(json.loads(line)["path"], max_characters)
        data = text.encode("utf-8", errors="ignore")
        answers.write(json.dumps({**header, "bytes": len(data)}).encode() + b"\n" + data)
        answers.flush()


def _limit_memory(memory_bytes: int) -> None:
    """Above what is mapped already. Not every system lets one."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _read(path: str, max_characters: int) -> tuple[dict[str, object], str]:
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        encrypted = getattr(error, "err_code", None) == ENCRYPTED or "password" in str(error).lower()
        return {"error": "encrypted" if encrypted else "damaged"}, ""
    try:
        return _pages(document, max_characters)
    except (pdfium.PdfiumError, MemoryError):
        return {"error": "damaged"}, ""
    finally:
        document.close()


def _pages(document: pdfium.PdfDocument, max_characters: int) -> tuple[dict[str, object], str]:
    texts: list[str] = []
    room = max_characters
    for index in range(len(document)):
        page = document[index]
        text_page = page.get_textpage()
        text = text_page.get_text_bounded()[:room]
        text_page.close()
        page.close()
        texts.append(text)
        room -= len(text)
        if room <= 0:
            break
    return {"pages": len(document)}, "\f".join(texts)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
