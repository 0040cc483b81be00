"""A process that ``make run`` starts."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from jobs.configuration.table import BASE_DIR
from jobs.domain.errors import FilesureError

START_SECONDS = 60.0


class ServiceFailed(FilesureError):
    """A service did not start or ended unexpectedly."""

    kind = "service_failed"


@dataclass(kw_only=True)
class Service:
    """A child process. ``stop_seconds`` is the time it may take to end."""

    name: str
    process: subprocess.Popen[bytes]
    stop_seconds: float

    def check(self) -> None:
        """Raises ServiceFailed if the process has ended."""
        code = self.process.poll()
        if code is not None:
            raise ServiceFailed(f"The {self.name} ended unexpectedly with exit code {code}; see the lines above.")

    def stop(self) -> None:
        """Terminate the process; kill it if it does not end in time."""
        self.process.terminate()
        try:
            self.process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


def started(
    name: str, command: Sequence[str], stop_seconds: float, *, output: IO[bytes] | None = None, keep: Sequence[int] = ()
) -> Service:
    """Start a process that ignores the terminal's Ctrl-C and ends with this one, even after kill -9.

    ``output`` receives its output; ``keep`` are the files that it inherits.
    """
    process = subprocess.Popen(
        command,
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output and subprocess.STDOUT,
        pass_fds=keep,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509  safe: there are no threads
    )
    return Service(name=name, process=process, stop_seconds=stop_seconds)


def _end_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent dies. Linux only."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
