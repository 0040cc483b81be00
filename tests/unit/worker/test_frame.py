"""A page's coordinates as viewers show it."""

from __future__ import annotations

import ctypes
import random
from math import inf, isinf, isnan, nan

from worker.extractors.pdf_text import Frame


def test_boxes_are_rounded_like_decimals() -> None:
    chance = random.Random(1)
    frame = Frame(left=0, bottom=0, width=612, height=792, quarters=0)
    for _ in range(2000):
        left, bottom, right, top = (ctypes.c_float(chance.uniform(-50, 900)).value for _ in range(4))
        expected = (round(left, 1), round(792 - top, 1), round(right, 1), round(792 - bottom, 1))
        assert frame.box(left, bottom, right, top) == expected
    assert frame.box(0.25, 791.75, 0.75, 791.25)[::2] == (0.2, 0.8)


def test_infinite_coordinates_raise_nothing() -> None:
    for quarters in range(4):
        frame = Frame(left=0, bottom=0, width=612, height=792, quarters=quarters)
        assert any(isinf(side) for side in frame.box(1.0, 2.0, inf, 4.0))
        assert any(isnan(side) for side in frame.box(nan, 2.0, 3.0, 4.0))
