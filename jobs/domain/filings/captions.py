"""Finds values by their captions on a page: beside the caption, after it in the same cell, or below it.

Forms print captions in several ways: numbered, starred, over several lines, as headers of columns. Whatever the
layout, the value is the nearest cell to the right, or the one below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jobs.domain.filings.reading import Box, Cell, Method, PageReading

_NUMBER = (
    r"(?:\(?(?:[0-9]{1,3}|[ivxlc]{1,6}|[a-z])[.,)]+|\([0-9a-z]{1,5}\)"
    r"|[0-9]{1,2}(?=\s*[*(])|[ivx]{1,5}(?=\s+[*(\w]))"
)
#: Text that may precede a caption: its number (``1.(a)``, ``iv``, ``(b)``) and the star of mandatory fields.
_BEGINNING = re.compile(rf"^(?:[^\w(]|(?-i:x(?=[A-Z]))|{_NUMBER})*", re.IGNORECASE)  # OCR takes stars for other marks
#: A cell that is another caption, and so no value. Names such as "A. K. Rao" are none.
_IS_CAPTION = re.compile(
    r"(?!\(x\))\s*(?:\*\s*[A-Za-z(]|\(?(?:[0-9]{1,2}|[ivx]{1,5})[.)][\s*(]*[A-Za-z]|\(?[a-z]\)[\s*(]*[A-Za-z]"
    r"|[0-9ivx]{1,4}\s*(?:\([a-z]\))?\s*\*[A-Za-z]|.{3,}:\s*$)"
)
#: Caption and value in one line, as in letters: ``Name of the company: Vindhya Limited``.
_PAIR = re.compile(r"[^:]{2,60}:\s+\S")
#: Hints inside captions, which are no values.
_HINT = re.compile(r"\((?:dd|in\s|rs|as\s|refer|if\s|yyyy|mm|cin|pan|din|srn|llpin|fcrn|₹)[^)]*\)", re.IGNORECASE)
_MOST_LINES = 5
_MOST_CELLS_WITHIN = 12
_MOST_HEIGHTS = 3  # of a cell, compared to its caption; OCR takes logos for tall words
_SHORT = 5
_MOST_CAPTION_AFTER = 60  # characters that a caption may continue after a label
_PLAIN = re.compile(r"[\W_]+")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A possible value: its text, box, and how certain its place makes it, from 0 to 1."""

    raw: str
    box: Box
    certainty: float
    where: str


