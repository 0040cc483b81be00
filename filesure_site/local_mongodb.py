"""Chooses and starts the MongoDB of ``make run``: a ``mongod`` of this machine, or else the embedded one.

Data is never left behind silently: the server that has this folder's data continues, and if both have data, the user
must choose.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from filesure_site.local_services import START_SECONDS, Service, ServiceFailed, started
from jobs.adapters.mongo import embedded, local_address, mongod
from jobs.adapters.mongo.local_address import EMBEDDED, HOST, MONGOD
from jobs.configuration.table import Configuration
from jobs.domain.errors import ConfigurationError, DatabaseUnavailable

Say = Callable[[str], object]
_AUTO = "auto"
#: A mongod writes its data to the disk before it ends; the one of a killed `make run` may still do so.
_STOP_SECONDS = 60.0
_PORTS = 3


def start(configuration: Configuration, say: Say) -> Service:
    """Start the MongoDB of this data directory and wait until it answers.

    Raises ConfigurationError if the user must choose, ServiceFailed, DatabaseUnavailable.
    """
    data_dir, wanted = configuration.data_dir, configuration.local_mongodb
    path = _chosen(wanted, data_dir, say)
    if path is None:
        return _start_embedded(data_dir)
    try:
        return _start_mongod(path, data_dir, say)
    except ServiceFailed as error:
        if wanted == MONGOD or mongod.has_data(data_dir):
            raise
        say(f"{error}\nUsing the embedded MongoDB instead.")
        return _start_embedded(data_dir)


def _chosen(wanted: str, data_dir: Path, say: Say) -> str | None:
    """The path of the mongod to start; None: the embedded one. Mentions data that the other one has."""
    path, old, new = mongod.program(), embedded.has_data(data_dir), mongod.has_data(data_dir)
    if wanted == _AUTO and old and new:
        raise ConfigurationError(_both(data_dir))
    use_mongod = wanted == MONGOD or (wanted == _AUTO and (new or (path is not None and not old)))
    if use_mongod and path is None:
        raise ConfigurationError(_missing(data_dir, new))
    if wanted == _AUTO and old and path:
        say(f"Using the embedded MongoDB, which has the data in {data_dir / EMBEDDED}, although {path} is installed.")
    elif wanted != _AUTO and (old if use_mongod else new):
        say(f"Not using the data in {data_dir / (EMBEDDED if use_mongod else MONGOD)}, as LOCAL_MONGODB={wanted}.")
    return path if use_mongod else None


def _both(data_dir: Path) -> str:
    return (
        f"The embedded MongoDB has data in {data_dir / EMBEDDED}, and mongod in {data_dir / MONGOD}. Choose one of them"
        " with LOCAL_MONGODB=embedded or LOCAL_MONGODB=mongod, or move the folder that is not needed away."
    )


def _missing(data_dir: Path, has_data: bool) -> str:
    if not has_data:
        return "LOCAL_MONGODB=mongod, but mongod is not on the PATH."
    return (
        f"The data in {data_dir / MONGOD} needs mongod, which is not on the PATH. Install it; or set"
        " LOCAL_MONGODB=embedded to continue with the embedded MongoDB, without that data."
    )


def _start_embedded(data_dir: Path) -> Service:
    server = started("embedded MongoDB", [sys.executable, "-m", embedded.__name__, str(data_dir)], 10)

    def ready() -> bool:
        server.check()
        with contextlib.suppress(DatabaseUnavailable):
            return embedded.running_pid(data_dir) == server.process.pid
        return False

    _wait(server, ready)
    return server


def _start_mongod(path: str, data_dir: Path, say: Say) -> Service:
    """A port that somebody takes between its choice and its use costs another attempt."""
    folder = data_dir / MONGOD
    version = _version(path)
    try:
        (folder / "db").mkdir(parents=True, exist_ok=True)
        with local_address.locked(folder, "A mongod", _STOP_SECONDS) as lock:
            local_address.forget(folder)
            port = _free(local_address.last_port(folder))
            for _ in range(_PORTS):
                if server := _try_mongod(path, data_dir, port, lock.fileno()):
                    local_address.announce(folder, port, server.process.pid, mongod.URI_OPTIONS)
                    say(f"Using {path}, MongoDB {version}, with the data in {folder}.")
                    return server
                port = _free(0)
    except OSError as error:
        raise ServiceFailed(f"{path} cannot use {folder}: {error.strerror}.") from error
    raise ServiceFailed(f"{path} found its port in use {_PORTS} times.")


def _version(path: str) -> str:
    """Asked before the data is touched. Raises ServiceFailed if the program cannot run, or is too old."""
    try:
        code, version = mongod.version(path)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceFailed(f"{path} did not start: {error}.") from error
    if code:
        raise ServiceFailed(f"{path} did not start: {mongod.meaning(code)}.")
    if mongod.is_too_old(version):
        oldest = ".".join(map(str, mongod.OLDEST))
        raise ServiceFailed(f"{path} is MongoDB {version}; Filesure needs {oldest} or newer.")
    return version


def _try_mongod(path: str, data_dir: Path, port: int, lock: int) -> Service | None:
    """None if the port is in use. Raises ServiceFailed."""
    with (data_dir / MONGOD / mongod.LOG).open("wb") as log:
        command = mongod.command(path, data_dir, port)
        server = started("mongod", command, _STOP_SECONDS, output=log, keep=[lock])

    def ready() -> bool:
        code = server.process.poll()
        if code is None:
            return mongod.answers(port)
        if code == mongod.PORT_IN_USE:
            return True
        raise ServiceFailed(f"{path} did not start: {mongod.reason(code, data_dir)}.{details}")

    details = f" Its log is {data_dir / MONGOD / mongod.LOG}."
    _wait(server, ready, details)
    if server.process.poll() is None:
        return server
    server.stop()
    return None


def _wait(server: Service, ready: Callable[[], bool], details: str = "") -> None:
    """Wait until the server is ready; stop it if it is not. Raises ServiceFailed."""
    deadline = time.monotonic() + START_SECONDS
    try:
        while not ready() and time.monotonic() < deadline:
            time.sleep(0.05)
    except BaseException:
        server.stop()
        raise
    if time.monotonic() >= deadline:
        server.stop()
        raise ServiceFailed(f"The {server.name} did not start within {START_SECONDS:g} seconds.{details}")


def _free(port: int) -> int:
    """This loopback port if it is free, or else another one."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return _free(0)
        return int(probe.getsockname()[1])
