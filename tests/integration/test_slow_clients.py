"""Clients that send slowly, never, or too much: they hold a socket each, but no thread of the site."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.processes import ROOT, plain_environment, wait_until
from tests.servers import free_port

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"

pytestmark = pytest.mark.own_mongodb


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Iterator[int]:
    """A site of one process with two threads, without MongoDB."""
    port = free_port()
    settings = {"DATA_DIR": str(tmp_path_factory.mktemp("data")), "WEB_PROCESSES": "1", "WEB_THREADS": "2"}
    arguments = ["-m", "gunicorn", "--config", "filesure_site/gunicorn_conf.py", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=plain_environment() | settings) as process:
        try:
            wait_until(lambda: _is_healthy(port))
            yield port
        finally:
            process.terminate()
            process.wait(40)


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def connected(port: int, data: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(data)
    return client


def answered(client: socket.socket, *, times: int = 1) -> bytes:
    """All of the connection's answers, until the server closes it or has sent ``times`` of them."""
    received = b""
    while received.count(b"ok\n") < times and (data := client.recv(65536)):
        received += data
    return received


@pytest.mark.parametrize(
    "beginning",
    [b"", b"GET /healthz HTTP/1.1\r\nHo", POST + b"Content-Length: 1000\r\n\r\nhalf", REQUEST + b"GET /healthz"],
    ids=["idle", "half a header", "half a body", "half a second request"],
)
def test_200_slow_clients_hold_no_thread(port, beginning):
    with ExitStack() as slow:
        for _ in range(200):
            slow.enter_context(connected(port, beginning))
        assert _is_healthy(port)


def test_long_address_reaches_the_page(port):
    with connected(port, REQUEST.replace(b"/healthz", b"/healthz?q=" + 30_000 * b"x")) as client:
        assert answered(client).startswith(b"HTTP/1.1 200")


def test_request_may_arrive_in_pieces(port):
    with connected(port) as client:
        for at in range(0, len(REQUEST), 9):
            client.sendall(REQUEST[at : at + 9])
        assert answered(client).startswith(b"HTTP/1.1 200 OK")


def test_pipelined_requests_are_answered_in_order(port):
    with connected(port, REQUEST * 3) as client:
        assert answered(client, times=3).count(b"HTTP/1.1 200 OK") == 3


def test_kept_alive_connection_serves_later_requests(port):
    with connected(port) as client:
        for _ in range(3):
            client.sendall(REQUEST)
            assert answered(client).startswith(b"HTTP/1.1 200 OK")


def test_large_body_reaches_the_view(port):
    body = b"x" * 3_000_000
    with connected(port, POST + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body) as client:
        assert answered(client).startswith(b"HTTP/1.1 403 Forbidden")  # no CSRF token


def test_client_that_expects_permission_gets_it(port):
    with connected(port, POST + b"Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n") as client:
        assert client.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.sendall(b"a=b")
        assert b"HTTP/1.1 403 Forbidden" in answered(client)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (POST + b"Content-Length: 20000001\r\n\r\n", b"413"),
        (POST + b"Content-Length: %s\r\n\r\n" % (b"9" * 40), b"413"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 70_000, b"431"),
        (POST + b"Content-Length: five\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_requests_that_cannot_be_read_are_refused(port, request_, status):
    with connected(port, request_) as client:
        assert client.recv(100).split()[1] == status
    assert _is_healthy(port)


def test_slow_request_gets_an_end(port):
    with connected(port, b"GET /healthz HTTP/1.1\r\n") as client:
        assert answered(client).startswith(b"HTTP/1.1 408 Request Timeout")
