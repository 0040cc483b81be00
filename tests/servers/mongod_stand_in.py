"""A stand-in for MongoDB's ``mongod``: its options, exit codes, files, log and signals, before the embedded server.

    python -m tests.servers.mongod_stand_in --dbpath FOLDER --port PORT …

As documented for MongoDB 8.0: it rejects unknown options with 2, a port in use with 48, and a folder that does not
exist or that another one uses with 100; it writes JSON lines to standard output and ends with 0 on SIGTERM. With
``STAND_IN_EXIT`` it writes a fatal error and ends with that code; ``STAND_IN_VERSION`` is its version.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def on_path(folder: Path) -> Path:
    """Put the stand-in into a folder as ``mongod``. Returns its path."""
    folder.mkdir(exist_ok=True)
    program = folder / "mongod"
    run = f'PYTHONPATH={ROOT} exec {sys.executable} -m {__spec__.name if __spec__ else ""} "$@"'
    program.write_text(f"#!/bin/sh\n{run}\n")
    program.chmod(0o755)
    return program


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        print(f"Error parsing command line: {message}\ntry 'mongod --help' for more information")
        sys.exit(2)


def _options() -> argparse.Namespace:
    options = _Options(allow_abbrev=False, add_help=False)
    options.add_argument("--version", action="store_true")
    options.add_argument("--dbpath", type=Path, default=Path("/data/db"))
    options.add_argument("--port", type=int, default=27017)
    options.add_argument("--bind_ip", default="localhost")
    options.add_argument("--nounixsocket", action="store_true")
    options.add_argument("--quiet", action="store_true")
    return options.parse_args()


def _log(severity: str, message: str, **attributes: object) -> None:
    print(json.dumps({"s": severity, "c": "CONTROL", "msg": message, "attr": attributes}), flush=True)


def _fail(code: int, message: str, **attributes: object) -> None:
    _log("E", message, **attributes)
    sys.exit(code)


async def _serve(given: argparse.Namespace, listener: socket.socket) -> None:
    from jobs.adapters.mongo import embedded
    from jobs.adapters.mongo.embedded_handler import Handler

    embedded.correct_updates()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    handler = Handler(data_dir=str(given.dbpath))
    server = await embedded.listen(listener, handler)
    _log("I", "Waiting for connections", port=given.port, ssl="off")
    await stopped.wait()
    server.close()
    handler.close_all()


def main() -> None:
    given, version = _options(), os.environ.get("STAND_IN_VERSION", "8.0.4")
    if given.version:
        print(f"db version v{version}\nBuild Info: {{}}")
        return
    if code := os.environ.get("STAND_IN_EXIT"):
        _fail(int(code), "DBException in initAndListen, terminating", error="Location28596: no space")
    if not given.dbpath.is_dir():
        _fail(100, "DBException in initAndListen, terminating", error=f"NonExistentPath: {given.dbpath} not found")
    with (given.dbpath / "mongod.lock").open("w") as lock, socket.socket() as listener:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _fail(100, "DBException in initAndListen, terminating", error="DBPathInUse: Unable to lock the lock file")
        (given.dbpath / "WiredTiger").write_text("WiredTiger\n")
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((given.bind_ip, given.port))
            listener.listen()
        except OSError as error:
            _fail(48, "Error setting up transport layer", error=f"SocketException: {error.strerror}")
        asyncio.run(_serve(given, listener))
    os._exit(0)


if __name__ == "__main__":
    main()
