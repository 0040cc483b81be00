"""Lets a test decide which actor runs next: each call to a port waits until the test allows it.

An actor is a function that calls ports from its own thread. Only one thread runs at any time, so a test can produce
every interleaving, and the same steps always have the same result.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum
from typing import Any

from jobs.domain.errors import DatabaseUnavailable, FilesureError

PATIENCE = 60
#: Every fifth call; a prime, so that calls which repeat in a pattern all get their turn.
SOME = 5


class Reply(Enum):
    """The fate of a call."""

    ARRIVES = "arrives"
    LOST = "lost"
    """The call took effect, but the actor gets an error."""
    NEVER_SENT = "never sent"
    """The call had no effect, and the actor gets an error."""


class Killed(BaseException):
    """The actor's process was killed. A BaseException, so that no ``except Exception`` catches it."""


class Actor:
    """``call`` is the port method that the actor is about to call; None once it has ended."""

    def __init__(self, name: str, act: Callable[[Actor], object]) -> None:
        self.name = name
        self.call: str | None = None
        self.failure: Exception | None = None
        self._reply = Reply.ARRIVES
        self._dead = False
        self._turn, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live, args=[act], daemon=True, name=name)
        self._thread.start()
        self._await()

    def _live(self, act: Callable[[Actor], object]) -> None:
        try:
            act(self)
        except (FilesureError, Killed):
            pass
        except Exception as error:  # noqa: BLE001  raised again in the test's thread
            self.failure = error
        self.call = None
        self._done.release()

    def _await(self) -> None:
        assert self._done.acquire(timeout=PATIENCE), f"{self.name} hangs in {self.call}"
        if self.failure:
            raise self.failure

    def step(self, reply: Reply = Reply.ARRIVES) -> None:
        """Let the actor make its call and continue up to the next one."""
        self._reply = reply
        self._turn.release()
        self._await()

    def finish(self) -> None:
        while self.call:
            self.step()

    def kill(self) -> None:
        self._dead = True
        while self.call:
            self.step()

    def passes(self, call: str, act: Callable[[], Any]) -> Any:
        """In the actor's thread, wait for the turn, then make the call."""
        if self._dead:
            raise Killed
        self.call = call
        self._done.release()
        self._turn.acquire()
        reply = self._reply
        if self._dead:
            raise Killed
        if reply is Reply.NEVER_SENT:
            raise DatabaseUnavailable("The test cut the connection.")
        result = act()
        if reply is Reply.LOST:
            raise DatabaseUnavailable("The test cut the connection.")
        return result


class Stepped:
    """A port on which every call is one step of an actor."""

    def __init__(self, port: Any, actor: Actor) -> None:
        self._port = port
        self._actor = actor

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._actor.passes(name, lambda: method(*args, **kwargs))

        return call


class SameThread:
    """A ``ThreadPoolExecutor`` that runs each task at once in the submitting thread."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def submit(self, act: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(act(*args))
        except Exception as error:  # noqa: BLE001  stored in the future, as in the original
            future.set_exception(error)
        return future

    def shutdown(self, **_: object) -> None:
        pass
