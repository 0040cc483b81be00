"""The worker's temporary files, named by process id so that those of a killed worker can be removed."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from jobs.domain.errors import LocalDiskError

_NAME = "filesure"
_DEAD_SECONDS = 3600


def temporary_file() -> IO[bytes]:
    """A file that is removed when it is closed. Raises LocalDiskError."""
    try:
        return tempfile.NamedTemporaryFile(prefix=_prefix(os.getpid()))
    except OSError as error:
        raise LocalDiskError(f"The worker has no room for temporary files: {error.strerror}.") from error


def write(file: IO[bytes], chunk: bytes) -> None:
    """Write and flush, because another process will read the file."""
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        raise LocalDiskError(f"The worker cannot write to {tempfile.gettempdir()}: {error.strerror}.") from error


def emptied(file: IO[bytes]) -> IO[bytes]:
    """The file without its content. Raises LocalDiskError."""
    try:
        file.seek(0)
        file.truncate()
    except OSError as error:
        raise LocalDiskError(f"The worker cannot write to {tempfile.gettempdir()}: {error.strerror}.") from error
    return file


def sweep(pid: int) -> None:
    """Remove the files that the worker with this process id left behind. Call only once it has been reaped."""
    for leftover in Path(tempfile.gettempdir()).glob(f"{_prefix(pid)}*"):
        with suppress(OSError):
            leftover.unlink()


def sweep_dead() -> int:
    """Remove files older than an hour whose worker is gone. Returns the number of files.

    The age protects workers in other containers that share the folder, whose process ids are unknown here.
    """
    removed = 0
    for path in Path(tempfile.gettempdir()).glob(f"{_NAME}-*"):
        with suppress(OSError, ValueError):
            if not _is_alive(int(path.name.split("-")[1])) and time.time() - path.stat().st_mtime > _DEAD_SECONDS:
                path.unlink()
                removed += 1
    return removed


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() if Path("/proc").exists() else True


def _prefix(pid: int) -> str:
    return f"{_NAME}-{pid}-"
