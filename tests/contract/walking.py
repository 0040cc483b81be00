"""Reads lists page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jobs.domain.listing import Cursor, Page, parse_cursor

T = TypeVar("T")


def walked(read: Callable[[Cursor | None], Page[T]]) -> tuple[list[list[T]], list[list[T]]]:
    """The entries of all pages to the last one, and of those back to the first, both the first page first.

    Cursors are passed on as text.
    """

    def page(place: Cursor | None) -> Page[T]:
        return read(parse_cursor(str(place)) if place else None)

    pages = [page(None)]
    while pages[-1].next:
        pages.append(page(pages[-1].next))
    back = [pages[-1]]
    while back[-1].previous:
        back.append(page(back[-1].previous))
    return [each.items for each in pages], [each.items for each in reversed(back)]
