"""The probe of the images' HEALTHCHECK."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.processes import ROOT, plain_environment
from tests.servers import free_port

pytestmark = pytest.mark.server


class Answers(BaseHTTPRequestHandler):
    """200 at one path, 503 elsewhere."""

    good = "/healthz"

    def do_GET(self) -> None:
        self.send_response(200 if self.path == self.good else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def probed(what: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "filesure_site.probe", what]
    environment = plain_environment() | settings
    return subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, timeout=30, check=False)


def test_answering_site_is_healthy(port):
    assert probed("web", PORT=str(port)).returncode == 0


def test_error_response_is_unhealthy(port):
    assert probed("worker", METRICS_PORT=str(port)).returncode == 1


def test_missing_server_is_reported():
    port = str(free_port())
    done = probed("web", PORT=port)
    assert (done.returncode, done.stderr.startswith(f"No response from port {port}: ")) == (1, True)
