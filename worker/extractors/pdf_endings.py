"""Detects truncated PDFs, which otherwise open with the remaining objects and look complete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.extractors.output import Output

_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")


def check_ending(data: bytes, output: Output) -> None:
    """Mark ``output`` as partial if the file ends in the middle of its objects.

    A PDF, and every incremental update, ends with ``startxref`` (ISO 32000-1, 7.5.5). A file without it is still
    complete if it ends with its trailer, or if its last object is closed and only the cross-reference table is
    missing. A wrong table, a missing ``%%EOF`` or e-mail text after the end lose no content.
    """
    end = data.rfind(b"startxref")
    last = _last_object(data, max(end, 0))
    if last is None and end >= 0:
        return
    rest = data[last or 0 :]
    if b"trailer" in rest and (end >= 0 or rest.rstrip().endswith((b">>", b"%%EOF"))):
        return
    output.partial("The PDF was cut short; what is left of it was read.")


def _last_object(data: bytes, start: int) -> int | None:
    last = None
    for match in _OBJECT.finditer(data, start):
        last = match.start()
    return last
