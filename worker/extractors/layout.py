"""Arranges a page's words into rows in reading order, and splits rows into cells at wide gaps.

PDFs store text in any order: forms draw their template first and all values after it. Rows by position reunite
each label with its value. Prose in two columns is read column by column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from statistics import median

Box = tuple[float, float, float, float]  # left, top, right, bottom; y grows downwards

# In multiples of the line's height, a space is about 0.2, and up to 0.5 in justified text.
_CELL_GAP = 0.6
OCR_GAP = 1.0  # boxes of recognised words end with the letters, and spaces vary
_COLUMN_GAP = 0.55  # of that, before a word that begins where cells of several other rows begin
_FEWEST_ALIGNED = 3
_COMB_GAP = 1.5
_SAME_ROW = 0.45
_FEWEST_COLUMN_ROWS = 8


@dataclass(kw_only=True, slots=True)  # not frozen, since that makes each of thousands take twice as long
class Word:
    """``base`` is its baseline's distance from the top of the page; ``confidence`` is 0 to 1."""

    text: str
    box: Box
    base: float
    confidence: float = 1.0

    @property
    def height(self) -> float:
        return max(1.0, self.box[3] - self.box[1])


@dataclass(kw_only=True, slots=True)
class Piece:
    """A cell."""

    text: str
    box: Box
    confidence: float


Row = list[Piece]


Edge = tuple[float, float, float]  # x, top, bottom of a vertical line


def rows(words: Sequence[Word], edges: Sequence[Edge] = (), gap: float = _CELL_GAP) -> list[Row]:
    """Arrange the words into rows from top to bottom, each split into cells from left to right.

    Cells end at wide gaps, and at lines drawn between two words.
    """
    sides = [sorted(line, key=_left) for line in _lines(words)]
    page = [_cells(line, frozenset(), edges, gap) for line in sides]
    starts = Counter(round(piece.box[0]) for row in page for piece in row[1:])
    columns = frozenset(near for left, times in starts.items() if times >= _FEWEST_ALIGNED for near in _near(left))
    for at, line in enumerate(sides):
        if len(page[at]) == len(line):  # each word is a cell already
            continue
        begun = {piece.box[0] for piece in page[at]}
        if any(round(word.box[0]) in columns and word.box[0] not in begun for word in line):
            page[at] = _cells(line, columns, edges, gap)
    return _in_columns(page)


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    lines: list[list[Word]] = []
    base = height = 0.0
    for word in sorted(words, key=attrgetter("base")):
        down = word.base - base
        if lines and (down == 0 or down <= _SAME_ROW * min(word.height, height)):
            lines[-1].append(word)
        else:
            lines.append([word])
            base, height = word.base, min(word.height, 30.0)
    return lines


def _left(word: Word) -> float:
    return word.box[0]


def _near(left: int) -> tuple[int, int, int]:
    return left - 1, left, left + 1


def text_of(page: Sequence[Row]) -> str:
    return "\n".join("  ".join(piece.text for piece in row) for row in page)


def _cells(line: Sequence[Word], columns: frozenset[int], edges: Sequence[Edge], gap: float) -> Row:
    if len(line) == 1:
        return [Piece(text=line[0].text, box=line[0].box, confidence=line[0].confidence)]
    heights = sorted([word.box[3] - word.box[1] for word in line])
    height = max(1.0, heights[3 * len(heights) // 4])
    middle = (line[0].box[1] + line[0].box[3]) / 2
    crossing = [x for x, top, bottom in edges if top <= middle <= bottom]
    groups: list[list[Word]] = [[line[0]]]
    for last, word in pairwise(line):
        left, right = last.box[2], word.box[0]
        between = bool(crossing) and any(left - 1 <= x <= right + 1 for x in crossing)
        if len(last.text) == len(word.text) == 1:  # a field with a box for each character
            between, limit = False, _COMB_GAP
        else:
            limit = _COLUMN_GAP * gap if columns and round(right) in columns else gap
        if not between and right - left <= limit * height:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [_piece(group) for group in groups]


def _piece(words: Sequence[Word]) -> Piece:
    if len(words) == 1:
        return Piece(text=words[0].text, box=words[0].box, confidence=words[0].confidence)
    lefts, tops, rights, bottoms = zip(*[word.box for word in words], strict=True)
    box = (min(lefts), min(tops), max(rights), max(bottoms))
    confidence = min([word.confidence for word in words])
    return Piece(text=" ".join([word.text for word in words]), box=box, confidence=confidence)


def _in_columns(page: list[Row]) -> list[Row]:
    gutter = _gutter(page)
    if gutter is None:
        return page
    ordered: list[Row] = []
    left: list[Row] = []
    right: list[Row] = []
    for row in page:
        if any(piece.box[0] < gutter < piece.box[2] for piece in row):
            ordered += left + right + [row]
            left, right = [], []
            continue
        left += [part] if (part := [piece for piece in row if piece.box[2] <= gutter]) else []
        right += [part] if (part := [piece for piece in row if piece.box[0] >= gutter]) else []
    return ordered + left + right


def _gutter(page: Sequence[Row]) -> float | None:
    """The x position between two columns of prose; None for other layouts, such as labels beside values."""
    pairs = [row for row in page if len(row) == 2]
    if len(pairs) < _FEWEST_COLUMN_ROWS or 2 * len(pairs) < len(page):
        return None
    start, end = max(left.box[2] for left, _ in pairs), min(right.box[0] for _, right in pairs)
    if start >= end:
        return None
    full = [min(_fullness([pair[side] for pair in pairs]), 1.0) for side in (0, 1)]
    wordy = [median(pair[side].text.count(" ") for pair in pairs) >= 3 for side in (0, 1)]
    return (start + end) / 2 if min(full) > 0.7 and all(wordy) else None


def _fullness(column: Sequence[Piece]) -> float:
    """The share of the column's width that its lines fill: high for prose, low for labels and values."""
    width = max(piece.box[2] for piece in column) - min(piece.box[0] for piece in column)
    return median(piece.box[2] - piece.box[0] for piece in column) / max(width, 1.0)
