"""The text layer of a page: pdfium's words with their positions."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from worker.extractors.layout import Edge, Row, Word, rows, text_of

_WORD = re.compile(r"\S+")
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

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        if self.quarters == 0:
            x, y = self.left, self.bottom + self.height
            return (round(left - x, 1), round(y - top, 1), round(right - x, 1), round(y - bottom, 1))
        (x0, y0), (x1, y1) = self.point(left, bottom), self.point(right, top)
        return (round(min(x0, x1), 1), round(min(y0, y1), 1), round(max(x0, x1), 1), round(max(y0, y1), 1))

    @property
    def area(self) -> float:
        return max(1.0, self.width * self.height)


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
    first, last = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    index_of, loose, origin = (
        pdfium.FPDFText_GetCharIndexFromTextIndex,
        pdfium.FPDFText_GetLooseCharBox,
        pdfium.FPDFText_GetCharOrigin,
    )
    for match in _WORD.finditer(raw):
        text = clean(match.group())
        start = index_of(text_page, match.start())
        end = index_of(text_page, match.end() - 1) if len(match.group()) > 1 else start
        if not text or start < 0 or not loose(text_page, start, first) or not origin(text_page, start, x, y):
            continue
        if end < 0 or end == start or not loose(text_page, end, last) or "\ufffe" in match.group():
            last = first
        box = frame.box(*_around(first, last))
        yield Word(text=text, box=box, base=frame.point(x.value, y.value)[1])
        last = pdfium.FS_RECTF() if last is first else last


def _around(first: Any, last: Any) -> tuple[float, float, float, float]:
    """The box around a word's first and last letter, for any direction of the text."""
    left, bottom, right, top = first.left, first.bottom, first.right, first.top
    if last is not first:
        left, right = min(left, last.left), max(right, last.right)
        bottom, top = min(bottom, last.bottom), max(top, last.top)
    return left, bottom, right, top


def _mostly_vertical(text_page: Any, frame: Frame, raw: str) -> bool:
    """Whether most text runs up or down the page, so that rows by height would break it apart."""
    long = [match for match in _WORD.finditer(raw) if len(match.group()) > 3][:_SAMPLED]
    return sum(_is_vertical(text_page, frame, match) for match in long) * 2 > len(long)


def _is_vertical(text_page: Any, frame: Frame, match: re.Match[str]) -> bool:
    ends = []
    for index in (match.start(), match.end() - 1):
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium.FPDFText_GetCharOrigin(text_page, pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, index), x, y)
        ends.append(frame.point(x.value, y.value))
    (x0, y0), (x1, y1) = ends
    return abs(y1 - y0) > abs(x1 - x0)
