"""Kills, freezes or stops a process at its n-th request."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from tests.integration.crashes.scene import Scene
from tests.integration.crashes.warm import Fork
from tests.processes import wait_until
from tests.servers.proxy import Request, Verdict

PATIENCE = 60


class _Trap:
    def __init__(self, number: int) -> None:
        self.number = number
        self.fork: Future[Fork] = Future()
        self.name = ""
        self.caught = threading.Event()

    def __call__(self, request: Request) -> Verdict:
        if request.number != self.number:
            return Verdict.FORWARD
        self.name = request.name
        return self.spring(self.fork.result(PATIENCE))

    def spring(self, fork: Fork) -> Verdict:
        raise NotImplementedError


class _Killed(_Trap):
    def spring(self, fork: Fork) -> Verdict:
        fork.kill()
        self.caught.set()
        return Verdict.CUT


class _Frozen(_Trap):
    """Freezes the process; the request arrives late, when the process resumes."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.go_on = threading.Event()

    def spring(self, fork: Fork) -> Verdict:
        fork.kill(signal.SIGSTOP)
        self.caught.set()
        self.go_on.wait(PATIENCE)
        fork.kill(signal.SIGCONT)
        return Verdict.FORWARD


class _Stopped(_Trap):
    """Sends SIGTERM; the request is forwarded."""

    def spring(self, fork: Fork) -> Verdict:
        fork.kill(signal.SIGTERM)
        self.caught.set()
        return Verdict.FORWARD


def requests_of(scene: Scene, *arguments: str) -> list[str]:
    """The names of the requests that an undisturbed process makes."""
    scene.gate.open()
    code = scene.start(*arguments).wait()
    assert code == 0, (arguments, code)
    return [request.name for request in scene.gate.requests]


def kill_at(scene: Scene, number: int, *arguments: str) -> str:
    """Start a process and kill it at this request. Returns the request's name; empty if there are fewer requests."""
    name, _ = _trapped(scene, _Killed(number), *arguments)
    return name


def stop_at(scene: Scene, number: int, *arguments: str) -> tuple[str, int]:
    """The same with SIGTERM. Returns the exit code too."""
    return _trapped(scene, _Stopped(number), *arguments)


def _trapped(scene: Scene, trap: _Trap, *arguments: str) -> tuple[str, int]:
    scene.gate.open(before=trap)
    fork = scene.start(*arguments)
    trap.fork.set_result(fork)
    code = fork.wait()
    return trap.name, code


def cut_at(scene: Scene, number: int, when: str, verdict: Verdict, *arguments: str) -> str:
    """Start a process and cut its connection at this request or its reply. Returns the request's name."""
    names = []

    def decide(request: Request) -> Verdict:
        if request.number != number:
            return Verdict.FORWARD
        names.append(request.name)
        return verdict

    scene.gate.open(**{when: decide})
    fork = scene.start(*arguments)
    assert fork.wait() in (0, 1, 3), fork.log.read_text()
    return names[0] if names else ""


@contextmanager
def frozen_at(scene: Scene, number: int, *arguments: str) -> Iterator[str]:
    """Freeze a process at this request during the block. Yields the request's name; empty if there are fewer."""
    trap = _Frozen(number)
    scene.gate.open(before=trap)
    fork = scene.start(*arguments)
    trap.fork.set_result(fork)
    codes: list[int | None] = []
    try:
        wait_until(lambda: trap.caught.is_set() or _ended(fork, codes), pause=0.005)
        yield trap.name
    finally:
        trap.go_on.set()
        if not codes:
            codes.append(fork.wait())
    assert codes[0] in (0, 1, 2, 3), fork.log.read_text()
    assert "Traceback" not in fork.log.read_text()


def _ended(fork: Fork, codes: list[int | None]) -> bool:
    code = fork.poll()
    if code is not None:
        codes.append(code)
    return bool(codes)
