"""Reads files of any kind in one separate process.

Filings are untrusted, and pdfium is a large C++ library: a file may crash it, keep it busy forever or make it use
all memory. That may fail the reading but never the worker, so all parsing happens in ``worker.extractors.child``.
One process serves all files, because starting it takes far longer than reading a filing.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

from jobs.domain.errors import DocumentUnavailable, LocalDiskError
from worker.extractors.answers import Answer
from worker.extractors.process import Child, Crashed, Limits, TooSlow
from worker.scratch import emptied

if TYPE_CHECKING:
    from jobs.domain.filings.reading import Method, Reading

_OUT_OF_TIME = -int(getattr(signal, "SIGXCPU", 24))


class Reader:
    """Thread-safe; reads one file at a time."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._closed = False

    def read(
        self, path: Path, file_name: str, method: Method | None = None, *, spool: IO[bytes] | None = None
    ) -> Reading:
        """Read everything in the file; the reading's state and reason describe its faults.

        ``method`` restricts the reading of PDFs to one method. Files inside the file are written to ``spool``.
        Raises LocalDiskError (the file is gone, or the spool is full), UnexpectedError (the reader does not start)
        and DocumentUnavailable (the reader was closed meanwhile).
        """
        try:
            size = path.stat().st_size
        except OSError as error:
            raise LocalDiskError(f"The worker cannot read its temporary file: {error.strerror}.") from error
        if size > self._limits.file_bytes:
            reason: str | None = f"The file has more than {self._limits.file_bytes // 1024**2} MB."
            return Answer(name=file_name, size=size).reading(reason)
        request: dict[str, object] = {"name": file_name, "method": method, "complete": spool is not None}
        with self._lock:
            answer, reason = self._read(request, path, size, spool)
        return answer.reading(self._memory_reason() if (answer.done or {}).get("memory") else reason)

    def confined(self) -> tuple[str, ...]:
        """The resources that the kernel denies the reading process. Raises UnexpectedError, DocumentUnavailable."""
        with self._lock:
            return self._living_child().confined

    def close(self) -> None:
        """End the process. A thread that is waiting for it gets DocumentUnavailable. Idempotent."""
        self._closed = True
        child = self._child
        if child:
            child.kill()
        with self._lock:
            self._discard()

    def _read(
        self, request: dict[str, object], path: Path, size: int, spool: IO[bytes] | None
    ) -> tuple[Answer, str | None]:
        used = self._child is not None
        answer = Answer(name=str(request["name"]), size=size, spool=emptied(spool) if spool else None)
        try:
            self._ask(request, path, answer)
        except TooSlow:
            return answer, f"Reading the file takes longer than {self._limits.seconds:g} seconds."
        except Crashed as crash:
            # An earlier file, or something unrelated, may have caused the crash, so retry in a new process;
            # but not after an exceeded limit, which would be exceeded again.
            reason = self._reason(crash)
            if used and reason is None:
                return self._read(request, path, size, spool)
            return answer, reason or "Reading the file makes the reader crash."
        return answer, None

    def _reason(self, crash: Crashed) -> str | None:
        if crash.code == _OUT_OF_TIME:
            return f"Reading the file takes more than {self._limits.cpu_seconds} seconds of processor time."
        if crash.code is not None and crash.code < 0 and 2 * crash.peak_bytes > self._limits.memory_bytes:
            return self._memory_reason()
        return None

    def _memory_reason(self) -> str:
        return f"Reading the file takes more memory than {self._limits.memory_bytes // 1024**2} MB."

    def _ask(self, request: dict[str, object], path: Path, answer: Answer) -> None:
        answered = False
        try:
            self._living_child().ask(request, path, answer)
            answered = not (answer.done or {}).get("memory")
        finally:
            # Otherwise the next request could receive the unread rest of this answer.
            if not answered:
                self._discard()
                self._check_open()  # otherwise close() killing it would be blamed on the file

    def _living_child(self) -> Child:
        self._check_open()
        if self._child and not self._child.alive:
            self._discard()
        if not self._child:
            self._child = Child(self._limits)
            self._check_open()  # close() may have run just before the child existed
            self._child.wait_until_ready()
        return self._child

    def _check_open(self) -> None:
        if self._closed:
            raise DocumentUnavailable("The worker stopped while the file was to be read.")

    def _discard(self) -> None:
        child, self._child = self._child, None
        if child:
            child.end()
