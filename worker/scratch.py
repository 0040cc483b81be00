"""The worker's temporary files, which carry the process id in their name, and what a killed worker left of them."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from jobs.domain.errors import LocalDiskError


def temporary_file() -> IO[bytes]:
    """Removed when it is closed. Raises LocalDiskError where there is no room."""
    try:
        return tempfile.NamedTemporaryFile(prefix=_prefix(os.getpid()))
    except OSError as error:
        raise LocalDiskError(f"The worker has no room for temporary files: {error.strerror}.") from error


def write(file: IO[bytes], chunk: bytes) -> None:
    """Write through to the disk's buffers: a reader in another process comes next."""
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        raise LocalDiskError(f"The worker cannot write to {tempfile.gettempdir()}: {error.strerror}.") from error


def sweep(pid: int) -> None:
    """Remove what the worker of this process id left behind. Only once that process has been reaped."""
    for leftover in Path(tempfile.gettempdir()).glob(f"{_prefix(pid)}*"):
        with suppress(OSError):
            leftover.unlink()


def _prefix(pid: int) -> str:
    return f"filesure-{pid}-"
