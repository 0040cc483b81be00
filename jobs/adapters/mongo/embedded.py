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
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import IO

from jobs.adapters.mongo import local_address
from jobs.adapters.mongo.local_address import EMBEDDED, HOST
from jobs.domain.errors import DatabaseRefused, FilesureError


def running_pid(data_dir: Path) -> int:
    """The process id of this data directory's server. Raises DatabaseUnavailable if none is running."""
    return int(local_address.running(data_dir, EMBEDDED)["pid"])


def has_data(data_dir: Path) -> bool:
    """Whether the folder has a database, apart from the server's own."""
    return any(path.stem != "admin" for path in (data_dir / EMBEDDED).glob("*.db"))


def correct_updates() -> None:
    """Make the server use its Python code for all updates.

    Its SQL code stores a datetime from ``$set`` as a string (0.8.1).
    """
    from neosqlite.collection.query_engine import find_operations
    from neosqlite.collection.query_helper._sql_updates import SqlUpdatesMixin

    def never(*_: object, **__: object) -> bool:
        return False

    SqlUpdatesMixin._can_use_sql_updates = never  # noqa: SLF001
    find_operations._supports_returning_clause = never  # noqa: SLF001


async def listen(listener: socket.socket, handler: object) -> asyncio.Server:
    """Serve the wire protocol on a bound socket."""
    from nx_27017.server import handle_client

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await handle_client(reader, writer, handler)

    return await asyncio.start_server(serve, sock=listener)


def _bound(port: int) -> socket.socket:
    """A socket on this port if it is free, or else on another one."""
    try:
        return socket.create_server((HOST, port))
    except OSError:
        return socket.create_server((HOST, 0))


async def _serve(folder: Path) -> None:
    from jobs.adapters.mongo.embedded_handler import Handler

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    watch_parent(loop, sys.stdin, stopped)
    handler = Handler(data_dir=str(folder))
    server = await listen(_bound(local_address.last_port(folder)), handler)
    local_address.announce(folder, server.sockets[0].getsockname()[1], os.getpid())
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


def main(data_dir: Path) -> None:
    """Serve until stopped. Raises DatabaseUnavailable, DatabaseRefused."""
    folder = data_dir / EMBEDDED
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with local_address.locked(folder, "An embedded MongoDB"):
            correct_updates()
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
