"""Starts processes quickly, by forking a process that has already imported everything.

    python -m tests.integration.crashes.warm

reads one line of JSON per request from standard input and answers each with one line. A fork runs ``manage.py`` with
the given arguments, or calls a method of the service (``service delete JOB_ID``).
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes import ROOT, wait_until


@dataclass(frozen=True, kw_only=True)
class Fork:
    """A process started by ``Forks``."""

    forks: Forks
    pid: int
    log: Path

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while the process runs. Do not call again once it has ended."""
        return self.forks.ask(poll=self.pid)

    def wait(self) -> int:
        codes: list[int] = []

        def ended() -> bool:
            code = self.poll()
            if code is not None:
                codes.append(code)
            return bool(codes)

        wait_until(ended, pause=0.005)
        return codes[0]


class Forks:
    """The prepared process, which forks on request."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._folder = folder
        self._started = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.crashes.warm"],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def start(self, *arguments: str, **environment: str) -> Fork:
        self._started += 1
        log = self._folder / f"{self._started}.log"
        pid = self.ask(start=arguments, environment=environment, log=str(log))
        return Fork(forks=self, pid=pid, log=log)

    def ask(self, **request: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the prepared process has ended"
        return json.loads(answer)

    def close(self) -> None:
        self._process.communicate(timeout=10)


def _serve() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        answer = _start(request) if "start" in request else _poll(request["poll"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _start(request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _become(request)
    return pid


def _poll(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(request: dict[str, Any]) -> None:
    """In the fork, do the requested work and exit."""
    from jobs.exits import leave

    log = os.open(request["log"], os.O_CREAT | os.O_WRONLY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.environ.update(request["environment"])
    code: object = 1
    try:
        code = _work(request["start"])
    except SystemExit as end:
        code = end.code
    except Exception:  # noqa: BLE001  like the interpreter for an uncaught error
        sys.excepthook(*sys.exc_info())
    leave(code if isinstance(code, int) else int(code is not None))


def _work(arguments: list[str]) -> int:
    import manage
    from jobs.bootstrap import application
    from jobs.domain.audit import Actor
    from jobs.domain.errors import FilesureError
    from jobs.exits import exit_code

    program, name, *rest = arguments
    if program == "manage":
        sys.argv = ["manage.py", name, *rest]
        manage.main()
        return 0
    try:
        getattr(application().service, name)(*rest, Actor(name="tests"))
    except FilesureError as error:
        sys.stderr.write(f"{error}\n")
        return exit_code(error)
    return 0


def _load() -> None:
    """Import everything that forks need, but not the configuration, which each fork reads itself."""
    import django

    django.setup()
    for module in (
        "azure.storage.blob",
        "jobs.adapters.azure_blob",
        "worker.management.commands.process_job",
        "worker.sources.directory",
    ):
        importlib.import_module(module)
    from jobs.configuration.table import current

    current.cache_clear()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "filesure_site.settings"
    _load()
    _serve()
