"""Where a data directory's MongoDB listens: the embedded one, or a ``mongod`` that ``make run`` has started.

Each has a folder with ``lock``, which is held while the server runs, and ``address.json``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from jobs.domain.errors import DatabaseUnavailable

HOST = "127.0.0.1"
EMBEDDED, MONGOD = "mongodb", "mongod"
_LOCK, _ADDRESS = "lock", "address.json"


def running_uri(data_dir: Path) -> str:
    """The connection string of the server that runs for a data directory. Raises DatabaseUnavailable if none does."""
    for name in (MONGOD, EMBEDDED):
        with contextlib.suppress(DatabaseUnavailable):
            return str(running(data_dir, name)["uri"])
    raise _none_runs(data_dir)


def running(data_dir: Path, name: str) -> dict[str, Any]:
    """``uri``, ``port`` and ``pid`` of a running server. Raises DatabaseUnavailable if it is not running."""
    folder = data_dir / name
    with contextlib.suppress(OSError, ValueError):
        if _is_locked(folder / _LOCK):
            address = dict(json.loads((folder / _ADDRESS).read_text()))
            if "uri" in address:
                return address
    raise _none_runs(data_dir)


def _none_runs(data_dir: Path) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"No MongoDB runs for DATA_DIR={data_dir}: start it with `make run`, or set MONGODB_URI,"
        " for example MONGODB_URI=mongodb://localhost:27017/."
    )


def _is_locked(path: Path) -> bool:
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextlib.contextmanager
def locked(folder: Path, server: str, seconds: float = 1.0) -> Iterator[IO[str]]:
    """Lock the folder; a process that inherits the file keeps it locked. Raises DatabaseUnavailable.

    Retries, because a reader that checks the lock holds it for a moment, and the server before may still be stopping.
    """
    deadline = time.monotonic() + seconds
    with (folder / _LOCK).open("w") as lock:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"{server} already runs on {folder}.")
            time.sleep(0.05)
        yield lock


def last_port(folder: Path) -> int:
    """The previously used port, so that clients find the server again after a restart; 0 if unknown."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return int(json.loads((folder / _ADDRESS).read_text())["port"])
    return 0


def announce(folder: Path, port: int, pid: int, options: str = "") -> str:
    """Store where the server listens. Returns its connection string."""
    uri = f"mongodb://{HOST}:{port}/{options}"
    _write(folder, {"uri": uri, "port": port, "pid": pid})
    return uri


def forget(folder: Path) -> None:
    """Keep only the port: the server is starting."""
    if port := last_port(folder):
        _write(folder, {"port": port})


def _write(folder: Path, address: dict[str, Any]) -> None:
    new = (folder / _ADDRESS).with_suffix(".new")
    new.write_text(json.dumps(address))
    new.replace(folder / _ADDRESS)
