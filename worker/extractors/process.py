"""Starts the reading process, sends it requests through pipes, and ends it."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jobs.domain.errors import LocalDiskError, UnexpectedError
from worker.extractors.answers import Answer, Nonsense
from worker.extractors.confinement import hide_memory

logger = logging.getLogger(__name__)

_CODE = Path(__file__).resolve().parents[2]
_MODULE = "worker.extractors.child"
_START_SECONDS = 60.0  # generous: it takes 0.1 s, or a few seconds on a busy node
_HEADER_BYTES = 4096
_LINE_BYTES = 64 * 1024**2
_WATCH_SECONDS = 0.05
_CHUNK_BYTES = 1024**2
# Only these variables, so that a file which exploits the reader finds none of the worker's secrets.
_PASSED_ON = (
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PATH",
    "PYTHONHOME",
    "SYSTEMROOT",
    "TESSDATA_PREFIX",
    "TMPDIR",
)


class Crashed(Exception):
    """The process ended, or sent an invalid answer, before it had read the file. ``code``: its exit code, if known."""

    def __init__(self, code: int | None = None, peak_bytes: int = 0) -> None:
        super().__init__()
        self.code = code
        self.peak_bytes = peak_bytes


class TooSlow(Exception):
    """The time limit passed, and the process was killed."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits per file: ``seconds`` excludes the wait for other files; ``memory_bytes`` is address space, on systems
    that can limit it; text beyond ``characters`` is dropped. ``languages`` are Tesseract's.
    """

    file_bytes: int = 512 * 1024**2
    seconds: float = 300
    cpu_seconds: int = 120
    memory_bytes: int = 1024**3
    characters: int = 10_000_000
    languages: str = "eng+hin"


class Child:
    """The process and its pipes. Only ``kill`` is thread-safe."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._expired = False
        self._peak = 0
        #: The resources denied to the process: ``files``, ``network``; known once it is ready.
        self.confined: tuple[str, ...] = ()
        hide_memory()
        # -P keeps the current directory, which may be writable by others, out of the module search path.
        arguments = [limits.memory_bytes, limits.cpu_seconds, limits.characters, limits.languages]
        command = [sys.executable, "-P", "-m", _MODULE, *map(str, arguments)]
        pipe = subprocess.PIPE
        try:
            # In its own session, so that killing the group also ends Tesseract.
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, env=_environment(), start_new_session=True
            )
        except OSError as error:
            raise UnexpectedError(f"The reader cannot be started: {error.strerror}.") from error

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Raises UnexpectedError, since no document is to blame if the reader does not start."""
        try:
            with self._deadline(_START_SECONDS):
                confined = self._header().get("confined")
                self.confined = tuple(confined) if isinstance(confined, list) else ()
        except (Crashed, TooSlow) as error:
            raise UnexpectedError(f"The reader does not start (exit code {self._process.poll()}).") from error

    def ask(self, request: Mapping[str, object], path: Path, answer: Answer) -> None:
        """Fill the answer. Raises Crashed, TooSlow, LocalDiskError; after any, the process cannot be used any more."""
        with self._deadline(self._limits.seconds):
            self._write(json.dumps({**request, "size": answer.size}).encode() + b"\n")
            for chunk in _chunks(path, answer.size):
                self._write(chunk)
            while answer.done is None:
                line = self._stdout.readline(_LINE_BYTES)
                try:
                    answer.take(line)
                except Nonsense as error:
                    raise self._crashed() from error

    def kill(self) -> None:
        """Kill the process and its children. Thread-safe."""
        with suppress(OSError):
            if self._process.returncode is None and hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def end(self) -> None:
        """Kill the process and release its resources."""
        self.kill()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):  # unsent data for a dead process
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
        """Kill the process after ``seconds``, which ends all reads. Works on systems that cannot ``select`` pipes."""
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(over, time.monotonic() + seconds), daemon=True)
        watch.start()
        try:
            yield
        except Crashed:
            if not self._expired:
                raise
        finally:
            over.set()
            watch.join()  # it cannot kill the process after this
        if self._expired:
            raise TooSlow

    def _watch(self, over: threading.Event, end: float) -> None:
        """Also record peak memory, which cannot be read once the process has died."""
        while not over.wait(max(0.0, min(_WATCH_SECONDS, end - time.monotonic()))):
            self._peak = max(self._peak, _peak_bytes(self._process.pid))
            if time.monotonic() >= end:
                return self._expire()
        return None

    def _expire(self) -> None:
        self._expired = True
        self.kill()

    def _write(self, data: bytes) -> None:
        try:
            self._stdin.write(data)
            self._stdin.flush()
        except OSError as error:
            raise self._crashed() from error

    def _header(self) -> dict[str, object]:
        """The process's first line."""
        try:
            header = json.loads(self._stdout.readline(_HEADER_BYTES))
        except ValueError as error:
            raise self._crashed() from error
        if not isinstance(header, dict):
            raise self._crashed()
        return header

    def _crashed(self) -> Crashed:
        """The exit code, if the process ends by itself; the caller kills one that only sent an invalid answer."""
        with suppress(subprocess.TimeoutExpired):
            return Crashed(self._process.wait(1), self._peak)
        return Crashed()


def _chunks(path: Path, size: int) -> Iterator[bytes]:
    """Exactly ``size`` bytes of the file. Raises LocalDiskError."""
    try:
        with path.open("rb") as file:
            while size and (chunk := file.read(min(size, _CHUNK_BYTES))):
                size -= len(chunk)
                yield chunk
    except OSError as error:
        raise LocalDiskError(f"The worker cannot read its temporary file: {error.strerror}.") from error
    if size:
        raise LocalDiskError("The worker's temporary file became shorter while it was read.")


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    paths = [str(_CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**passed_on, "PYTHONPATH": os.pathsep.join(paths)}


def _peak_bytes(pid: int) -> int:
    """The process's peak address space; 0 if unknown."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmPeak:"):
                return int(line.split()[1]) * 1024
    return 0
