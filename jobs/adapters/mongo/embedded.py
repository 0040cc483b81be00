"""The embedded MongoDB: nx-27017 (MongoDB's wire protocol over SQLite), for one machine.

    python -m jobs.adapters.mongo.embedded DATA_DIR

serves the databases below ``DATA_DIR/mongodb`` on a free loopback port, says where in
``DATA_DIR/mongodb/address.json``, and stops on SIGTERM, SIGINT, or when its standard input ends:
so it never outlives the process that started it. It holds a lock on its folder, by which others
tell whether it runs.

Queries are written for MongoDB. Where this one needs another way, the adapter says so beside it, and
catalogue_embedded.py has those of the staff's lists. Queries of the queue avoid what nx-27017 0.8.1
lacks: pipeline updates, array filters, ``$$NOW``, ``$group`` by a compound id, ``$facet``,
``$percentile``. It ignores validators and the filters of partial indexes, and reads most queries by
scanning: right, but not fast with many jobs.
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
    """The connection string of the server that runs for this data directory.

    Raises DatabaseUnavailable if none does.
    """
    return str(_running(data_dir)["uri"])


def running_pid(data_dir: Path) -> int:
    """Its process id. Raises DatabaseUnavailable if none runs."""
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
    """Own the folder. A reader's look holds the lock for a moment, so one refusal is not the last word."""
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
    """Send all updates through the server's Python path.

    Its SQL path stores a datetime that ``$set`` brings as a string (0.8.1).
    """
    from neosqlite.collection.query_engine import find_operations
    from neosqlite.collection.query_helper._sql_updates import SqlUpdatesMixin

    def never(*_: object, **__: object) -> bool:
        return False

    SqlUpdatesMixin._can_use_sql_updates = never  # noqa: SLF001
    find_operations._supports_returning_clause = never  # noqa: SLF001


def _last_port(address: Path) -> int:
    """The port of the last time, so that clients which outlived a restart find the server again."""
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
    from nx_27017.handler import NeoSQLiteHandler

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    watch_parent(loop, sys.stdin, stopped)
    handler = NeoSQLiteHandler(data_dir=str(folder))
    address = folder / "address.json"
    server = await _listen(_last_port(address), handler)
    _announce(address, server.sockets[0].getsockname()[1])
    try:
        await stopped.wait()
    finally:
        server.close()
        handler.close_all()


def watch_parent(loop: asyncio.AbstractEventLoop, stdin: IO[str], stopped: asyncio.Event) -> None:
    """Stop when the pipe from the parent closes. A terminal or /dev/null is no parent."""
    with contextlib.suppress(OSError, ValueError):
        if not stdin.isatty() and not os.path.samestat(os.fstat(stdin.fileno()), Path(os.devnull).stat()):
            loop.add_reader(stdin.fileno(), stopped.set)


def _announce(address: Path, port: int) -> None:
    content = json.dumps({"uri": f"mongodb://{HOST}:{port}/", "port": port, "pid": os.getpid()})
    new = address.with_suffix(".new")
    new.write_text(content)
    new.replace(address)


def main(data_dir: Path) -> None:
    """Serve until told to stop. Raises DatabaseUnavailable, DatabaseRefused."""
    folder = _folder(data_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _correct_updates()
            asyncio.run(_serve(folder))
    except OSError as error:
        raise DatabaseRefused(f"The embedded MongoDB cannot use {folder}: {error.strerror}.") from error
    # Threads of requests in flight would keep the process; SQLite's log makes up for them.
    os._exit(0)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)  # it warns of each query that it answers by scanning
    try:
        main(Path(sys.argv[1]).absolute())
    except FilesureError as error:
        sys.exit(str(error))
