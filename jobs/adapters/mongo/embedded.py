"""The embedded MongoDB: nx-27017 (MongoDB's wire protocol over SQLite), for one machine.

    python -m jobs.adapters.mongo.embedded DATA_DIR

serves the databases in ``DATA_DIR/mongodb`` on a free loopback port and writes its address to
``DATA_DIR/mongodb/address.json``. It stops on SIGTERM, SIGINT, or when its standard input closes, so it
never outlives the process that started it. It holds a lock on its folder, which shows others that it is
running.

Queries are written for MongoDB. Where the embedded server needs a different query, a comment explains why;
those for the staff's lists are in catalogue_embedded.py. The queue's queries avoid the features that
nx-27017 0.8.1 lacks: pipeline updates, array filters, ``$$NOW``, ``$group`` by a compound id, ``$facet``
and ``$percentile``, and it ignores validators. It answers most queries by scanning, so embedded_handler.py answers
those of our collections with SQLite's indexes.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from jobs.domain.errors import DatabaseRefused, DatabaseUnavailable, FilesureError

HOST = "127.0.0.1"


def _folder(data_dir: Path) -> Path:
    return data_dir / "mongodb"


def running_uri(data_dir: Path) -> str:
    """The connection string of this data directory's server. Raises DatabaseUnavailable if none is running."""
    return str(_running(data_dir)["uri"])


def running_pid(data_dir: Path) -> int:
    """The process id of this data directory's server. Raises DatabaseUnavailable if none is running."""
    return int(_running(data_dir)["pid"])


def _running(data_dir: Path) -> dict[str, Any]:
    folder = _folder(data_dir)
    with contextlib.suppress(OSError, ValueError):
        if _is_locked(folder / "lock"):
            return dict(json.loads((folder / "address.json").read_text()))
    raise DatabaseUnavailable(
        f"No embedded MongoDB runs for DATA_DIR={data_dir}: start it with `make run`, or set MONGODB_URI,"
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
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder. Retries, because a reader that checks the lock holds it for a moment."""
    with (folder / "lock").open("w") as lock:
        for _ in range(20):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(0.05)
        else:
            raise DatabaseUnavailable(f"An embedded MongoDB already runs on {folder}.")
        yield


def _correct_updates() -> None:
    """Make the server use its Python code for all updates.

    Its SQL code stores a datetime from ``$set`` as a string (0.8.1).
    """
    from neosqlite.collection.query_engine import find_operations
    from neosqlite.collection.query_helper._sql_updates import SqlUpdatesMixin

    def never(*_: object, **__: object) -> bool:
        return False

    SqlUpdatesMixin._can_use_sql_updates = never  # noqa: SLF001
    find_operations._supports_returning_clause = never  # noqa: SLF001


def _last_port(address: Path) -> int:
    """The previously used port, so that clients find the server again after a restart; 0 if unknown."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return int(json.loads(address.read_text())["port"])
    return 0


async def _listen(port: int, handler: object) -> asyncio.Server:
    from nx_27017.server import handle_client

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await handle_client(reader, writer, handler)

    try:
        return await asyncio.start_server(serve, HOST, port)
    except OSError:
        return await asyncio.start_server(serve, HOST, 0)


async def _serve(folder: Path) -> None:
    from jobs.adapters.mongo.embedded_handler import Handler

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    watch_parent(loop, sys.stdin, stopped)
    handler = Handler(data_dir=str(folder))
    address = folder / "address.json"
    server = await _listen(_last_port(address), handler)
    _announce(address, server.sockets[0].getsockname()[1])
    try:
        await stopped.wait()
    finally:
        server.close()
        handler.close_all()


def watch_parent(loop: asyncio.AbstractEventLoop, stdin: IO[str], stopped: asyncio.Event) -> None:
    """Stop when the pipe from the parent process closes. A terminal and /dev/null are not watched."""
    with contextlib.suppress(OSError, ValueError):
        if not stdin.isatty() and not os.path.samestat(os.fstat(stdin.fileno()), Path(os.devnull).stat()):
            loop.add_reader(stdin.fileno(), stopped.set)


def _announce(address: Path, port: int) -> None:
    content = json.dumps({"uri": f"mongodb://{HOST}:{port}/", "port": port, "pid": os.getpid()})
    new = address.with_suffix(".new")
    new.write_text(content)
    new.replace(address)


def main(data_dir: Path) -> None:
    """Serve until stopped. Raises DatabaseUnavailable, DatabaseRefused."""
    folder = _folder(data_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _correct_updates()
            asyncio.run(_serve(folder))
    except OSError as error:
        raise DatabaseRefused(f"The embedded MongoDB cannot use {folder}: {error.strerror}.") from error
    # Threads of running requests would keep the process alive. SQLite's log recovers from their interruption.
    os._exit(0)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)  # it logs a warning for each query that it answers by scanning
    try:
        main(Path(sys.argv[1]).absolute())
    except FilesureError as error:
        sys.exit(str(error))
