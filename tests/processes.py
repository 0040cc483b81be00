"""Shared by tests that start processes."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def wait_until(condition: Callable[[], object], seconds: float = 90, pause: float = 0.05) -> None:
    """Wait for a condition; the default limit suits a busy machine. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)


def plain_environment() -> dict[str, str]:
    """This process's environment without Filesure's settings."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONDONTWRITEBYTECODE")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "METRICS_PORT": "0",
        "ENV_FILE": os.devnull,
    }


def processor_seconds(run: Callable[[], object]) -> float:
    """CPU seconds of the processes that ``run`` starts and waits for; they hardly depend on a machine's load."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
