"""Runs embedded MongoDB, web site and scaler on one machine, for ``make run``."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jobs.adapters.mongo import embedded
from jobs.configuration.table import BASE_DIR, Configuration
from jobs.domain.errors import ConfigurationError, DatabaseUnavailable, FilesureError
from jobs.exits import SignalEvent

HOST = "127.0.0.1"
STAFF = "staff"
START_SECONDS = 60.0


class ServiceFailed(FilesureError):
    """A service did not start or ended unexpectedly."""

    kind = "service_failed"


@dataclass(kw_only=True)
class Service:
    """A child process. ``stop_seconds`` is the time it may take to end."""

    name: str
    process: subprocess.Popen[bytes]
    stop_seconds: float

    def check(self) -> None:
        """Raises ServiceFailed if the process has ended."""
        code = self.process.poll()
        if code is not None:
            raise ServiceFailed(f"The {self.name} ended unexpectedly with exit code {code}; see the lines above.")

    def stop(self) -> None:
        """Terminate the process; kill it if it does not end in time."""
        self.process.terminate()
        try:
            self.process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(kw_only=True)
class Local:
    """Starts the services in order, watches them, and stops them in reverse order."""

    configuration: Configuration
    say: Callable[[str], object]
    services: list[Service] = field(default_factory=list)

    def run(self, prepare: Callable[[], None]) -> None:
        """Serve until SIGTERM or Ctrl-C. ``prepare`` is called once MongoDB runs.

        Raises ConfigurationError, ServiceFailed, DatabaseUnavailable.
        """
        stopped = SignalEvent()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stopped.set())
        self._check_port()
        with self._single_instance():
            try:
                self._start(prepare, stopped)
                while not stopped.wait(0.5):
                    for service in self.services:
                        service.check()
            finally:
                self._stop()

    def _check_port(self) -> None:
        port = self.configuration.port
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                example = f"PORT={port + 1 if port < 65535 else port - 1} make run"
                message = f"Port {port} is not free ({error.strerror}). Choose another one, for example: {example}"
                raise ConfigurationError(message) from error

    @contextlib.contextmanager
    def _single_instance(self) -> Iterator[None]:
        """Allow one instance per data directory. The kernel releases the lock when the process ends."""
        path = self.configuration.data_dir / "run.lock"
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                place = self.configuration.data_dir
                raise ConfigurationError(f"Filesure is already running on DATA_DIR={place}.") from error
            yield

    def _start(self, prepare: Callable[[], None], stopped: SignalEvent) -> None:
        if self.configuration.mongodb_uri is None:
            self._start_mongodb()
        prepare()
        self._start_web(stopped)
        manage = [sys.executable, str(BASE_DIR / "manage.py")]
        self._add("scaler", [*manage, "run_scaler"], self.configuration.stop_seconds + 8)

    def _start_mongodb(self) -> None:
        data_dir = self.configuration.data_dir
        server = self._add("embedded MongoDB", [sys.executable, "-m", embedded.__name__, str(data_dir)], 10)
        deadline = time.monotonic() + START_SECONDS
        while True:
            server.check()
            with contextlib.suppress(DatabaseUnavailable):
                if embedded.running_pid(data_dir) == server.process.pid:
                    return
            if time.monotonic() > deadline:
                raise ServiceFailed(f"The embedded MongoDB did not start within {START_SECONDS:g} seconds.")
            time.sleep(0.05)

    def _start_web(self, stopped: SignalEvent) -> None:
        port = self.configuration.port
        config = ["--config", "python:filesure_site.gunicorn_conf", "--bind", f"{HOST}:{port}"]
        command = [sys.executable, "-m", "gunicorn", *config]
        web = self._add("web site", command, 25)
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port) and not stopped.is_set():
            web.check()
            if time.monotonic() > deadline:
                raise ServiceFailed(f"The web site did not respond within {START_SECONDS:g} seconds.")
            time.sleep(0.1)

    def _add(self, name: str, command: list[str], stop_seconds: float) -> Service:
        """Start a process that ignores the terminal's Ctrl-C and ends with this one, even after kill -9."""
        process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  safe: there are no threads
        )
        self.services.append(Service(name=name, process=process, stop_seconds=stop_seconds))
        return self.services[-1]

    def _stop(self) -> None:
        """Stop the scaler first, so that its workers release their jobs while MongoDB still runs."""
        if self.services:
            self.say("Stopping: workers finish their current documents …")
        while self.services:
            self.services.pop().stop()


def _end_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent dies. Linux only."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def create_staff() -> str | None:
    """Create the first account. Returns its password, or None if any account exists."""
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    if users.exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser(username=STAFF, password=password)
    return password


def manage_command(data_dir: Path) -> str:
    """The command line of manage.py for another terminal."""
    given = f"DATA_DIR={data_dir} " if os.environ.get("DATA_DIR") else ""
    return f"{given}.venv/bin/python manage.py"
