"""Fields that are added to every log line: the current job, run and document.

Each thread has its own context. Use ``contextvars.copy_context().run`` to pass it to a pool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Fields = Mapping[str, object]

_fields: ContextVar[Fields] = ContextVar("log_context", default={})  # noqa: B039  never mutated


def current() -> Fields:
    return _fields.get()


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add fields during the block. Fields that are None are left out."""
    token = _fields.set({**_fields.get(), **{name: value for name, value in fields.items() if value is not None}})
    try:
        yield
    finally:
        _fields.reset(token)
