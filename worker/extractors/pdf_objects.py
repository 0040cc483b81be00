"""Finds what a page draws besides text: scans under invisible text, letters as outlines, marks in circles."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from worker.extractors.pdf_text import Frame

Box = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]
Edge = tuple[float, float, float]

COVERED = 0.8  # of the page, by an image: the page is a scan that may have hidden text from an earlier OCR
MOST_OUTLINES = 50
_IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)
_MOST_OBJECTS = 20_000
_MOST_DEPTH = 4
_CIRCLE = (5.5, 17.0)  # diameters of a radio button, in points
_MOST_EDGES = 3000
_MOST_SEGMENTS = 400  # of a path with edges; drawings have more
_SHORTEST_EDGE = 6.0


@dataclass(kw_only=True)
class Drawn:
    """``circles`` and ``marks`` are boxes; ``outlines`` counts paths of a letter's size and detail.

    ``edges`` are vertical lines (x, top, bottom), such as the borders of fields and of a table's cells.
    """

    covered: float = 0.0
    invisible: int = 0
    visible: int = 0
    paths: int = 0
    outlines: int = 0
    circles: list[Box] = field(default_factory=list)
    marks: list[Box] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    @property
    def is_scan_with_hidden_text(self) -> bool:
        return self.covered >= COVERED and self.invisible > 4 * self.visible


def survey(page: Any, frame: Frame) -> Drawn:
    """Inspect the page's objects, including those inside form XObjects."""
    drawn = Drawn()
    texts: list[tuple[Any, _Form | None]] = []
    for item, kind, form in islice(_objects(page), _MOST_OBJECTS):
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:  # most objects, and almost never needed
            texts.append((item, form))
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            drawn.covered += _area(_box(item, form, frame)) / frame.area
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            box = _box(item, form, frame)
            _note_path(drawn, item, box)
            if box[3] - box[1] >= _SHORTEST_EDGE and len(drawn.edges) < _MOST_EDGES:
                matrix = form.matrix if form else _IDENTITY
                drawn.edges += _edges(item, _product(_matrix(item), matrix), frame)
    _note_texts(drawn, texts, frame)
    return drawn


def _note_texts(drawn: Drawn, texts: Sequence[tuple[Any, _Form | None]], frame: Frame) -> None:
    mode_of, hidden = pdfium.FPDFTextObj_GetTextRenderMode, pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
    visible = [(item, form) for item, form in texts if mode_of(item) != hidden]
    drawn.visible, drawn.invisible = len(visible), len(texts) - len(visible)
    if drawn.circles:  # a letter may be the mark of a radio button
        for item, form in visible:
            _note_mark(drawn, _box(item, form, frame))


class _Form:
    """A form XObject. ``matrix`` moves what is inside it, read only if needed."""

    def __init__(self, item: Any, outer: _Form | None) -> None:
        self._item, self._outer = item, outer
        self.depth: int = outer.depth + 1 if outer else 1

    @cached_property
    def matrix(self) -> Matrix:
        return _product(_matrix(self._item), self._outer.matrix if self._outer else _IDENTITY)


def _objects(page: Any) -> Iterator[tuple[Any, int, _Form | None]]:
    """All objects with their type and the form XObject that contains them; None directly on the page."""
    object_of, type_of, form = pdfium.FPDFPage_GetObject, pdfium.FPDFPageObj_GetType, pdfium.FPDF_PAGEOBJ_FORM
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        item = object_of(page, index)
        kind = type_of(item)
        if kind == form:
            yield from _inside(_Form(item, None), item)
        else:
            yield item, kind, None


def _inside(outer: _Form, item: Any) -> Iterator[tuple[Any, int, _Form | None]]:
    for index in range(pdfium.FPDFFormObj_CountObjects(item)):
        inner = pdfium.FPDFFormObj_GetObject(item, index)
        kind = pdfium.FPDFPageObj_GetType(inner)
        if kind != pdfium.FPDF_PAGEOBJ_FORM:
            yield inner, kind, outer
        elif outer.depth < _MOST_DEPTH:
            yield from _inside(_Form(inner, outer), inner)


def _box(item: Any, form: _Form | None, frame: Frame) -> Box:
    left, bottom, right, top = ctypes.c_float(), ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    if form is None:
        return frame.box(left.value, bottom.value, right.value, top.value)
    x0, y0 = _moved(form.matrix, left.value, bottom.value)
    x1, y1 = _moved(form.matrix, right.value, top.value)
    return frame.box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _matrix(item: Any) -> Matrix:
    m = pdfium.FS_MATRIX()
    return (m.a, m.b, m.c, m.d, m.e, m.f) if pdfium.FPDFPageObj_GetMatrix(item, m) else _IDENTITY


def _product(m: Matrix, n: Matrix) -> Matrix:
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _moved(m: Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _note_path(drawn: Drawn, item: Any, box: Box) -> None:
    width, height = box[2] - box[0], box[3] - box[1]
    drawn.paths += 1
    segments = pdfium.FPDFPath_CountSegments(item)
    square = abs(width - height) < 0.15 * max(width, height)
    if square and _CIRCLE[0] <= width <= _CIRCLE[1] and _is_round(item, segments):
        drawn.circles.append(box)
    elif 1.0 < height <= 20 and width <= 20 and segments >= 6:
        drawn.outlines += 1
    elif height <= 20 and segments > 80:  # a whole line of letters in one path
        drawn.outlines += segments // 40
    if not _is_white(item):
        _note_mark(drawn, box)


def _note_mark(drawn: Drawn, box: Box) -> None:
    if 1.0 <= box[2] - box[0] <= 9 and 1.0 <= box[3] - box[1] <= 9:
        drawn.marks.append(box)


def _is_round(item: Any, segments: int) -> bool:
    parts = (pdfium.FPDFPath_GetPathSegment(item, at) for at in range(min(segments, 16)))
    curves = [part for part in parts if pdfium.FPDFPathSegment_GetType(part) == pdfium.FPDF_SEGMENT_BEZIERTO]
    return len(curves) >= 4


def _is_white(item: Any) -> bool:
    """Whether a path is filled with white: some forms draw the mark of an open radio button so."""
    parts = [ctypes.c_uint() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetFillColor(item, *parts):
        return False
    return all(part.value >= 250 for part in parts[:3])


def _edges(item: Any, matrix: Matrix, frame: Frame) -> Iterator[Edge]:
    """The path's vertical lines, as shown."""
    last: tuple[float, float] | None = None
    start: tuple[float, float] | None = None
    for at in range(min(pdfium.FPDFPath_CountSegments(item), _MOST_SEGMENTS)):
        segment = pdfium.FPDFPath_GetPathSegment(item, at)
        x, y = ctypes.c_float(), ctypes.c_float()
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = frame.point(*_moved(matrix, x.value, y.value))
        kind = pdfium.FPDFPathSegment_GetType(segment)
        start = point if kind == pdfium.FPDF_SEGMENT_MOVETO else start
        if kind == pdfium.FPDF_SEGMENT_LINETO and last:
            yield from _upright(last, point)
        last = point
        if pdfium.FPDFPathSegment_GetClose(segment) and start:
            yield from _upright(point, start)


def _upright(one: tuple[float, float], other: tuple[float, float]) -> Iterator[Edge]:
    if abs(one[0] - other[0]) < 0.5 and abs(one[1] - other[1]) >= _SHORTEST_EDGE:
        yield one[0], min(one[1], other[1]), max(one[1], other[1])
