"""The process that reads PDFs: it may crash, hang, starve or be left alone, and the worker goes on."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from jobs.domain.errors import DocumentUnavailable, DocumentUnreadable, FilesureError, UnexpectedError
from tests.making import a_pdf, read
from worker.extractors import pdf
from worker.extractors.pdf import PdfExtractor
from worker.sources.simulated_pdf import text_pdf

ROOT = Path(__file__).parents[2]
CRASH = r"^Reading the PDF makes the reader crash\.$"
PLAIN = text_pdf([["First page"], ["Second page"]], title="Plain")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return a_pdf(tmp_path, PLAIN)


def child_of(extractor: PdfExtractor) -> psutil.Process:
    assert extractor._child
    return psutil.Process(extractor._child._process.pid)


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not come true within 10 seconds")


def is_gone(process: psutil.Process) -> bool:
    """Ended; in a container without an init nobody may ever collect it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Fake(Protocol):
    """Puts a script in the place of the reader; ``sys`` is imported."""

    def __call__(self, script: str, *, ready: str = "print({}, flush=True)") -> AbstractContextManager[None]: ...


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    @contextmanager
    def run(script: str, *, ready: str = "print({}, flush=True)") -> Iterator[None]:
        module = tmp_path / "worker" / "extractors" / "pdf_child.py"
        module.parent.mkdir(parents=True)
        module.write_text(f"import sys\n{ready}\n{script}\n")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pdf, "_CODE", tmp_path)
            yield

    return run


def is_asked(extractor: PdfExtractor) -> bool:
    """Whether a request waits in the pipe to the child."""
    assert extractor._child
    waiting = fcntl.ioctl(extractor._child._stdin, termios.FIONREAD, bytes(4))
    return int.from_bytes(waiting, sys.byteorder) > 0


def reading(extractor: PdfExtractor, path: Path) -> tuple[threading.Thread, list[FilesureError], psutil.Process]:
    """A thread that waits for a child that is stopped: whatever happens to it happens while it reads."""
    read(extractor, path)
    child, errors = child_of(extractor), []
    child.suspend()
    wait_until(lambda: child.status() == psutil.STATUS_STOPPED)

    def run() -> None:
        try:
            read(extractor, path)
        except FilesureError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: is_asked(extractor))
    return thread, errors, child


