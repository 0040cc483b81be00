"""The process that reads PDFs may crash, hang or run out of memory; the worker continues."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from jobs.domain.errors import DocumentUnavailable, DocumentUnreadable, FilesureError, UnexpectedError
from tests.making import a_pdf, read
from tests.processes import wait_until
from worker.extractors import process
from worker.extractors.process import Limits
from worker.extractors.reader import Reader
from worker.sources.simulated_pdf import text_pdf

ROOT = Path(__file__).parents[3]
CRASH = r"^Reading the file makes the reader crash\.$"
PLAIN = text_pdf([["First page"], ["Second page"]], title="Plain")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return a_pdf(tmp_path, PLAIN)


def child_of(extractor: Reader) -> psutil.Process:
    assert extractor._child
    return psutil.Process(extractor._child._process.pid)


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; without an init process it may remain a zombie."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Fake(Protocol):
    """Replaces the reader with a script, in which ``sys`` is imported."""

    def __call__(self, script: str, *, ready: str = "print({}, flush=True)") -> AbstractContextManager[None]: ...


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    @contextmanager
    def run(script: str, *, ready: str = "print({}, flush=True)") -> Iterator[None]:
        module = tmp_path / "worker" / "extractors" / "child.py"
        module.parent.mkdir(parents=True)
        module.write_text(f"import sys\n{ready}\n{script}\n")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(process, "_CODE", tmp_path)
            yield

    return run


def is_asked(extractor: Reader) -> bool:
    """Whether a request waits in the pipe to the child."""
    assert extractor._child
    waiting = fcntl.ioctl(extractor._child._stdin, termios.FIONREAD, bytes(4))
    return int.from_bytes(waiting, sys.byteorder) > 0


def reading(extractor: Reader, path: Path) -> tuple[threading.Thread, list[FilesureError], psutil.Process]:
    """A thread that reads with a suspended child process, so that tests can act during the reading."""
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


def test_child_gets_documents_but_no_secrets(extractor: Reader, plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://user:secret@host")
    read(extractor, plain)
    child = child_of(extractor)
    read(extractor, plain)
    assert child_of(extractor) == child
    assert "secret" not in str(child.environ())


def test_reader_starts_in_any_folder(tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.chdir(tmp_path)
    extractor = Reader()
    assert read(extractor, plain).startswith("First page")
    extractor.close()


def test_child_never_loads_django(extractor: Reader, plain: Path) -> None:
    script = "import sys, worker.extractors.child; print([m for m in sys.modules if m.startswith(('django', 'jobs'))])"
    process = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_crash_costs_only_one_document(extractor: Reader, plain: Path, fake: Fake) -> None:
    with fake("import os, signal; sys.stdin.readline(); os.kill(os.getpid(), signal.SIGSEGV)"):
        for _ in range(2):
            with pytest.raises(DocumentUnreadable, match=CRASH):
                read(extractor, plain)
    assert read(extractor, plain).startswith("First page")


def test_unrepeated_crash_does_not_fail_it(extractor: Reader, plain: Path) -> None:
    thread, errors, child = reading(extractor, plain)
    child.send_signal(signal.SIGSEGV)
    child.resume()
    thread.join()
    assert errors == []
    assert child_of(extractor) != child


def test_death_between_documents_costs_nothing(extractor: Reader, plain: Path) -> None:
    read(extractor, plain)
    child = child_of(extractor)
    child.send_signal(signal.SIGSEGV)
    wait_until(lambda: is_gone(child))
    assert read(extractor, plain).startswith("First page")


def test_slow_document_is_given_up(plain: Path) -> None:
    extractor = Reader(Limits(seconds=3))
    thread, errors, child = reading(extractor, plain)
    thread.join()
    with pytest.raises(DocumentUnreadable, match=r"^Reading the file takes longer than 3 seconds\.$"):
        raise errors[0]
    assert is_gone(child)
    assert read(extractor, plain).startswith("First page")
    extractor.close()


def test_memory_hungry_document_is_given_up(plain: Path) -> None:
    extractor = Reader(Limits(memory_bytes=200 * 1024**2))
    lines = b"(" + b"a" * 90 + b") Tj T*\n"
    content = b"BT /F1 10 Tf 56 780 Td 15 TL\n" + lines * 50_000
    bomb = PLAIN.replace(b"(First page) Tj T*\n", content)
    plain.write_bytes(bomb)
    with pytest.raises(DocumentUnreadable, match=r"^Reading the file takes more memory than 200 MB\.$"):
        read(extractor, plain)
    plain.write_bytes(PLAIN)
    assert read(extractor, plain).startswith("First page")
    extractor.close()


def test_too_much_memory_is_not_tried_twice(extractor: Reader, plain: Path, fake: Fake, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    ready = f"open({str(starts)!r}, 'a').write('x'); print({{}}, flush=True)"
    script = 'sys.stdin.readline(); print(\'["done", {"memory": true}]\', flush=True); sys.stdin.read()'
    with fake(script, ready=ready):
        read_again = Reader(Limits(memory_bytes=300 * 1024**2))
        for _ in range(2):
            with pytest.raises(DocumentUnreadable, match=r"takes more memory than 300 MB\.$"):
                read(read_again, plain)
        read_again.close()
    assert starts.read_text() == "xx"


def test_file_that_is_too_large_is_never_sent(plain: Path) -> None:
    extractor = Reader(Limits(file_bytes=3))
    with pytest.raises(DocumentUnreadable, match=r"^The file has more than 0 MB\.$"):
        read(extractor, plain)
    assert extractor._child is None


@pytest.mark.parametrize(
    "answer", ["", "nonsense", "[]", "{}", '["x", {}]', '["page", {}]', '["close", {"state": "odd"}]', '["done"]']
)
def test_malformed_answers_count_as_a_crash(extractor: Reader, plain: Path, fake: Fake, answer: str) -> None:
    with fake(f"sys.stdin.readline(); print({answer!r}, flush=True)"), pytest.raises(DocumentUnreadable, match=CRASH):
        read(extractor, plain)


def test_failed_start_blames_no_document(
    extractor: Reader, plain: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake("", ready="raise SystemExit(3)"), pytest.raises(UnexpectedError, match="does not start"):
        read(extractor, plain)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(UnexpectedError, match="cannot be started: No such file"):
        read(extractor, plain)


def test_threads_share_one_process(extractor: Reader, tmp_path: Path) -> None:
    paths = []
    for number in range(40):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(text_pdf([[f"Document {number}"]] * (number % 3 + 1), title=""))
        paths.append(path)
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda path: read(extractor, path), paths))
    assert texts == ["\f".join([f"Document {number}"] * (number % 3 + 1)) for number in range(40)]


def test_child_survives_a_group_stop_signal(extractor: Reader, plain: Path) -> None:
    read(extractor, plain)
    child = child_of(extractor)
    child.send_signal(signal.SIGTERM)
    child.send_signal(signal.SIGINT)
    assert read(extractor, plain)
    assert child_of(extractor) == child


def test_close_ends_the_process_idempotently(plain: Path) -> None:
    extractor = Reader()
    extractor.close()
    extractor = Reader()
    read(extractor, plain)
    child = child_of(extractor)
    extractor.close()
    extractor.close()
    assert is_gone(child)
    with pytest.raises(DocumentUnavailable):
        read(extractor, plain)


def test_close_does_not_wait_for_a_document(extractor: Reader, plain: Path) -> None:
    thread, errors, child = reading(extractor, plain)
    extractor.close()
    thread.join()
    assert is_gone(child)
    with pytest.raises(DocumentUnavailable):
        raise errors[0]


PARENT = """
import sys, time
from pathlib import Path
from worker.extractors.process import Limits
from worker.extractors.reader import Reader
extractor = Reader()
extractor.read(Path(sys.argv[1]), "a.pdf")
print(extractor._child._process.pid, flush=True)
time.sleep(60)
"""


def test_child_ends_with_a_killed_worker(plain: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(plain)], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        assert not is_gone(child)
        parent.kill()
    wait_until(lambda: is_gone(child))


def test_reading_child_ends_with_its_worker() -> None:
    slow = PLAIN.replace(b"(First page) Tj T*\n", b"BT /F1 9 Tf 0 TL\n" + b"(abcdefgh) Tj T*\n" * 400_000)
    command = [sys.executable, "-m", "worker.extractors.child", str(1024**3), "60", "1000", "eng"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        process.stdin.write(b'{"name": "a.pdf", "size": %d}\n' % len(slow) + slow)
        process.stdin.flush()
        time.sleep(0.2)
        process.stdin.close()
        assert process.wait(10) == 0
        assert b"page" not in process.stdout.read()  # it did not finish reading first
