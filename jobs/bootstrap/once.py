"""Values built once, on first use, even if threads race for them.

functools' ``cache`` lets racing threads build a value twice, and so does its ``cached_property`` since
Python 3.12. A second MongoDB client or blob store would keep its connections and never be closed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801  # used like functools.cache
    """Wraps a function without arguments and keeps its first result."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._built: list[T] = []
        self._lock = threading.RLock()

    def __call__(self) -> T:
        with self._lock:
            if not self._built:
                self._built.append(self._build())
            return self._built[0]

    def cache_clear(self) -> None:
        with self._lock:
            self._built.clear()


class part(Generic[T]):  # noqa: N801  # used like functools.cached_property
    """A property computed once per object. Later reads find it in the object's ``__dict__`` and take no lock.

    The function must not wait for a server, because other threads wait for it.
    """

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self._lock: AbstractContextManager[object] = threading.RLock()
        self.__doc__ = build.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, whole: None, owner: type) -> Self: ...
    @overload
    def __get__(self, whole: object, owner: type) -> T: ...
    def __get__(self, whole: object | None, owner: type) -> Self | T:
        if whole is None:
            return self
        with self._lock:
            parts = vars(whole)
            if self._name not in parts:
                parts[self._name] = self._build(whole)
            built: T = parts[self._name]
            return built


class asking_part(part[T]):  # noqa: N801
    """A ``part`` whose function asks a server, or takes such a part.

    Without a lock, in which threads would each wait for a timeout in turn while the server is down. Racing threads may
    build it twice, so it must hold no connection of its own.
    """

    def __init__(self, build: Callable[[Any], T]) -> None:
        super().__init__(build)
        self._lock = nullcontext()
