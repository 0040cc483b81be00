"""Radio buttons that are drawn, not fields: a circle with a small mark in the middle is selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from worker.extractors.layout import Piece, Row, Word

if TYPE_CHECKING:
    from worker.extractors.pdf_objects import Box, Drawn

SELECTED, OPEN = "(x)", "( )"


def radio_words(drawn: Drawn) -> list[Word]:
    """``(x)`` or ``( )`` at the position of each circle, so that it becomes part of its row."""
    circles = _outermost(drawn.circles)
    return [
        Word(text=SELECTED if any(_inside(mark, circle) for mark in drawn.marks) else OPEN, box=circle, base=circle[3])
        for circle in circles
    ]


def radio_fields(page: Sequence[Row], number: int) -> list[dict[str, Any]]:
    """One field per row of circles: its label is the text before them, its value the text after the selected one."""
    fields = []
    label = ""
    for row in page:
        text = " ".join(piece.text for piece in row)
        if SELECTED not in text and OPEN not in text:
            label = text
            continue
        before, *options = _split(text)
        fields.append(_field(before or label, options, row, number))
    return fields


def _split(text: str) -> list[str]:
    marked = text.replace(SELECTED, "\0x").replace(OPEN, "\0 ")
    return [part.strip() if at == 0 else part for at, part in enumerate(marked.split("\0"))]


def _field(label: str, options: Sequence[str], row: Sequence[Piece], number: int) -> dict[str, Any]:
    chosen = [option[1:].strip() for option in options if option.startswith("x")]
    box = next(piece.box for piece in row if SELECTED in piece.text or OPEN in piece.text)
    value = ", ".join(chosen)
    return {
        "path": label,
        "name": label,
        "caption": label,
        "kind": "radio",
        "method": "text",
        "value": value,
        "shown": value,
        "page": number,
        "box": box,
    }


def _outermost(circles: Sequence[Box]) -> list[Box]:
    """Circles are often drawn twice, as border and as background, and the selected one contains a smaller one."""
    kept: list[Box] = []
    for circle in sorted(circles, key=lambda box: box[0] - box[2]):
        x, y = _middle(circle)
        if not any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for box in kept):
            kept.append(circle)
    return kept


def _inside(mark: Box, circle: Box) -> bool:
    (x, y), (cx, cy) = _middle(mark), _middle(circle)
    size, whole = max(mark[2] - mark[0], mark[3] - mark[1]), circle[2] - circle[0]
    return abs(x - cx) < 0.2 * whole and abs(y - cy) < 0.2 * whole and 0.15 * whole < size < 0.8 * whole


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
