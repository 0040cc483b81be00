"""Servers that tests start for themselves, on free ports of this machine."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from pathlib import Path


class Unavailable(Exception):
    """A server that this machine cannot run: the message names what is missing and how to get it."""


def from_npm(name: str, path: str) -> Path:
    """A file that a package of npm brings, by its path in node_modules. Raises Unavailable."""
    found = Path(__file__).parent / "npm" / "node_modules" / path
    if not found.exists():
        raise Unavailable(f"{name} is missing: `make azurite` installs it (needs Node.js 20 or newer)")
    return found


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, path: str, process: subprocess.Popen[bytes], seconds: float) -> None:
    """Until this process answers at http://127.0.0.1:<port><path>."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nobody answers at port {port}")


def stop(process: subprocess.Popen[bytes], seconds: float = 10) -> None:
    """Ask a process to end, then make it."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