def test_one_process_reads_all_documents_and_no_secret_reaches_it(
    extractor: PdfExtractor, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://user:secret@host")
    read(extractor, plain)
    child = child_of(extractor)
    read(extractor, plain)
    assert child_of(extractor) == child
    assert "secret" not in str(child.environ())


def test_the_reader_starts_from_any_folder_whatever_lies_there(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.chdir(tmp_path)
    extractor = PdfExtractor()
    assert read(extractor, plain).startswith("First page")
    extractor.close()


def test_the_process_never_loads_django(extractor: PdfExtractor, plain: Path) -> None:
    script = (
        "import sys, worker.extractors.pdf_child; print([m for m in sys.modules if m.startswith(('django', 'jobs'))])"
    )
    process = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_a_crash_costs_only_the_document(extractor: PdfExtractor, plain: Path, fake: Fake) -> None:
    with fake("import os, signal; sys.stdin.readline(); os.kill(os.getpid(), signal.SIGSEGV)"):
        for _ in range(2):
            with pytest.raises(DocumentUnreadable, match=CRASH):
                read(extractor, plain)
    assert read(extractor, plain).startswith("First page")


def test_a_crash_that_a_new_process_does_not_repeat_was_not_the_documents(extractor: PdfExtractor, plain: Path) -> None:
    thread, errors, child = reading(extractor, plain)
    child.send_signal(signal.SIGSEGV)
    child.resume()
    thread.join()
    assert errors == []
    assert child_of(extractor) != child


def test_a_process_that_died_between_documents_costs_nothing(extractor: PdfExtractor, plain: Path) -> None:
    read(extractor, plain)
    child = child_of(extractor)
    child.send_signal(signal.SIGSEGV)
    wait_until(lambda: is_gone(child))
    assert read(extractor, plain).startswith("First page")


def test_a_document_that_takes_too_long_is_given_up(plain: Path) -> None:
    extractor = PdfExtractor(timeout_seconds=0.5)
    thread, errors, child = reading(extractor, plain)
    thread.join()
    with pytest.raises(DocumentUnreadable, match=r"^Reading the PDF takes longer than 0\.5 seconds\.$"):
        raise errors[0]
    assert is_gone(child)
    assert read(extractor, plain).startswith("First page")
    extractor.close()


def test_a_document_that_wants_all_memory_is_given_up(plain: Path) -> None:
    extractor = PdfExtractor(memory_bytes=200 * 1024**2)
    lines = b"(" + b"a" * 90 + b") Tj T*\n"
    content = b"BT /F1 10 Tf 56 780 Td 15 TL\n" + lines * 50_000
    bomb = PLAIN.replace(b"(First page) Tj T*\n", content)
    plain.write_bytes(bomb)
    with pytest.raises(DocumentUnreadable, match=CRASH):
        read(extractor, plain)
    plain.write_bytes(PLAIN)
    assert read(extractor, plain).startswith("First page")
    extractor.close()


@pytest.mark.parametrize(
    "answer", ["", "nonsense", "[]", "{}", '{"reason": "x"}', '{"pages": 1, "bytes": 99999999999, "cut": false}']
)
def test_answers_that_make_no_sense_count_as_a_crash(
    extractor: PdfExtractor, plain: Path, fake: Fake, answer: str
) -> None:
    with fake(f"sys.stdin.readline(); print({answer!r}, flush=True)"), pytest.raises(DocumentUnreadable, match=CRASH):
        read(extractor, plain)


def test_a_process_that_does_not_start_is_no_documents_fault(
    extractor: PdfExtractor, plain: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake("", ready="raise SystemExit(3)"), pytest.raises(UnexpectedError, match="does not start"):
        read(extractor, plain)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(UnexpectedError, match="cannot be started: No such file"):
        read(extractor, plain)


def test_many_threads_share_the_process(extractor: PdfExtractor, tmp_path: Path) -> None:
    paths = []
    for number in range(40):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(text_pdf([[f"Document {number}"]] * (number % 3 + 1), title=""))
        paths.append(path)
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda path: read(extractor, path), paths))
    assert texts == ["\f".join([f"Document {number}"] * (number % 3 + 1)) for number in range(40)]


def test_the_process_outlives_a_stop_signal_to_the_whole_group(extractor: PdfExtractor, plain: Path) -> None:
    read(extractor, plain)
    child = child_of(extractor)
    child.send_signal(signal.SIGTERM)
    child.send_signal(signal.SIGINT)
    assert read(extractor, plain)
    assert child_of(extractor) == child


def test_close_ends_the_process_and_may_be_repeated(plain: Path) -> None:
    extractor = PdfExtractor()
    extractor.close()
    extractor = PdfExtractor()
    read(extractor, plain)
    child = child_of(extractor)
    extractor.close()
    extractor.close()
    assert is_gone(child)
    with pytest.raises(DocumentUnavailable):
        read(extractor, plain)


def test_close_does_not_wait_for_a_document(extractor: PdfExtractor, plain: Path) -> None:
    thread, errors, child = reading(extractor, plain)
    extractor.close()
    thread.join()
    assert is_gone(child)
    with pytest.raises(DocumentUnavailable):
        raise errors[0]


PARENT = """
import sys, time
from pathlib import Path
from worker.extractors.pdf import PdfExtractor
extractor = PdfExtractor()
extractor.extract(Path(sys.argv[1]), "a.pdf")
print(extractor._child._process.pid, flush=True)
time.sleep(60)
"""


def test_the_process_ends_when_the_worker_is_killed(plain: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(plain)], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        assert not is_gone(child)
        parent.kill()
    wait_until(lambda: is_gone(child))


def test_the_process_ends_with_the_worker_even_while_it_reads(tmp_path: Path) -> None:
    slow = PLAIN.replace(b"(First page) Tj T*\n", b"BT /F1 9 Tf 0 TL\n" + b"(abcdefgh) Tj T*\n" * 400_000)
    path = a_pdf(tmp_path, slow)
    command = [sys.executable, "-m", "worker.extractors.pdf_child", str(1024**3), "1000"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        process.stdin.write(b'{"path": "%s"}\n' % os.fsencode(path))
        process.stdin.flush()
        time.sleep(0.2)
        process.stdin.close()
        assert process.wait(10) == 0
        assert process.stdout.read() == b""  # it did not finish first
