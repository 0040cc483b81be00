"""A live view of workers and queue: processes on this machine, or pods in a cluster."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psutil
from playwright.sync_api import Page

from tests.servers.machine import Machine
from tests.servers.prometheus import Prometheus

_PAGE = Path(__file__).with_name("workers.html")
_ROWS = 16
_DUE, _PROCESSING = "max(filesure:jobs_due:max)", 'max(filesure:jobs:max{state="processing"})'


class Fleet(Protocol):
    """The workers, as processes or pods."""

    command: str  # the command that shows this in a terminal

    def order(self, jobs: int) -> None:
        """Order this many jobs for simulated companies."""

    def lines(self) -> list[str]:
        """The command's current output."""

    def counts(self) -> tuple[float, float]:
        """The numbers of due jobs and of running jobs."""

    def kill(self) -> bool:
        """Kill a busy worker. Returns False if there is none."""


class Processes:
    """Workers of this machine's scaler; the queue comes from Prometheus."""

    command = "ps: the workers of this machine"

    def __init__(self, machine: Machine, watching: Prometheus) -> None:
        self._machine = machine
        self._watching = watching
        self._known: dict[int, psutil.Process] = {}
        self._ended: dict[int, tuple[str, float]] = {}
        self._killed: set[int] = set()

    def order(self, jobs: int) -> None:
        done = self._machine.manage("create_jobs", "--count", str(jobs))
        assert done.returncode == 0, done.stderr

    def lines(self) -> list[str]:
        running = {each.pid: each for each in self._machine.workers()}
        self._known |= running
        for pid in self._known.keys() - running.keys() - self._ended.keys():
            self._ended[pid] = ("Killed" if pid in self._killed else "Ended", time.time())
        rows = [self._line(pid, process) for pid, process in self._known.items()]
        return [f"{'PROCESS':<26}{'STATUS':<10}AGE", *rows[-_ROWS:]]

    def _line(self, pid: int, process: psutil.Process) -> str:
        state, until = self._ended.get(pid, ("Running", time.time()))
        age = f"{until - process.info['create_time']:.0f}s"
        return f"{f'process_job {pid}':<26}{state:<10}{age}"

    def counts(self) -> tuple[float, float]:
        return self._watching.value(_DUE) or 0, self._watching.value(_PROCESSING) or 0

    def kill(self) -> bool:
        """Kill the youngest worker older than two seconds, which has claimed a job even on a busy machine."""
        old = [each for each in self._machine.workers() if time.time() - each.info["create_time"] > 2]
        if not old:
            return False
        worker = max(old, key=lambda each: each.info["create_time"])
        try:
            worker.kill()
        except psutil.NoSuchProcess:  # it has just ended
            return False
        self._killed.add(worker.pid)
        return True


class Pods:
    """Workers that KEDA starts in the cluster of kubectl's context."""

    command = "kubectl get pods --watch --selector app.kubernetes.io/component=worker"
    _KUBECTL = ("kubectl", "--namespace", "filesure")

    def __init__(self) -> None:
        self._lines: list[str] = []

    @classmethod
    def available(cls) -> bool:
        """Whether Filesure runs in a cluster that kubectl reaches."""
        if shutil.which("kubectl") is None:
            return False
        command = [*cls._KUBECTL, "get", "scaledjob", "worker", "--request-timeout=5s"]
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """During the block, ``lines`` returns kubectl's current output."""
        command = [*self._KUBECTL, *self.command.split()[1:]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            reading = threading.Thread(target=self._lines.extend, args=(process.stdout,), daemon=True)
            reading.start()
            try:
                yield
            finally:
                process.terminate()
            reading.join(10)

    def order(self, jobs: int) -> None:
        self._manage("create_jobs", "--count", str(jobs))

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._lines[-_ROWS:]]

    def counts(self) -> tuple[float, float]:
        counts = json.loads(self._manage("job_status", "--json").splitlines()[-1])
        return float(counts["pending"]), float(counts["processing"])

    def kill(self) -> bool:
        found = self._kubectl(
            "get",
            "pods",
            "--selector",
            "app.kubernetes.io/component=worker",
            "--field-selector=status.phase=Running",
            "--output",
            "name",
        ).split()
        if found:
            self._kubectl("delete", found[-1], "--grace-period=0", "--force", "--wait=false")
        return bool(found)

    def _manage(self, *arguments: str) -> str:
        return self._kubectl("exec", "deploy/web", "-c", "web", "--", "python", "manage.py", *arguments)

    def _kubectl(self, *arguments: str) -> str:
        done = subprocess.run([*self._KUBECTL, *arguments], check=True, capture_output=True, text=True, timeout=60)
        return done.stdout


class LiveView:
    """A page with workers on the left and the queue over time on the right."""

    def __init__(self, page: Page, fleet: Fleet) -> None:
        self.most = 0.0  # the most workers at once so far
        self.counts = (0.0, 0.0)
        self._page = page
        self._fleet = fleet
        self._queue: list[tuple[float, float, float]] = []
        page.goto(_PAGE.as_uri())
        self.look()

    def look(self) -> None:
        """Update the page."""
        self.counts = self._fleet.counts()
        self.most = max(self.most, self.counts[1])
        self._queue.append((time.time(), *self.counts))
        self._page.evaluate(
            "show", {"command": self._fleet.command, "lines": self._fleet.lines(), "queue": self._queue}
        )

    def is_idle(self) -> bool:
        """Update the page. Returns whether no job is due and no worker runs."""
        self.look()
        return self.counts == (0, 0)
