"""The worker processes of the local scaler: forked from a prepared process, or started where that is impossible."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

from jobs.configuration.table import BASE_DIR, current
from worker.prepared import ARGUMENTS

logger = logging.getLogger(__name__)

_START_SECONDS = 60.0


class Worker(Protocol):
    """The part of ``subprocess.Popen`` that the scaler uses."""

    pid: int

    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def environment_of(place: int) -> dict[str, str]:
    """A worker serves its metrics on the loopback interface, at METRICS_PORT plus ``place``."""
    port = current().metrics_port
    return {"METRICS_HOST": "127.0.0.1", "METRICS_PORT": str(port + place if port else 0)}


def start_worker(place: int) -> Worker:
    """Start a worker process in its own session, so that Ctrl-C reaches it only once, through the scaler."""
    command = [sys.executable, str(BASE_DIR / ARGUMENTS[0]), *ARGUMENTS[1:]]
    environment = {**os.environ, **environment_of(place)}
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, env=environment)


class ForkedWorker:
    """A worker forked from the prepared process, which reaps it."""

    def __init__(self, fork: Fork, pid: int) -> None:
        self._fork, self.pid = fork, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        self._fork.collect(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutExpired."""
        until = time.monotonic() + (float("inf") if timeout is None else timeout)
        while self.poll() is None:
            left = until - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(ARGUMENTS, timeout or 0.0)
            self._fork.collect(min(left, 1.0))
        return self.returncode or 0

    def terminate(self) -> None:
        self._fork.signal(self, signal.SIGTERM)

    def kill(self) -> None:
        self._fork.signal(self, signal.SIGKILL)


class Fork:
    """Starts workers by forking a prepared process. Not thread-safe."""

    def __init__(self) -> None:
        self._workers: dict[int, ForkedWorker] = {}
        self._orphans: dict[int, ForkedWorker] = {}  # of a prepared process that died
        self._started: list[int] = []
        self._received = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def prepare(self) -> None:
        """Start the prepared process, so that the first worker need not wait for it."""
        if self._channel or not hasattr(os, "fork"):
            return
        self._channel, theirs = socket.socketpair()
        command = [sys.executable, "-m", "worker.prepared", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command, cwd=BASE_DIR, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=[theirs.fileno()]
            )

    def fileno(self) -> int:
        """Readable when a worker has ended; -1 without a prepared process."""
        return self._channel.fileno() if self._channel else -1

    def start(self, place: int) -> Worker:
        """Start a worker, without the prepared process if that fails."""
        self.prepare()
        if self._send({"environment": environment_of(place)}):
            until = time.monotonic() + _START_SECONDS
            while not self._started and self._channel and time.monotonic() < until:
                self.collect(1.0)
            if self._started:
                pid = self._started.pop()
                self._workers[pid] = ForkedWorker(self, pid)
                return self._workers[pid]
            self._lose()
        return start_worker(place)

    def signal(self, worker: ForkedWorker, number: int) -> None:
        if worker.pid in self._workers:
            self._send({"signal": int(number), "pid": worker.pid})
        if worker.pid in self._orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, number)

    def collect(self, seconds: float) -> None:
        """Take in what the prepared process reports, and wait for it at most ``seconds``."""
        if self._orphans:
            self._bury_orphans()
            seconds = min(seconds, 0.05)
        if self._channel is None:
            time.sleep(seconds)
            return
        if not select.select([self._channel], [], [], seconds)[0]:
            return
        try:
            part = self._channel.recv(65536)
        except OSError:
            part = b""
        if not part:
            self._lose()
            return
        *lines, self._received = (self._received + part).split(b"\n")
        for line in lines:
            told = json.loads(line)
            if "started" in told:
                self._started.append(told["started"])
            elif told["ended"] in self._workers:
                self._workers.pop(told["ended"]).returncode = told["code"]

    def close(self) -> None:
        """The prepared process ends. Its workers, if any are left, continue."""
        if self._channel:
            self._channel.close()
            self._channel = None
        if self._process:
            self._process.kill()  # it may still be loading
            self._process.wait()

    def _send(self, what: dict[str, object]) -> bool:
        if self._channel is None:
            return False
        try:
            self._channel.sendall(json.dumps(what).encode() + b"\n")
        except OSError:
            self._lose()
            return False
        return True

    def _lose(self) -> None:
        logger.warning("scaler.prepared_process_lost")
        if self._channel:
            self._channel.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._channel, self._process, self._received = None, None, b""
        self._started.clear()
        self._orphans |= self._workers
        self._workers = {}

    def _bury_orphans(self) -> None:
        """Their exit codes are unknown."""
        for pid in [pid for pid in self._orphans if not _is_running(pid)]:
            self._orphans.pop(pid).returncode = -signal.SIGKILL


def _is_running(pid: int) -> bool:
    """Not for zombies, which nobody may reap in a container."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except OSError:  # no /proc
        return True
    return state not in "ZX"
