"""The embedded MongoDB as a process on a free port."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.adapters.mongo import embedded, local_address
from jobs.domain.errors import DatabaseUnavailable
from tests.servers import stop

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def embedded_mongodb(data_dir: Path) -> Iterator[str]:
    """Start the server for a data directory. Yields its connection string."""
    command = [sys.executable, "-m", "jobs.adapters.mongo.embedded", str(data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT) as process:
        try:
            yield _wait(data_dir, process)
        finally:
            stop(process)


def _wait(data_dir: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(DatabaseUnavailable):
            if embedded.running_pid(data_dir) == process.pid:
                return local_address.running_uri(data_dir)
        time.sleep(0.05)
    raise AssertionError("the embedded MongoDB did not start")
