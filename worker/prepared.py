"""``python -m worker.prepared FD``: a process from which the local scaler forks its workers.

It has loaded what a worker needs, which is four fifths of an idle worker's time, but has no connection and no thread,
so that a fork is safe. A forked worker has its own session, signals, limits and exit code, like one that is started.

It talks to the scaler over the socket FD in lines of JSON: ``{"environment": …}`` starts a worker and is answered with
``{"started": pid}``; ``{"signal": number, "pid": pid}`` signals one; ``{"ended": pid, "code": code}`` reports an end.
It alone reaps its workers, so a signal never reaches a later process with the same id. It exits when the scaler has
gone.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

from jobs.exits import leave

ARGUMENTS = ["manage.py", "process_job", "--claim", "--no-progress"]
_LOADED = (
    "jobs.adapters.file_blob",
    "jobs.adapters.prometheus",
    "worker.bootstrap",
    "worker.processing",
    "worker.sources.simulated",
    "worker.sources.directory",
)


def load() -> None:
    """Import what a worker imports, without connecting."""
    for name in _LOADED:
        import_module(name)
    # Forked workers share these objects' memory as long as nothing counts their references again.
    gc.collect()
    gc.freeze()


class Nursery:
    """Forks, signals and reaps workers as the scaler asks."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._children: set[int] = set()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the scaler closes the socket."""
        received = b""
        while True:
            ready, _, _ = select.select([self._channel.fileno(), self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._reap()
            if self._channel.fileno() in ready:
                part = b""
                with contextlib.suppress(ConnectionError):
                    part = self._channel.recv(65536)
                if not part:
                    return
                *lines, received = (received + part).split(b"\n")
                for line in lines:
                    self._act(json.loads(line))

    def _act(self, asked: Mapping[str, Any]) -> None:
        if "environment" in asked:
            pid = os.fork()
            if pid == 0:
                self._become_worker(asked["environment"])
            self._children.add(pid)
            self._tell({"started": pid})
        elif asked["pid"] in self._children:
            os.kill(asked["pid"], asked["signal"])

    def _reap(self) -> None:
        for pid in list(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._children.remove(pid)
                self._tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})

    def _tell(self, what: Mapping[str, int]) -> None:
        with contextlib.suppress(ConnectionError):  # the scaler has gone, which serve() notices
            self._channel.sendall(json.dumps(what).encode() + b"\n")

    def _become_worker(self, environment: Mapping[str, str]) -> NoReturn:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for descriptor in (self._channel.fileno(), self._woken, self._wake):
            os.close(descriptor)
        os.environ.update(environment)
        leave(_run())


def _run() -> int:
    from worker.processing import main as process

    try:
        return process(ARGUMENTS[2:])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)


def main(descriptor: int) -> None:
    from worker.extractors.confinement import hide_memory

    hide_memory()
    channel = socket.socket(fileno=descriptor)
    load()
    Nursery(channel).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
    leave(0)
