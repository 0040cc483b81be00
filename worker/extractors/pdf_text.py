"""The text layer of a page: pdfium's words with their positions."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from math import nan
from typing import Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from worker.extractors.layout import Box, Edge, Row, Word, rows, text_of

_WORD, _LONG_WORD = re.compile(r"\S+"), re.compile(r"\S{4,}")
_SAMPLED = 16  # words whose direction is looked at
_DROPPED = str.maketrans({"\0": None, "\f": "\n", "\ufffe": "-"})  # pdfium writes U+FFFE for a hyphen at a line's end


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A page's coordinates as viewers show it: rotated by multiples of 90°, with the origin at the upper left."""

    left: float
    bottom: float
    width: float
    height: float
    quarters: int

    def point(self, x: float, y: float) -> tuple[float, float]:
        x, y = x - self.left, y - self.bottom
        if self.quarters == 0:  # almost every page, and called for each word
            return x, self.height - y
        turned = ((x, self.height - y), (y, x), (self.width - x, y), (self.height - y, self.width - x))
        return turned[self.quarters]

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        if self.quarters == 0:
            x, y = self.left, self.bottom + self.height
            return _rounded(left - x, y - top, right - x, y - bottom)
        (x0, y0), (x1, y1) = self.point(left, bottom), self.point(right, top)
        return _rounded(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    @property
    def area(self) -> float:
        return max(1.0, self.width * self.height)


def _rounded(left: float, top: float, right: float, bottom: float) -> Box:
    """Like ``round(…, 1)`` for each, but in a third of the time, which counts for each word."""
    try:
        return round(left * 10) / 10, round(top * 10) / 10, round(right * 10) / 10, round(bottom * 10) / 10
    except (OverflowError, ValueError):  # hostile files have infinite coordinates
        return round(left, 1), round(top, 1), round(right, 1), round(bottom, 1)


def frame_of(page: Any) -> Frame:
    rect = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, rect)
    quarters = pdfium.FPDFPage_GetRotation(page) % 4
    width, height = abs(rect.right - rect.left), abs(rect.top - rect.bottom)
    return Frame(left=rect.left, bottom=rect.bottom, width=width, height=height, quarters=quarters)


@contextmanager
def text_page_of(page: Any) -> Iterator[Any]:
    text_page = pdfium.FPDFText_LoadPage(page)
    try:
        yield text_page
    finally:
        if text_page:
            pdfium.FPDFText_ClosePage(text_page)


def read_text(text_page: Any, frame: Frame, most: int, edges: Sequence[Edge] = ()) -> tuple[str, list[Row]]:
    """The text in reading order, at most about ``most`` characters, and its rows; empty without a text layer."""
    raw = _characters(text_page, most)
    words = list(_words(text_page, frame, raw))
    if not words:
        return "", []
    if _mostly_vertical(text_page, frame, raw):
        return clean(raw), []
    page = rows(words, edges)
    return text_of(page), page


def clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_DROPPED)


def _characters(text_page: Any, most: int) -> str:
    count = min(pdfium.FPDFText_CountChars(text_page), most) if text_page else 0
    if count < 1:
        return ""
    # Twice the size: pdfium may write more than it counts (https://crbug.com/pdfium/2079).
    buffer = (ctypes.c_ushort * (2 * count + 2))()
    written = pdfium.FPDFText_GetText(text_page, 0, count, buffer)
    return bytes(buffer)[: 2 * max(0, written - 1)].decode("utf-16-le", "ignore")


def _words(text_page: Any, frame: Frame, raw: str) -> Iterator[Word]:
    first, last, x, y = pdfium.FS_RECTF(), pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    loose, origin, index_of = pdfium.FPDFText_GetLooseCharBox, pdfium.FPDFText_GetCharOrigin, _index_of(text_page, raw)
    unusual = "\0" in raw or "\ufffe" in raw
    turned, bottom, top, base = frame.quarters % 2 == 1, nan, nan, nan
    for match in _WORD.finditer(raw):
        text = clean(match.group()) if unusual else match.group()
        start, end = match.start(), match.end() - 1
        if index_of:
            start, end = index_of(text_page, start), index_of(text_page, end)
        if not text or start < 0 or not loose(text_page, start, first):
            continue
        if turned or first.bottom != bottom or first.top != top:  # otherwise on the same line as the word before
            if not origin(text_page, start, x, y):
                continue
            bottom, top, base = first.bottom, first.top, frame.point(x.value, y.value)[1]
        if end <= start or (unusual and "\ufffe" in match.group()) or not loose(text_page, end, last):
            box = frame.box(first.left, bottom, first.right, top)
        else:
            box = frame.box(*_around(first, last))
        yield Word(text=text, box=box, base=base)


def _index_of(text_page: Any, raw: str) -> Callable[[Any, int], int] | None:
    """Finds a character by its position in the text; None if they are equal, since no character lacks a text."""
    index_of: Callable[[Any, int], int] = pdfium.FPDFText_GetCharIndexFromTextIndex
    end = len(raw) - 1  # the index grows with the position, by one or more
    return index_of if end < 0 or index_of(text_page, 0) or index_of(text_page, end) != end else None


def _around(first: Any, last: Any) -> Box:
    """The box around a word's first and last letter, for any direction of the text."""
    left, bottom = min(first.left, last.left), min(first.bottom, last.bottom)
    return left, bottom, max(first.right, last.right), max(first.top, last.top)


def _mostly_vertical(text_page: Any, frame: Frame, raw: str) -> bool:
    """Whether most text runs up or down the page, so that rows by height would break it apart."""
    long = list(islice(_LONG_WORD.finditer(raw), _SAMPLED))
    return sum(_is_vertical(text_page, frame, match) for match in long) * 2 > len(long)


def _is_vertical(text_page: Any, frame: Frame, match: re.Match[str]) -> bool:
    ends = []
    for index in (match.start(), match.end() - 1):
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium.FPDFText_GetCharOrigin(text_page, pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, index), x, y)
        ends.append(frame.point(x.value, y.value))
    (x0, y0), (x1, y1) = ends
    return abs(y1 - y0) > abs(x1 - x0)
