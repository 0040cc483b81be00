"""Wakes this machine's scaler when a job becomes due: a named pipe in DATA_DIR."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_NAME = "scaler.wake"


def open_pipe(data_dir: Path) -> int:
    """The pipe's file descriptor, for the scaler; it never blocks and stays open without writers.

    Raises OSError if the folder has no room for pipes.
    """
    path = data_dir / _NAME
    with contextlib.suppress(FileExistsError):
        data_dir.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path, 0o600)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK)


def wake(data_dir: Path) -> None:
    """Wake the scaler, if one listens. Without it, the scaler finds the job within POLL_SECONDS."""
    with contextlib.suppress(OSError):  # no pipe, nobody listens, or the scaler is already being woken
        pipe = os.open(data_dir / _NAME, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(pipe, b"\0")
        finally:
            os.close(pipe)
