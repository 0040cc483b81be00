"""What every log line of a piece of work carries, said once: the job, the run, the document.

The context belongs to the thread. One that is handed to a pool takes it along with
``contextvars.copy_context().run``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Fields = Mapping[str, object]

_fields: ContextVar[Fields] = ContextVar("log_context", default={})  # noqa: B039  never changed


def current() -> Fields:
    """The fields of the work in hand."""
    return _fields.get()


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add these within the ``with`` block. None means unknown, and is left out."""
    token = _fields.set({**_fields.get(), **{name: value for name, value in fields.items() if value is not None}})
    try:
        yield
    finally:
        _fields.reset(token)
