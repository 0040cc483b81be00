"""Rows of tables on printed pages: columns by the position of their headers, rows by height."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.domain.filings.captions import is_caption, plain
from jobs.domain.filings.values import Found, Kind, Spec, Value, as_value

if TYPE_CHECKING:
    from jobs.domain.filings.reading import Box, Cell, PageReading

_FEWEST_HEADERS = 2
_MOST_ROWS = 500
_HEADER_LINES = 5


@dataclass(frozen=True, kw_only=True)
class _Column:
    """``name`` is empty for a header that no label asks for: its cells belong to no other column."""

    name: str
    spec: Spec
    box: Box


def printed_rows(page: PageReading, row: type[Any]) -> Iterator[Any]:
    """The rows of the first table on the page that has two or more of the row's labels as headers beside each other."""
    heads = list(_heads(page.cells))
    columns = _columns(heads, row)
    if len(columns) < _FEWEST_HEADERS:
        return
    columns += _others(heads, columns)
    bottom = max(column.box[3] for column in columns)
    filled: dict[str, list[Cell]] = {}
    last = bottom
    rows = 0
    for line in _lines([cell for cell in page.cells if cell.box[1] >= bottom - 1]):
        if rows >= _MOST_ROWS or line[0].box[1] - last > 6 * _height(line[0]) or is_caption(line[0].text):
            break
        placed = _placed(line, columns)
        if not placed:
            continue
        last = max(cell.box[3] for cell in line)
        if filled and not _continues(placed, filled, columns):
            yield from _row(page, row, columns, filled)
            filled, rows = {}, rows + 1
        for name, cell in placed.items():
            filled.setdefault(name, []).append(cell)
    if filled:
        yield from _row(page, row, columns, filled)


def _columns(heads: Sequence[tuple[str, Box]], row: type[Any]) -> list[_Column]:
    """The columns of the place where most headers stand at about the same height."""
    found = [
        _Column(name=each.name, spec=spec, box=box)
        for each in dataclasses.fields(row)
        if (spec := each.metadata.get("spec")) and spec.labels
        for text, box in heads
        if any(text.startswith(plain(label)) for label in spec.labels)
    ]
    places = [_beside(first, found) for first in found]
    return max(places, key=lambda columns: (len(columns), -columns[0].box[1]), default=[])


def _others(heads: Sequence[tuple[str, Box]], columns: Sequence[_Column]) -> list[_Column]:
    """The headers between the columns, which no label asks for."""
    top, bottom = min(column.box[1] for column in columns), max(column.box[3] for column in columns)
    others: list[_Column] = []
    for text, box in heads:
        inside = top - 1 <= box[1] and box[3] <= bottom + 1
        if text and inside and not any(_overlap(box, column.box) for column in (*columns, *others)):
            others.append(_Column(name="", spec=Spec(), box=box))
    return others


def _beside(first: _Column, found: Sequence[_Column]) -> list[_Column]:
    reach = _HEADER_LINES * max(4.0, first.box[3] - first.box[1])
    beside = {first.name: first}
    for other in sorted(found, key=lambda column: abs(column.box[1] - first.box[1])):
        level = abs(other.box[1] - first.box[1]) <= reach / 2
        if level and not any(_overlap(other.box, column.box) for column in beside.values()):
            beside.setdefault(other.name, other)
    return list(beside.values())


def _heads(cells: Sequence[Cell]) -> Iterator[tuple[str, Box]]:
    """Each cell as the first line of a header, with the lines below it that continue it."""
    for at, cell in enumerate(cells):
        lines = [cell]
        for other in cells[at + 1 :]:
            if other.box[1] > lines[-1].box[3] + _height(cell) or len(lines) == _HEADER_LINES:
                break
            close = -0.5 * _height(cell) <= other.box[1] - lines[-1].box[3] <= 0.25 * _height(cell)
            if close and _overlap(other.box, lines[0].box):
                lines.append(other)
        yield plain(" ".join(line.text for line in lines)), _around(lines)


def _around(cells: Sequence[Cell]) -> Box:
    boxes = [cell.box for cell in cells]
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2]


def _lines(cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    line: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: (cell.box[1] + cell.box[3]) / 2):
        if line and _middle(cell) - _middle(line[0]) > 0.6 * _height(line[0]):
            yield sorted(line, key=lambda each: each.box[0])
            line = []
        line.append(cell)
    if line:
        yield sorted(line, key=lambda each: each.box[0])


def _placed(line: Sequence[Cell], columns: Sequence[_Column]) -> dict[str, Cell]:
    """Each cell in the column whose header it lies under, or else nearest to: headers are often centred."""
    placed: dict[str, Cell] = {}
    for cell in line:
        column = max(columns, key=lambda each: min(cell.box[2], each.box[2]) - max(cell.box[0], each.box[0]))
        if column.name:
            placed.setdefault(column.name, cell)
    return placed


def _continues(placed: dict[str, Cell], filled: dict[str, list[Cell]], columns: Sequence[_Column]) -> bool:
    """Whether a line only continues the texts of the row above: it has no value of a column with a stricter kind."""
    strict = {column.name for column in columns if column.name and column.spec.kind is not Kind.TEXT}
    new = any(name in placed for name in strict & filled.keys())
    gap = min(cell.box[1] for cell in placed.values()) - max(cells[-1].box[3] for cells in filled.values())
    return not new and gap < 0.5 * _height(next(iter(placed.values())))


def _row(page: PageReading, row: type[Any], columns: Sequence[_Column], filled: dict[str, list[Cell]]) -> Iterator[Any]:
    values: dict[str, Value] = {}
    for column in columns:
        cells = filled.get(column.name)
        if cells:
            values[column.name] = as_value(column.spec.kind, _found(page, column, cells))
    strict = [column.name for column in columns if column.spec.kind is not Kind.TEXT]
    if len(values) >= _FEWEST_HEADERS and (not strict or any(values[name].valid for name in strict if name in values)):
        yield row(**values)


def _found(page: PageReading, column: _Column, cells: Sequence[Cell]) -> Found:
    certainty = 0.9 * min(cell.confidence for cell in cells)
    text = " ".join(cell.text for cell in cells)
    rule = f"column {column.name}"
    return Found(raw=text, method=page.method, rule=rule, certainty=certainty, page=page.number, box=_around(cells))


def _middle(cell: Cell) -> float:
    return (cell.box[1] + cell.box[3]) / 2


def _height(cell: Cell) -> float:
    return max(4.0, cell.box[3] - cell.box[1])
