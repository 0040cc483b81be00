"""Python's search for garbage in web processes."""

from __future__ import annotations

import gc

_OBJECTS_PER_COLLECTION = 50_000


def collect_seldom() -> None:
    """Reading a company with thousands of filings makes 100,000 objects that all stay.

    By default, Python collects garbage after 700 new objects and searches these again and again: a third of the page's
    time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_PER_COLLECTION)
