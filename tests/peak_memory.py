"""Runs a command's code and writes the most memory that its process held: ``python -m tests.peak_memory FILE ARG…``.

Not ``ru_maxrss``, which begins with the memory of the process that started this one.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path


def peak_bytes(pid: int | str = "self") -> int:
    """The most memory that a living process has held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    written, exit_at_once = Path(sys.argv[1]), os._exit

    def leave(code: int) -> None:
        written.write_text(str(peak_bytes()))
        exit_at_once(code)

    os._exit = leave  # type: ignore[assignment]  # how ``jobs.exits`` ends a process
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
