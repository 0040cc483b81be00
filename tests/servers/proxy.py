"""A proxy for MongoDB and HTTP that recognises individual requests and replies.

A test decides about each request before the server receives it, and about each reply before the client does. While
it decides, only that request's connection waits.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

#: Requests that drivers send by themselves; they are neither counted nor stopped.
HOUSEKEEPING = frozenset({"hello", "isMaster", "ismaster", "ping", "buildInfo", "endSessions"})
_OP_MSG = 2013
_HEADER = struct.Struct("<iiii")


class Verdict(Enum):
    """The fate of a request or a reply."""

    FORWARD = "forward"
    HALF = "half"
    """Half of its bytes arrive; then both connections are cut."""
    CUT = "cut"
    """Both connections are cut before its first byte."""


@dataclass(frozen=True, kw_only=True)
class Request:
    #: 1, 2, … over all servers of a gate
    number: int
    #: for example ``update documents`` or ``PUT document_1.pdf``
    name: str


Decision = Callable[[Request], Verdict]


def forward(_request: Request) -> Verdict:
    return Verdict.FORWARD


class Gate:
    """Counts requests and asks the test about each. Thread-safe; one gate serves all servers that a client uses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.open()

    def open(self, before: Decision = forward, after: Decision = forward) -> None:
        """Restart counting. ``before`` decides about requests, ``after`` about replies."""
        with self._lock:
            self.requests: list[Request] = []
            self.before, self.after = before, after

    def arrive(self, name: str) -> Request:
        with self._lock:
            request = Request(number=len(self.requests) + 1, name=name)
            self.requests.append(request)
        return request


@dataclass(frozen=True, kw_only=True)
class Message:
    """One request or reply with its raw bytes. ``name`` is None for housekeeping and for replies."""

    data: bytes
    name: str | None = None
    id: int = 0
    answers: int = 0


def mongodb_messages(stream: BinaryIO) -> Iterator[Message]:
    """Messages of MongoDB's wire protocol. The header is length, id, id of the answered request, and type."""
    while header := stream.read(_HEADER.size):
        length, own, answers, kind = _HEADER.unpack(header)
        body = stream.read(length - _HEADER.size)
        name = _command(body) if kind == _OP_MSG and not answers else None
        yield Message(data=header + body, name=None if name in HOUSEKEEPING else name, id=own, answers=answers)


def _command(body: bytes) -> str | None:
    """Such as ``find jobs``: the document's first field, after the flags, the section's kind and a length."""
    kind, key, rest = body[9], *body[10:].split(b"\0", 1)
    name = key.decode()
    if name in HOUSEKEEPING or kind != 2:
        return name
    return f"{name} {rest[4:].split(bytes(1), 1)[0].decode()}"


def http_requests(stream: BinaryIO) -> Iterator[Message]:
    """HTTP/1.1 requests on one connection; each is answered before the next one."""
    while first := stream.readline():
        head = [first]
        while (line := stream.readline()) not in (b"\r\n", b""):
            head.append(line)
        headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(b":") for line in head[1:])}
        body = _chunks(stream) if b"transfer-encoding" in headers else _exactly(stream, headers)
        method, target, _ = first.decode().split(" ", 2)
        yield Message(data=b"".join([*head, b"\r\n", body]), name=f"{method} {target.split('?')[0].rpartition('/')[2]}")


def _exactly(stream: BinaryIO, headers: dict[bytes, bytes]) -> bytes:
    return stream.read(int(headers.get(b"content-length", 0)))


def _chunks(stream: BinaryIO) -> bytes:
    parts = []
    while size := int((line := stream.readline()).split(b";")[0] or b"0", 16):
        parts += [line, stream.read(size + 2)]
    return b"".join([*parts, line, stream.readline()])


def http_replies(stream: BinaryIO) -> Iterator[Message]:
    """Bytes as they arrive; the first ones after a request begin its reply."""
    while data := stream.read1(65536):  # type: ignore[attr-defined]
        yield Message(data=data)


@contextmanager
def proxied(gate: Gate, port: int, *, http: bool = False) -> Iterator[int]:
    """Run a proxy in front of the server at this local port. Yields the proxy's port."""
    with _Server(gate, port, http=http) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="proxy")
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
            server.cut()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, gate: Gate, port: int, *, http: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.gate = gate
        self.port = port
        self.read_requests = http_requests if http else mongodb_messages
        self.read_replies = http_replies if http else mongodb_messages
        self.connections: set[_Connection] = set()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore cut connections: tests kill clients."""

    def cut(self) -> None:
        """Close all connections."""
        for connection in list(self.connections):
            connection.cut()


class _Connection(socketserver.BaseRequestHandler):
    server: _Server
    request: socket.socket

    def setup(self) -> None:
        self.upstream = socket.create_connection(("127.0.0.1", self.server.port))
        self.asked: dict[int, Request] = {}  # by message id; HTTP has only one at a time, with id 0
        self.server.connections.add(self)
        self.replies = threading.Thread(target=self._replies, daemon=True)

    def handle(self) -> None:
        self.replies.start()
        with self.request.makefile("rb") as stream, contextlib.suppress(OSError, ValueError, struct.error):
            for message in self.server.read_requests(stream):
                if not self._pass_on(message, self._arrives(message), self.server.gate.before, self.upstream):
                    return

    def _arrives(self, message: Message) -> Request | None:
        if message.name is None:
            return None
        request = self.asked[message.id] = self.server.gate.arrive(message.name)
        return request

    def _replies(self) -> None:
        with self.upstream.makefile("rb") as stream, contextlib.suppress(OSError, ValueError, struct.error):
            for message in self.server.read_replies(stream):
                asked = self.asked.pop(message.answers, None)
                if not self._pass_on(message, asked, self.server.gate.after, self.request):
                    break
        self.cut()

    def _pass_on(self, message: Message, request: Request | None, decide: Decision, to: socket.socket) -> bool:
        verdict = decide(request) if request else Verdict.FORWARD
        if verdict is not Verdict.CUT:
            to.sendall(message.data if verdict is Verdict.FORWARD else message.data[: len(message.data) // 2])
        return verdict is Verdict.FORWARD

    def finish(self) -> None:
        self.cut()
        self.replies.join()
        self.upstream.close()
        self.server.connections.discard(self)

    def cut(self) -> None:
        for each in (self.request, self.upstream):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
