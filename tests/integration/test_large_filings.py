"""Worker and site need no more memory for a larger filing; the reader holds it once."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from jobs.domain.filings.reading import ReadingState
from tests.integration.conftest import a_stored_job
from tests.making import a_cin, a_pdf
from tests.peak_memory import peak_bytes
from tests.processes import ROOT, wait_until
from tests.servers import free_port
from worker.extractors.process import Limits
from worker.extractors.reader import Reader
from worker.sources.simulated_pdf import text_pdf

MIB = 1024**2
SMALL, LARGE = 4 * MIB, 64 * MIB
#: What a process may need more for the larger file: far less than the file.
ROOM = 20 * MIB
TOKEN = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth import get_user_model
from jobs.web import tokens
from jobs.web.permissions import Permission
print(tokens.issue(get_user_model().objects.create_superuser("x"), "tests", [Permission.VIEW], None)[1])
"""

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc"),
]


def a_large_pdf(size: int) -> bytes:
    """A page of text with a comment that makes the file so large."""
    pdf = text_pdf([["A large filing"]], title="Large")
    start = pdf.index(b"\nxref\n") + 1
    comment = b"%" + b"0" * (size - len(pdf)) + b"\n"
    table = pdf[start:].replace(b"startxref\n%d" % start, b"startxref\n%d" % (start + len(comment)))
    return pdf[:start] + comment + table


def stored_with_peak(installation, folder: Path, size: int) -> tuple[str, int]:
    """A job whose worker has stored and read a PDF of this size, and the worker's peak."""
    cin = a_cin()
    (folder / cin).mkdir(parents=True)
    (folder / cin / "AOC-4.pdf").write_bytes(a_large_pdf(size))
    job_id = a_stored_job(installation.app, cin=cin).id
    written = folder / f"{size}.peak"
    settings = {"SOURCE": "directory", "FILINGS_DIR": str(folder), "RUN_FRACTION": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.peak_memory", str(written), "manage.py", "process_job", job_id],
        cwd=ROOT,
        env=installation.environment | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    (document,) = installation.app.documents.of_job(job_id)
    assert document.reading is not None, done.stderr
    assert document.reading.state is ReadingState.READ
    return job_id, int(written.read_text())


def test_memory_does_not_grow_with_a_filing(installation, tmp_path):
    folder = tmp_path / "filings"
    small, least = stored_with_peak(installation, folder, SMALL)
    large, most = stored_with_peak(installation, folder, LARGE)
    assert most < least + ROOM
    secret = installation.run("shell", "-c", TOKEN).stdout.split()[-1]
    port = free_port()
    arguments = ["-m", "gunicorn", "--config", "filesure_site/gunicorn_conf.py", "--bind", f"127.0.0.1:{port}"]
    environment = installation.environment | {"WEB_PROCESSES": "1", "WEB_THREADS": "2"}

    def received(job_id: str) -> int:
        address = f"http://127.0.0.1:{port}/api/v1/jobs/{job_id}/documents/1/file"
        with httpx.stream("GET", address, headers={"Authorization": f"Bearer {secret}"}, timeout=60) as answer:
            return sum(map(len, answer.iter_bytes()))

    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment) as site:
        try:
            wait_until(lambda: _is_up(port))
            (process,) = _children(site.pid)
            assert received(small) > SMALL - MIB
            least = peak_bytes(process)
            assert received(large) > LARGE - MIB
            assert peak_bytes(process) < least + ROOM
        finally:
            site.terminate()
            site.wait(40)


def test_reader_holds_a_file_once(tmp_path, extractor):
    peaks = []
    for size in (SMALL, LARGE, LARGE):
        assert extractor.read(a_pdf(tmp_path, a_large_pdf(size)), "AOC-4.pdf").state is ReadingState.READ
        peaks.append(peak_bytes(extractor._child._process.pid))
    assert peaks[-1] < peaks[0] + LARGE + ROOM


def test_file_larger_than_the_readers_memory_is_refused_at_once(tmp_path):
    with closing(Reader(Limits(memory_bytes=2 * LARGE))) as reader:
        path = a_pdf(tmp_path, a_large_pdf(2 * LARGE))
        reason = f"Reading the file takes more memory than {2 * LARGE // MIB} MB."
        assert reader.read(path, "AOC-4.pdf").reason == reason


def _is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=10).is_success
    except httpx.TransportError:
        return False


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