class Captions:
    """The captions of one page. ``fits`` tells whether a text can be the value that is sought."""

    def __init__(self, page: PageReading) -> None:
        self._cells = page.cells
        # Boxes of the text layer include the space above and below; those of OCR end with the letters.
        self._recognised = page.method is Method.OCR
        self._leading = 0.8 if self._recognised else 0.3
        self._heads = [plain(_BEGINNING.sub("", cell.text)) for cell in page.cells]

    def beside(self, label: str, fits: Callable[[str], bool], *, typed: bool) -> Iterator[Candidate]:
        """Candidates for the label's value, best first for each place where the label stands.

        ``Date of passing > Resolution`` is the first caption "Resolution" soon after "Date of passing". ``Address$`` is
        the whole caption, as are labels as short as ``SRN``: "SRN of Form MGT-14" is another one.
        """
        outer, _, label = label.rpartition(" > ")
        wanted, within = plain(label), plain(outer)
        ends = 0
        for at, head in enumerate(self._heads):
            if within and head.startswith(within):
                ends = at + _MOST_CELLS_WITHIN
            if within and at > ends:
                continue
            if head.startswith(wanted) or (len(head) >= 4 and wanted.startswith(head)):
                lines = self._lines(at)
                after = _after(" ".join(line.text for line in lines), label)
                if after is not None:
                    ends = -1
                    whole = len(wanted) <= _SHORT or label.endswith("$")
                    yield from self._values(lines, after, fits, typed=typed, whole=whole)

    def _values(
        self, lines: list[Cell], after: str, fits: Callable[[str], bool], *, typed: bool, whole: bool
    ) -> Iterator[Candidate]:
        caption, _, value = after.partition(":")
        if value.strip() and len(caption) <= _MOST_CAPTION_AFTER:
            yield _candidate(lines[:1], value.strip(), 1.0, "after the caption")
        elif typed and fits(after):
            yield _candidate(lines[:1], after, 1.0, "after the caption")
        elif not (whole and caption.strip()) and len(caption) <= 3 * _MOST_CAPTION_AFTER:  # else a sentence
            yield from self._around(lines, fits, typed=typed)

    def _around(self, lines: list[Cell], fits: Callable[[str], bool], *, typed: bool) -> Iterator[Candidate]:
        right = self._right_of(lines)
        if right:
            raw = right[0].text if typed else " ".join(cell.text for cell in right)
            yield _candidate(right, raw, 1.0, "beside")
            return
        below = list(self._below(lines))
        if typed:
            found = next((cell for cell in below if fits(cell.text)), None)
        elif self._recognised:  # the marks that tell captions from values are often misread
            found = None
        else:
            found = next((cell for cell in below[:1] if not is_caption(cell.text) and not self._is_taken(cell)), None)
        if found:
            yield _candidate([found], found.text, 0.9 if typed else 0.7, "below")

    def _lines(self, at: int) -> list[Cell]:
        """The cell and the lines that continue it below."""
        lines = [self._cells[at]]
        for cell in self._cells[at + 1 :]:
            last = lines[-1]
            height = max(4.0, last.box[3] - last.box[1])
            if cell.box[1] > last.box[3] + height or len(lines) == _MOST_LINES:
                break
            aligned = -4 <= cell.box[0] - lines[0].box[0] <= 16
            follows = last.box[3] - 0.4 * height <= cell.box[1] <= last.box[3] + self._leading * height
            if not (aligned and follows):
                continue
            if is_caption(cell.text) or (_PAIR.match(lines[0].text) and _PAIR.match(cell.text)):
                break
            lines.append(cell)
        return lines

    def _right_of(self, lines: list[Cell]) -> list[Cell]:
        """The nearest cell to the right, with the lines that continue it; empty if the caption's field is."""
        edge = max(cell.box[2] for cell in lines)
        top, bottom = lines[0].box[1] - 3, lines[-1].box[3] + 3
        for line in lines:
            middle = (line.box[1] + line.box[3]) / 2
            same = [
                at
                for at, cell in enumerate(self._cells)
                if cell.box[1] - 2 <= middle <= cell.box[3] + 2
                and cell.box[0] >= line.box[2] - 1
                and cell.box[3] - cell.box[1] <= _MOST_HEIGHTS * (line.box[3] - line.box[1])
            ]
            if same:
                nearest = min(same, key=lambda at: self._cells[at].box[0])
                return [] if is_caption(self._cells[nearest].text) else self._continued(nearest, bottom)
        between = [
            at
            for at, cell in enumerate(self._cells)
            if top <= (cell.box[1] + cell.box[3]) / 2 <= bottom and cell.box[0] >= edge - 1
        ]
        nearest = min(between, key=lambda at: self._cells[at].box[0], default=-1)
        if nearest < 0 or is_caption(self._cells[nearest].text):
            return []
        return self._continued(nearest, bottom)

    def _continued(self, at: int, bottom: float) -> list[Cell]:
        """The lines of a value: further lines belong to it while nothing new begins to their left."""
        lines = self._lines(at)
        kept = lines[:1]
        for line in lines[1:]:
            middle = (line.box[1] + line.box[3]) / 2
            left = any(
                cell.box[2] <= line.box[0] and cell.box[1] <= middle <= cell.box[3] and middle > bottom
                for cell in self._cells
            )
            if left or abs(line.box[0] - lines[0].box[0]) > 4:
                break
            kept.append(line)
        return kept

    def _is_taken(self, value: Cell) -> bool:
        """Whether the cell is the value of a caption to its left."""
        middle = (value.box[1] + value.box[3]) / 2
        before = [cell for cell in self._cells if cell.box[1] <= middle <= cell.box[3] and cell.box[2] <= value.box[0]]
        return any(is_caption(cell.text) for cell in before)

    def _below(self, lines: list[Cell]) -> Iterator[Cell]:
        last = lines[-1]
        left, right = min(cell.box[0] for cell in lines), max(cell.box[2] for cell in lines)
        reach = last.box[3] + 2.5 * max(4.0, last.box[3] - last.box[1])
        for cell in sorted(self._cells, key=lambda cell: cell.box[1]):
            if last.box[3] - 1 <= cell.box[1] <= reach and cell.box[0] < right and cell.box[2] > left:
                yield cell


def _candidate(cells: list[Cell], raw: str, certainty: float, where: str) -> Candidate:
    boxes = [cell.box for cell in cells]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    return Candidate(raw=raw, box=box, certainty=certainty * min(cell.confidence for cell in cells), where=where)


def is_caption(text: str) -> bool:
    """Whether the text looks like a caption, so that it is no value."""
    return _IS_CAPTION.match(text) is not None


def plain(text: str) -> str:
    """Letters and digits alone, to compare captions that differ in spaces, hyphens and quotes."""
    return _PLAIN.sub("", text.casefold())


def _after(text: str, label: str) -> str | None:
    """The text after the label, without hints; None if the text does not begin with the label."""
    letters = r"[\W_]*".join(re.escape(letter) for letter in plain(label))
    match = re.match(rf"{letters}(?![^\W_])", _BEGINNING.sub("", text).casefold())
    if not match:
        return None
    rest = _BEGINNING.sub("", text)[match.end() :]
    return _HINT.sub(" ", rest).strip(" \t*)-–.")
