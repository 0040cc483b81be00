"""The process that reads files, separate from the worker: a hostile file can only damage this process.

``python -m worker.extractors.child <memory bytes> <CPU seconds> <most characters> <languages>``;
``worker.extractors.process`` starts it. It writes ``{"ready": true, "confined": […]}``, then answers each request with
the lines described in ``worker.extractors.output``; the last one is ``["done", …]``. A request is a line
``{"name": …, "size": …}``, followed by the file's bytes, since this process may not open files.

It imports as little as possible: in a short run, starting this process takes longer than reading.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from worker.extractors.budget import Budget
from worker.extractors.confinement import confine
from worker.extractors.files import FileReader
from worker.extractors.ocr import Ocr
from worker.extractors.output import Output

_MOST_OPEN_FILES = 128
_CHUNK_BYTES = 64 * 1024
_Request = tuple[dict[str, Any], bytes | None]


def answer(asked: dict[str, Any], data: bytes | None, answers: BinaryIO, most: int, ocr: Ocr) -> None:
    """Read the file and write the complete answer, including ``done``. ``data`` is None if it exceeds the memory."""
    output = Output(stream=answers, room=most, complete=bool(asked.get("complete")))
    done: dict[str, Any] = {}
    try:
        if data is None:
            done = {"memory": True}
        else:
            reader = FileReader(output=output, ocr=ocr, budget=Budget(), method=asked.get("method"))
            reader.read(asked["name"], data)
    except MemoryError:
        done = {"memory": True}
    except OSError as error:
        if error.errno != errno.ENOMEM:
            raise
        done = {"memory": True}
    output.write("done", done)


def _limit(memory_bytes: int) -> None:
    """Best effort: Windows has no such limits, and macOS refuses the one for memory."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes only to pipes
        resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_OPEN_FILES, _MOST_OPEN_FILES))
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    except (ImportError, OSError, ValueError):
        return


def _limit_cpu(seconds: int) -> None:
    """Limit one file: the kernel ends the process with SIGXCPU once it has used this many more CPU seconds."""
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    except (ImportError, OSError, ValueError):
        return


def _ignore_signals() -> None:
    """A stop signal to the worker's process group must not interrupt the document that is being finished."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _requests(stdin: BinaryIO, ocr: Ocr) -> queue.SimpleQueue[_Request]:
    """Read requests in a separate thread, which ends this process when stdin closes, even while pdfium is busy.

    Stdin closes when the worker dies.
    """
    requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()

    def listen() -> None:
        for line in stdin:
            asked = json.loads(line)
            data = _content(stdin, asked["size"])
            if data is not None and len(data) < asked["size"]:
                break
            requests.put((asked, data))
            del data  # else it would stay until the next file has arrived
        ocr.kill()
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return requests


def _content(stdin: BinaryIO, size: int) -> bytes | None:
    """None if it exceeds the memory; it is received all the same, since the worker would wait to send the rest."""
    try:
        return stdin.read(size)
    except MemoryError:  # raised before anything is read
        while size and (chunk := stdin.read(min(size, _CHUNK_BYTES))):
            size -= len(chunk)
        return None


def _private_stdout() -> BinaryIO:
    """The pipe to the worker. File descriptor 1 becomes stderr, so that stray prints do not corrupt the answers."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def main(memory_bytes: int, cpu_seconds: int, most: int, languages: str) -> None:
    """Answer requests until stdin ends."""
    _ignore_signals()
    confined = confine()
    _limit(memory_bytes)
    ocr = Ocr(languages=languages)
    requests, answers = _requests(sys.stdin.buffer, ocr), _private_stdout()
    pdfium.FPDF_InitLibrary()
    answers.write(json.dumps({"ready": True, "confined": confined}).encode() + b"\n")
    answers.flush()
    while True:
        asked, data = requests.get()
        _limit_cpu(cpu_seconds)
        answer(asked, data, answers, most, ocr)
        del data  # before the next file arrives


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
