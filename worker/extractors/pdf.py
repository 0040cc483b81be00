"""Reads the text of PDFs with pdfium, in one process of its own.

Filings come from anywhere, and pdfium is a large C++ library: a PDF may crash it, keep it busy for
ever or make it eat all memory. That must cost the document, never the worker, so pdfium runs in
``worker.extractors.pdf_child``. One process serves all documents: starting it takes far longer than
reading a filing.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jobs.domain.document import Extraction
from jobs.domain.errors import DocumentUnavailable, DocumentUnreadable, LocalDiskError, UnexpectedError

logger = logging.getLogger(__name__)

METHOD = "pdfium"

REASONS = {
    "password": "The PDF needs a password.",
    "protected": "The PDF is protected in a way that the reader does not know.",
    "damaged": "The PDF is damaged or was cut short.",
    "no_pages": "The PDF has no pages.",
    "memory": "Reading the PDF takes more memory than the reader may use.",
}
GONE = "gone"  # not the document's fault: the reader did not find the file

_CODE = Path(__file__).resolve().parents[2]
_MODULE = "worker.extractors.pdf_child"
_START_SECONDS = 60.0  # generous: starting takes 0.1 s, on a crowded node a few
_HEADER_BYTES = 4096
# The reader gets no secret of the worker's: whoever breaks into it by a PDF finds none.
_PASSED_ON = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "PYTHONHOME", "SYSTEMROOT", "TMPDIR")


class _Crashed(Exception):
    """The process ended, or answered nonsense, before it had read the document."""


class _TooSlow(Exception):
    """The time is over, and the process was killed."""


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """``reason`` is None if the document could be read; ``cut``: there was more text than allowed."""

    pages: int = 0
    text: str = ""
    cut: bool = False
    reason: str | None = None


class PdfExtractor:
    """An Extractor for PDFs. Thread-safe; one document is read at a time, the others wait.

    ``timeout_seconds`` is for one document, its wait not counted. Text beyond ``max_characters`` is
    left out. ``memory_bytes`` limits the process's address space, where the system can do that.
    """

    def __init__(
        self, *, timeout_seconds: float = 60, memory_bytes: int = 1024**3, max_characters: int = 10_000_000
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._memory_bytes = memory_bytes
        self._max_characters = max_characters
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._closed = False

    def extract(self, path: Path, file_name: str) -> tuple[Extraction, str]:
        """The text, pages separated by form feeds; empty for a scan. Raises DocumentUnreadable.

        Also raises LocalDiskError (the file is gone), UnexpectedError (the reader does not start) and
        DocumentUnavailable (the extractor was closed meanwhile).
        """
        _check_beginning(path)
        answer = self._read(path.absolute())
        if answer.reason == GONE:
            raise LocalDiskError(f"The worker cannot read its temporary file of {file_name}.")
        if answer.reason:
            raise DocumentUnreadable(REASONS[answer.reason])
        if answer.cut:
            logger.warning("extractor.text_cut", extra={"fileName": file_name, "characters": len(answer.text)})
        return Extraction(method=METHOD, characters=len(answer.text), pages=answer.pages), answer.text

    def close(self) -> None:
        """End the process, also if a thread is waiting for it; that one gets DocumentUnavailable. Idempotent."""
        self._closed = True
        child = self._child
        if child:
            child.kill()
        with self._lock:
            self._discard()

    def _read(self, path: Path) -> _Answer:
        with self._lock:
            try:
                return self._ask(path)
            except _TooSlow as error:
                message = f"Reading the PDF takes longer than {self._timeout_seconds:g} seconds."
                raise DocumentUnreadable(message) from error
            except _Crashed as error:
                raise DocumentUnreadable("Reading the PDF makes the reader crash.") from error

    def _ask(self, path: Path) -> _Answer:
        used = self._child is not None
        try:
            return self._ask_once(path)
        except _Crashed:
            # What ended it may be what earlier documents left behind, or no document at all.
            if not used:
                raise
            return self._ask_once(path)

    def _ask_once(self, path: Path) -> _Answer:
        answered = False
        try:
            answer = self._living_child().ask(path, self._timeout_seconds)
            answered = True
        finally:
            # Whatever happened in between, an answer that was not taken must not meet the next question.
            if not answered:
                self._discard()
                self._check_open()  # else the killing by close() would be the document's fault
        return answer

    def _living_child(self) -> _Child:
        self._check_open()
        if self._child and not self._child.alive:
            self._discard()
        if not self._child:
            self._child = _Child(self._memory_bytes, self._max_characters)
            self._check_open()  # close() may have looked for a child just before there was one
            self._child.wait_until_ready()
        return self._child

    def _check_open(self) -> None:
        if self._closed:
            raise DocumentUnavailable("The worker stopped while the PDF was to be read.")

    def _discard(self) -> None:
        child, self._child = self._child, None
        if child:
            child.end()


class _Child:
    """The process and the pipes to it. For one thread at a time, but for ``kill``."""

    def __init__(self, memory_bytes: int, max_characters: int) -> None:
        self._most_bytes = 4 * max_characters
        self._expired = False
        # -P keeps the current directory, which may be anybody's, out of where modules come from.
        command = [sys.executable, "-P", "-m", _MODULE, str(memory_bytes), str(max_characters)]
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=_environment())
        except OSError as error:
            raise UnexpectedError(f"The PDF reader cannot be started: {error.strerror}.") from error

    @property
    def alive(self) -> bool:
        """Whether the process still runs, as far as is known."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Raises UnexpectedError: a reader that does not start is no document's fault."""
        try:
            with self._deadline(_START_SECONDS):
                self._header()
        except (_Crashed, _TooSlow) as error:
            raise UnexpectedError(f"The PDF reader does not start (exit code {self._process.poll()}).") from error

    def ask(self, path: Path, seconds: float) -> _Answer:
        """Raises _Crashed, _TooSlow; the process is of no use after either."""
        with self._deadline(seconds):
            self._send({"path": str(path)})
            return self._answer(self._header())

    def kill(self) -> None:
        """End the process at once. Safe from any thread."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process, and give back everything that belongs to it."""
        self._process.kill()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):  # what is still buffered for a dead process
                pipe.close()
        code = self._process.wait()
        logger.debug("extractor.ended", extra={"exitCode": code})

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin  # noqa: S101  a pipe was asked for
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout  # noqa: S101  a pipe was asked for
        return self._process.stdout

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the process after ``seconds``: then every pipe ends. Works where pipes cannot be selected."""
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        except _Crashed:
            if not self._expired:
                raise
        finally:
            timer.cancel()
            timer.join()  # from here on it cannot kill any more
        if self._expired:
            raise _TooSlow

    def _expire(self) -> None:
        self._expired = True
        self._process.kill()

    def _send(self, request: dict[str, object]) -> None:
        try:
            self._stdin.write(json.dumps(request).encode() + b"\n")
            self._stdin.flush()
        except OSError as error:
            raise _Crashed from error

    def _header(self) -> dict[str, object]:
        """One line. It is not trusted: a PDF may have taken the process over."""
        try:
            header = json.loads(self._stdout.readline(_HEADER_BYTES))
        except ValueError as error:
            raise _Crashed from error
        if not isinstance(header, dict):
            raise _Crashed
        return header

    def _answer(self, header: dict[str, object]) -> _Answer:
        match header:
            case {"reason": str(reason)} if reason in REASONS or reason == GONE:
                return _Answer(reason=reason)
            case {"pages": int(pages), "bytes": int(size), "cut": bool(cut)} if 0 <= size <= self._most_bytes:
                return _Answer(pages=pages, text=self._text(size), cut=cut)
        raise _Crashed

    def _text(self, size: int) -> str:
        data = self._stdout.read(size)
        if len(data) < size:
            raise _Crashed
        return data.decode("utf-8", "replace")


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    paths = [str(_CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**passed_on, "PYTHONPATH": os.pathsep.join(paths)}


def _check_beginning(path: Path) -> None:
    """What can be told without pdfium. A PDF's mark may come late (ISO 32000-1, annex H.3: 1024 bytes)."""
    try:
        with path.open("rb") as file:
            beginning = file.read(1024)
    except OSError as error:
        raise LocalDiskError(f"The worker cannot read its temporary file: {error.strerror}.") from error
    if not beginning:
        raise DocumentUnreadable("The file is empty (0 bytes).")
    if b"%PDF-" not in beginning:
        raise DocumentUnreadable(f"The file is not a PDF: it begins with {_shown(beginning)}.")


def _shown(beginning: bytes) -> str:
    """The first bytes for people: as text if most of them are, else in hexadecimal digits."""
    text = " ".join(beginning[:32].decode("ascii", "replace").split())
    shown = "".join(character if " " <= character <= "~" else "·" for character in text)
    if shown.count("·") * 2 < len(shown):
        return f'"{shown}"'
    return f"the bytes {beginning[:8].hex(' ')}"
