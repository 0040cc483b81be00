"""Reads the text of PDFs with pdfium, which runs in a child process.

PDFs come from outside, and pdfium is C++: a hostile or damaged file may crash it, eat memory or
never end. Whatever happens there ends as a reason on one document.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from jobs.domain.document import Extraction
from jobs.domain.errors import DocumentUnreadable

# By its path, not as a module: the child then loads nothing of ours.
_CHILD = Path(__file__).with_name("pdf_child.py")
_HEAD, _TAIL = 1024, 2048  # where readers look for a PDF's first and last words
_DAMAGED = "The PDF is damaged or was cut short."
_REASONS = {"encrypted": "The PDF needs a password.", "damaged": _DAMAGED}
_UNWANTED = re.compile(r"[\x00\ud800-\udfff]")


class PdfExtractor:
    """``jobs.ports.Extractor`` for PDFs. Thread-safe: pdfium is not, so one document is read at a time.

    The child starts with the first document, and anew after one that it did not survive.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float = 60,
        memory_bytes: int = 1024**3,
        max_characters: int = 10_000_000,
    ) -> None:
        self._timeout = timeout_seconds
        self._limits = [str(memory_bytes), str(max_characters)]
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def extract(self, path: Path, file_name: str) -> tuple[Extraction, str]:  # noqa: ARG002  the port's
        """See the port."""
        _check(path)
        with self._lock:
            header, data = self._ask(path)
        if "error" in header:
            raise DocumentUnreadable(_REASONS[header["error"]])
        if not header["pages"]:
            raise DocumentUnreadable("The PDF has no pages.")
        text = _UNWANTED.sub("", data.decode().replace("\r\n", "\n").replace("\r", "\n"))
        return Extraction(method="pdfium", characters=len(text), pages=header["pages"]), text

    def close(self) -> None:
        """See the port."""
        with self._lock:
            self._end()

    def _ask(self, path: Path) -> tuple[dict[str, Any], bytes]:
        child = self._started()
        # A child that hangs is killed, and that ends the read below.
        timed_out = threading.Event()

        def give_up() -> None:
            timed_out.set()
            child.kill()

        timer = threading.Timer(self._timeout, give_up)
        timer.start()
        try:
            return _exchange(child, path)
        except (OSError, ValueError, EOFError) as error:
            self._end()
            if timed_out.is_set():
                message = f"Reading the PDF takes longer than {self._timeout:g} seconds."
                raise DocumentUnreadable(message) from error
            raise DocumentUnreadable("Reading the PDF makes the reader crash.") from error
        finally:
            timer.cancel()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        command = [sys.executable, str(_CHILD), *self._limits]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )  # fmt: skip
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()


def _exchange(child: subprocess.Popen[bytes], path: Path) -> tuple[dict[str, Any], bytes]:
    if child.stdin is None or child.stdout is None:
        raise EOFError
    child.stdin.write(json.dumps({"path": str(path)}).encode() + b"\n")
    child.stdin.flush()
    header: dict[str, Any] = json.loads(child.stdout.readline() or b"")
    data = child.stdout.read(header["bytes"])
    if len(data) != header["bytes"]:
        raise EOFError
    return header, data


def _check(path: Path) -> None:
    """What can be told without a reader. pdfium repairs cut files and then shows only some pages."""
    size = path.stat().st_size
    if not size:
        raise DocumentUnreadable("The file is empty (0 bytes).")
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    if b"%PDF-" not in head:
        shown = head[:20].decode("ascii", errors="replace")
        raise DocumentUnreadable(f"The file is not a PDF: it begins with {shown!r}.")
    if b"startxref" not in tail or b"%%EOF" not in tail:
        raise DocumentUnreadable(_DAMAGED)
