"""Servers that tests start on free ports of this machine."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from pathlib import Path


class Unavailable(Exception):
    """This machine cannot run a server; the message names what is missing and how to install it."""


def from_npm(name: str, path: str) -> Path:
    """A file of an npm package, by its path in node_modules. Raises Unavailable."""
    found = Path(__file__).parent / "npm" / "node_modules" / path
    if not found.exists():
        raise Unavailable(f"{name} is missing: `make azurite` installs it (needs Node.js 20 or newer)")
    return found


def free_port() -> int:
    """A free TCP port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, path: str, process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait until this process responds at http://127.0.0.1:<port><path>."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing responds at port {port}")


def stop(process: subprocess.Popen[bytes], seconds: float = 10) -> None:
    """Terminate a process; kill it if it does not end."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
