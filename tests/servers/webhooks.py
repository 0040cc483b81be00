"""A webhook server over raw sockets, which behaves well or badly, and records what it receives."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebhookServer:
    """``answers``: what to do with the next requests; afterwards all succeed.

    An answer is the bytes to send, or ``hang`` (silence), ``drip`` (a byte of a header at a time) or ``close``.
    """

    port: int = 0
    received: list[Received] = field(default_factory=list)
    answers: list[bytes | str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=1"

    def serve(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        while not self.stopped.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                threading.Thread(target=self._handle, args=(connection, tls), daemon=True).start()

    def _handle(self, plain: socket.socket, tls: ssl.SSLContext | None) -> None:
        with contextlib.suppress(OSError), plain:
            connection = tls.wrap_socket(plain, server_side=True) if tls else plain
            with connection:
                self.received.append(_read(connection))
                self._answer(connection, self.answers.pop(0) if self.answers else ok())

    def _answer(self, connection: socket.socket, answer: bytes | str) -> None:
        if answer == "hang":
            self.stopped.wait(30)
        elif answer == "drip":
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.stopped.wait(0.02):
                connection.sendall(b"x")
        elif isinstance(answer, bytes):
            connection.sendall(answer)


def ok() -> bytes:
    return status(200)


def status(code: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {code} Some reason", "Content-Length: 0", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


def _read(connection: socket.socket) -> Received:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += _more(connection)
    return Received(first.split()[1], headers, body)


def _more(connection: socket.socket) -> bytes:
    if data := connection.recv(65536):
        return data
    raise ConnectionError


@contextlib.contextmanager
def webhook_server(tls: ssl.SSLContext | None = None) -> Iterator[WebhookServer]:
    """A server on a free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        server = WebhookServer(port=listener.getsockname()[1])
        thread = threading.Thread(target=server.serve, args=(listener, tls), daemon=True)
        thread.start()
        yield server
        server.stopped.set()
        thread.join(5)
