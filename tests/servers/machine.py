"""``run_local`` with its own data directory and port."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

import psutil

from jobs.bootstrap import Application
from jobs.configuration.table import load
from jobs.domain.job import JobStatus
from tests.processes import ROOT, plain_environment, wait_until
from tests.servers import free_port


class Machine:
    """Filesure as ``make run`` starts it, with short delays and these settings."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.data_dir = data_dir
        self.environment = (
            plain_environment()
            | {
                "DATA_DIR": str(data_dir),
                "PORT": str(self.port),
                "LOCAL_MONGODB": "embedded",
                "POLL_SECONDS": "0.2",
                "WEB_PROCESSES": "1",
                "SIMULATED_SECONDS_PER_DOCUMENT": "0.01",
            }
            | settings
        )

    def manage(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment | settings,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def start(self, output: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start it and wait until it responds. Long runs need a file for the output."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_local"],
            cwd=ROOT,
            env=self.environment,
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(lambda: process.poll() is not None or self.get("/readyz") == 200)
            assert process.poll() is None, "it ended before it responded"
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def jobs_in(self, *statuses: str) -> int:
        """The number of jobs in these states. Tests wait for it, so it starts no process."""
        app = Application(load(self.environment))
        try:
            counts = app.jobs.count_by_status()
        finally:
            app.database.client.close()
        return sum(counts[JobStatus(status)] for status in statuses)

    def workers(self) -> list[psutil.Process]:
        """The running worker processes of this machine object."""
        return [each for each in psutil.process_iter(["cmdline", "create_time"]) if self._is_worker(each)]

    def _is_worker(self, process: psutil.Process) -> bool:
        """The scaler starts workers, or forks them from a prepared process that has the same command line."""
        command = process.info["cmdline"] or []
        try:
            parent = process.parent()
            forked = "worker.prepared" in command and parent and "worker.prepared" in parent.cmdline()
            return bool("process_job" in command or forked) and process.environ().get("DATA_DIR") == str(self.data_dir)
        except psutil.Error:
            return False


def stopped(process: subprocess.Popen[str]) -> str:
    """Stop it with Ctrl-C. Returns its output."""
    family = psutil.Process(process.pid).children(recursive=True)
    with process:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=40)
    assert process.returncode == 0, out
    assert not any(each.is_running() for each in family)
    return out
