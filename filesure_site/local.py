"""Runs MongoDB, web site, deliverer and scaler on one machine, for ``make run``."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filesure_site import local_mongodb
from filesure_site.local_services import START_SECONDS, Service, ServiceFailed, started
from jobs.adapters.mongo.local_address import HOST
from jobs.configuration.table import BASE_DIR, Configuration
from jobs.domain.errors import ConfigurationError
from jobs.exits import SignalEvent

STAFF = "staff"


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
            self.services.append(local_mongodb.start(self.configuration, self.say))
        prepare()
        self._start_web(stopped)
        manage = [sys.executable, str(BASE_DIR / "manage.py")]
        self._add("deliverer", [*manage, "deliver"], 28)
        self._add("scaler", [*manage, "run_scaler"], self.configuration.stop_seconds + 8)

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
        self.services.append(started(name, command, stop_seconds))
        return self.services[-1]

    def _stop(self) -> None:
        """Stop the scaler first, so that its workers release their jobs while MongoDB still runs."""
        if self.services:
            self.say("Stopping: workers finish their current documents …")
        while self.services:
            self.services.pop().stop()


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
