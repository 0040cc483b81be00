"""Optical character recognition by Tesseract, as a separate process: the image on stdin, its words on stdout."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from statistics import median

from worker.extractors.layout import OCR_GAP, Row, Word, rows, text_of

DPI = 300
_SECONDS = 120
_HEADER = 12  # columns of Tesseract's TSV
_LEAST_SPACE = 0.17  # in multiples of the text height; a real space is at least 0.24
_MIDDLE = 297.0  # of A4, in points


class OcrFailed(Exception):
    """One page could not be recognised; the text is a sentence for people."""


def _processors() -> int:
    """The number of CPUs that this process may use; ``os.cpu_count`` ignores such limits."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """The result for one image. Boxes are in points."""

    text: str
    rows: list[Row]


@dataclass(kw_only=True)
class Ocr:
    """Recognises several images at once. ``available`` is False if tesseract is not installed."""

    languages: str = "eng+hin"
    parallel: int = field(default_factory=_processors)
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pool: ThreadPoolExecutor | None = None

    def __post_init__(self) -> None:
        self.command = shutil.which("tesseract")

    @property
    def available(self) -> bool:
        return self.command is not None

    def submit(self, image: bytes, dpi: int = DPI) -> Future[Recognised]:
        """Start to recognise an image in any format that Tesseract reads, or queue it if all CPUs are busy."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.parallel)
        return self._pool.submit(self._recognise, image, dpi)

    def kill(self) -> None:
        """Kill all running Tesseract processes; their results are no longer needed."""
        with self._lock:
            for process in self._running:
                process.kill()

    def _recognise(self, image: bytes, dpi: int) -> Recognised:
        # --psm 1 detects the page's rotation first; without it, a sideways page yields garbage.
        command = [str(self.command), "stdin", "stdout", "--dpi", str(dpi), "--psm", "1", "-l", self.languages, "tsv"]
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # with more threads, each page takes ten times as long
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)
        with self._lock:
            self._running.add(process)
        started = time.monotonic()
        limit = threading.Timer(_SECONDS, process.kill)
        limit.start()
        try:
            out = _output(process, image)
        finally:
            limit.cancel()
            process.kill()
            process.wait()
            with self._lock:
                self._running.discard(process)
        if process.returncode:
            raise OcrFailed(_failure_text(process.returncode, time.monotonic() - started))
        return _recognised(out.decode("utf-8", "replace"), 72 / dpi)


def _output(process: subprocess.Popen[bytes], image: bytes) -> bytes:
    """Send the image and return what Tesseract writes, which begins only after it has read the whole image.

    ``Popen.communicate`` sends pieces of 4 KiB, 2,000 for one page, and looks at both pipes before each.
    """
    assert process.stdin  # noqa: S101  a pipe was asked for
    assert process.stdout  # noqa: S101  a pipe was asked for
    with suppress(BrokenPipeError), process.stdin:  # broken if it ended early; its exit code shows why
        process.stdin.write(image)
    with process.stdout:
        out = process.stdout.read()
    process.wait()
    return out


def _failure_text(code: int, seconds: float) -> str:
    if seconds >= _SECONDS:
        return f"OCR of a page takes longer than {_SECONDS} seconds."
    if code in (-getattr(signal, "SIGXCPU", 24), -signal.SIGKILL):
        return "OCR of a page takes too much processor time."
    return "OCR of a page failed."


def _recognised(table: str, scale: float) -> Recognised:
    lines: dict[tuple[str, ...], list[Word]] = {}
    for row in table.splitlines()[1:]:
        columns = row.split("\t")
        if len(columns) == _HEADER and columns[0] == "5" and columns[11].strip():
            lines.setdefault(tuple(columns[1:5]), []).append(_word(columns, scale))
    page = list(lines.values())
    if _is_sideways(page):
        upright = [row for line in page for row in rows([replace(word, base=0.0) for word in line])]
        return Recognised(text=text_of(upright), rows=upright)
    tilt = median([_tilt(line) for line in page if len(line) >= 3] or [0.0])
    # All words of a line get the same height, so that rows and values beside captions survive on tilted pages.
    level = [_levelled(word, _height(line, tilt), tilt) for line in page for word in _unsplit(line)]
    found = rows(level, gap=OCR_GAP)
    return Recognised(text=text_of(found), rows=found)


def _word(columns: list[str], scale: float) -> Word:
    left, top, width, height = (int(column) * scale for column in columns[6:10])
    box = (round(left, 1), round(top, 1), round(left + width, 1), round(top + height, 1))
    confidence = round(max(0.0, float(columns[10])) / 100, 3)
    return Word(text=columns[11].strip(), box=box, base=top + height / 2, confidence=confidence)


def _unsplit(line: list[Word]) -> list[Word]:
    """Put words together that Tesseract took apart, as it does at narrow digits: ``U72900KA2008PTC7 11586``."""
    words = line[:1]
    for word in line[1:]:
        last = words[-1]
        gap = word.box[0] - last.box[2]
        if not 0 <= gap < _LEAST_SPACE * max(last.height, word.height):
            words.append(word)
            continue
        box = (last.box[0], min(last.box[1], word.box[1]), word.box[2], max(last.box[3], word.box[3]))
        sure = min(last.confidence, word.confidence)
        words[-1] = replace(last, text=last.text + word.text, box=box, confidence=sure)
    return words


def _is_sideways(page: list[list[Word]]) -> bool:
    long = [line for line in page if len(line) >= 3]
    upright = sum(abs(line[-1].box[0] - line[0].box[0]) > abs(line[-1].base - line[0].base) for line in long)
    return upright * 2 < len(long)


def _tilt(line: list[Word]) -> float:
    across = line[-1].box[0] - line[0].box[0]
    return (line[-1].base - line[0].base) / across if across > 20 else 0.0


def _height(line: list[Word], tilt: float) -> float:
    return median(word.base - tilt * word.box[0] for word in line)


def _levelled(word: Word, base: float, tilt: float) -> Word:
    """The word as if the page had been turned about the middle of its width, so that it stays close to its place."""
    left, top, right, bottom = word.box
    down = tilt * (_MIDDLE - left)
    return replace(word, base=base, box=(left, round(top + down, 1), right, round(bottom + down, 1)))
