"""How a run shows its progress."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[int, int], object]
"""Called with the number of documents that are done, and with their total."""


def ignored(_done: int, _total: int) -> None:
    """An ``OnProgress`` that does nothing."""
