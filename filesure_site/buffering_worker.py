"""A gunicorn worker that gives a request to a thread only once it has arrived completely.

Gunicorn's threads wait for their clients, so as many slow ones as there are threads stop the site. Here the main loop
receives all requests at once, and slow clients hold a socket each, but no thread.
"""

from __future__ import annotations

import contextlib
import math
import re
import selectors
import socket
import tempfile
import time
from collections import deque
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

# No form or upload is larger (see DATA_UPLOAD_MAX_MEMORY_SIZE and UploadForm).
_MOST_BODY_BYTES = 20_000_000
_MOST_HEADER_BYTES = 64 * 1024
_HEADER_SECONDS = 10
_SLOWEST_BYTES_PER_SECOND = 10_000
_IN_MEMORY_BYTES = 64 * 1024
_CHUNK = 64 * 1024

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d+)[ \t]*\r?\n", re.IGNORECASE)
_TRANSFER_ENCODING = re.compile(rb"\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_EXPECT = re.compile(rb"\nexpect:[ \t]*100-continue", re.IGNORECASE)
_CLOSE = b"Content-Length: 0\r\nConnection: close\r\n\r\n"


class _Refused(Exception):
    """The request is answered without being read further."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class _Connection(TConn):
    """A connection, with the bytes that have arrived and are not parsed yet."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.data_ready = True  # gunicorn's thread need not wait for it
        self.latest = math.inf
        self._rest = b""
        self.begin()

    def begin(self) -> None:
        """Start with the next request."""
        self._began = time.monotonic()
        self._head = self._rest
        self._size: int | None = None
        self._body = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115  closed by take or close
        self._received = len(self._rest)

    @property
    def is_idle(self) -> bool:
        return self._received == 0

    @property
    def has_more(self) -> bool:
        """Whether the next request has begun to arrive with this one."""
        return bool(self._rest)

    @property
    def deadline(self) -> float:
        return min(self.latest, self._began + _HEADER_SECONDS + self._received / _SLOWEST_BYTES_PER_SECOND)

    def add(self, data: bytes) -> bool:
        """Keep what has arrived. Returns whether the request is complete. Raises _Refused, OSError."""
        self._received += len(data)
        if self._size is not None:
            self._body.write(data)
        else:
            self._head += data
            self._size = self._sized()
        return self._size is not None and self._received >= self._size

    def _sized(self) -> int | None:
        """The request's bytes, once its header has arrived; the rest is moved to the body."""
        end = _HEADER_END.search(self._head)
        if end is None:
            if len(self._head) > _MOST_HEADER_BYTES:
                raise _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return None
        head = self._head[: end.end()]
        if _TRANSFER_ENCODING.search(head):  # where it ends is known only once it is parsed
            raise _Refused(HTTPStatus.LENGTH_REQUIRED)
        length = _LENGTH.search(head)
        size = int(length[1][:18]) if length else 0
        if size > _MOST_BODY_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self._body.write(self._head[end.end() :])
        self._head = head
        if _EXPECT.search(head) and self._received < len(head) + size:
            self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return len(head) + size

    def take(self) -> bytes:
        """The complete request; bytes after it are kept for the next one."""
        self._body.seek(0)
        body = self._body.read((self._size or 0) - len(self._head))
        self._rest = self._body.read()
        self._body.close()
        return self._head + body

    def close(self, graceful: bool = False) -> None:
        self._body.close()
        super().close(graceful)


class BufferingWorker(ThreadWorker):
    """Receives requests in the main loop, each with a deadline, and handles complete ones in threads."""

    # All connections are made by accept.
    pending_conns: deque[_Connection]  # type: ignore[assignment]

    def accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            client, address = listener.accept()
            self.nr_conns += 1
            self._wait_for(_Connection(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: _Connection, client: socket.socket) -> None:  # type: ignore[override]
        """A kept-alive connection sends its next request."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        conn.begin()
        self._wait_for(conn)

    def handle(self, conn: _Connection) -> Any:  # type: ignore[override]
        """Answer a complete request, in a thread."""
        conn.init()
        conn.parser.unreader.unread(conn.take())  # type: ignore[union-attr]  # HTTP/2 is off
        return super().handle(conn)

    def finish_request(self, conn: _Connection, future: Any) -> None:  # type: ignore[override]
        if conn.has_more and not (future.cancelled() or future.exception()) and future.result():
            conn.sock.setblocking(False)
            conn.begin()
            self._wait_for(conn)
        else:
            super().finish_request(conn, future)

    def murder_pending(self) -> None:
        """Refuse requests that take too long to arrive."""
        now = time.monotonic()
        for conn in [each for each in self.pending_conns if each.deadline < now]:
            self._refuse(conn, None if conn.is_idle else HTTPStatus.REQUEST_TIMEOUT)

    def _cap_keepalive(self, deadline: float) -> None:
        """A stopping worker waits neither for idle connections nor for slow requests."""
        super()._cap_keepalive(deadline)  # type: ignore[misc]  # missing in the stubs
        for conn in self.pending_conns:
            conn.latest = deadline

    def _wait_for(self, conn: _Connection) -> None:
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._receive, conn))
        self._go_on(conn, b"")

    def _receive(self, conn: _Connection, client: socket.socket) -> None:
        try:
            data = client.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._go_on(conn, data)
        else:
            self._refuse(conn, None)

    def _go_on(self, conn: _Connection, data: bytes) -> None:
        try:
            complete = conn.add(data)
        except _Refused as refused:
            self._refuse(conn, refused.status)
        except OSError:  # the client has gone, or the disk for large bodies is full
            self._refuse(conn, None)
        else:
            if complete:
                self._stop_waiting_for(conn)
                self.enqueue_req(conn)

    def _refuse(self, conn: _Connection, status: HTTPStatus | None) -> None:
        """Close the connection, with an answer if there is a status."""
        self._stop_waiting_for(conn)
        if status:
            with contextlib.suppress(OSError):
                conn.sock.send(b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode()) + _CLOSE)
        self.nr_conns -= 1
        conn.close()

    def _stop_waiting_for(self, conn: _Connection) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
