"""Lays a form out as pages: captions on the left, values on the right, and tables below."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worker.sources.simulated_pdf import win_ansi

CAPTION_X, VALUE_X = 40, 300
NOTE = "Simulated for demonstration. No such filing exists."
_TOP, _BOTTOM, _LEADING = 790, 60, 16
_CAPTION_WIDTH, _VALUE_WIDTH = 48, 52  # characters
_RADIO_WIDTH, _OPTION_GAP = 12, 26
_CHARACTER = 4.6  # width of one in Helvetica 9, on average


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells below a heading. ``columns`` are the horizontal positions."""

    title: str
    columns: Sequence[int]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A text, or with ``selected`` not None a radio button, at a position in points from the lower left corner."""

    x: float
    y: float
    text: str = ""
    selected: bool | None = None


def lines_of(caption: str, shown: str) -> list[tuple[str, str]]:
    """Caption and value as they stand in one or more lines."""
    left = textwrap.wrap(win_ansi(caption), _CAPTION_WIDTH) or [""]
    right = textwrap.wrap(win_ansi(shown), _VALUE_WIDTH) or [""]
    height = max(len(left), len(right))
    left += [""] * (height - len(left))
    right += [""] * (height - len(right))
    return list(zip(left, right, strict=True))


class Layout:
    """Places texts from top to bottom, and continues on a new page."""

    def __init__(self, heading: Sequence[str]) -> None:
        self._heading = heading
        self._captions: list[list[Drawn]] = []
        self._values: list[list[Drawn]] = []
        self._new_page()

    def pages(self) -> list[list[Drawn]]:
        """On each page all captions are drawn before all values, as the Ministry's printed forms do."""
        count = len(self._captions)
        places = zip(self._captions, self._values, strict=True)
        return [
            [*captions, *values, Drawn(x=CAPTION_X, y=30, text=f"{NOTE} Page {number} of {count}")]
            for number, (captions, values) in enumerate(places, start=1)
        ]

    def answer(self, caption: str, shown: str, options: Sequence[str] = ()) -> None:
        lines = lines_of(caption, "" if options else shown)
        for at, (left, right) in enumerate(lines):
            y = self._next_line(len(lines) - at)
            self._draw(self._captions, CAPTION_X, y, left)
            if options and at == 0:
                self._values[-1] += _radios(y, options, shown)
            else:
                self._draw(self._values, VALUE_X, y, right)

    def table(self, table: Table) -> None:
        self._draw(self._captions, CAPTION_X, self._next_line(3), table.title)
        for row in table.rows:
            y = self._next_line(1)
            for x, cell in zip(table.columns, row, strict=True):
                self._draw(self._values, x, y, win_ansi(cell))

    def _draw(self, pages: list[list[Drawn]], x: float, y: float, text: str) -> None:
        if text:
            pages[-1].append(Drawn(x=x, y=y, text=text))

    def _next_line(self, needed: int) -> float:
        """The next free line; ``needed`` lines must stay on the same page."""
        if self._y - _LEADING * needed < _BOTTOM:
            self._new_page()
        self._y -= _LEADING
        return self._y

    def _new_page(self) -> None:
        self._captions.append([])
        self._values.append([])
        self._y: float = _TOP
        for line in self._heading:
            self._draw(self._captions, CAPTION_X, self._y, line)
            self._y -= _LEADING


def _radios(y: float, options: Sequence[str], selected: str) -> Iterator[Drawn]:
    x: float = VALUE_X
    for option in options:
        yield Drawn(x=x, y=y + 3, selected=option == selected)
        yield Drawn(x=x + _RADIO_WIDTH, y=y, text=option)
        x += _RADIO_WIDTH + _CHARACTER * len(option) + _OPTION_GAP
