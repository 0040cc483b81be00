"""Azurite, Microsoft's test server for Azure Blob Storage, on a free port."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers import free_port, from_npm, stop

_ACCOUNT = "devstoreaccount1"
# Azurite's published test key.
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def connection_string(port: int, key: str = _KEY) -> str:
    endpoint = f"http://127.0.0.1:{port}/{_ACCOUNT}"
    return f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={key};BlobEndpoint={endpoint};"


@contextmanager
def azurite() -> Iterator[str]:
    """Start Azurite. Yields its connection string."""
    program = from_npm("Azurite", ".bin/azurite-blob")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="azurite-") as folder:
        command = [str(program), "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", folder]
        process = subprocess.Popen([*command, "--blobHost", "127.0.0.1", "--blobPort", str(port)])
        try:
            _wait(port, process)
            yield connection_string(port)
        finally:
            stop(process)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("Azurite did not start")
