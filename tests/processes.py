"""What tests need that start processes."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def wait_until(condition: Callable[[], object], seconds: float = 90) -> None:
    """Wait for what comes in a second or two, and on a busy machine later. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def plain_environment() -> dict[str, str]:
    """This process's environment without what would steer Filesure."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONDONTWRITEBYTECODE")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"METRICS_PORT": "0"}


def processor_seconds(run: Callable[[], object]) -> float:
    """What the processes that this starts and waits for take of the processor: on a busy machine not much more."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
