"""Streams orders from a list with the columns ``cin``, ``companyName``, ``priority`` and ``notBefore``.

``cin`` holds a CIN, LLPIN or FCRN. The last two are optional. Values are separated by commas, semicolons or tabs.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import IO

from jobs.domain.cells import text_of
from jobs.domain.errors import FilesureError, WrongUse
from jobs.domain.wrong_use import InvalidOrder
from jobs.services import Order
from jobs.web.directory_csv import HEADINGS

BATCH = 1000
COLUMNS = ("cin", "companyName", "priority", "notBefore")
_REQUIRED = frozenset(COLUMNS[:2])
_HEADINGS = {
    "priority": "priority",
    "notbefore": "notBefore",
    **dict.fromkeys(HEADINGS["id"].split(), "cin"),
    **dict.fromkeys(HEADINGS["name"].split(), "companyName"),
}
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its text, and an order or its fault. ``read_bytes``: how much of the file has been read."""

    line: int
    read_bytes: int
    order: Order | None = None
    problem: FilesureError | None = None
    text: str = ""


@contextmanager
def read_rows(path: Path) -> Iterator[Iterator[Row]]:
    """The rows of a UTF-8 file, with or without a byte order mark, or of a UTF-16 file with one.

    Raises WrongUse if the file is not such a table.
    """
    try:
        with path.open("rb") as binary:
            yield rows_of(path.name, binary)
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}.") from error


def rows_of(name: str, binary: IO[bytes], zone: tzinfo = UTC) -> Iterator[Row]:
    """The rows of an open file; ``name`` appears in messages, ``zone`` is that of times that name none.

    Raises WrongUse during iteration.

    Every line is a row of its own, so that a stray quotation mark costs only its line. Column names are optional.
    """
    lines = _lines(name, binary)
    first = next(lines, (1, ""))
    separator = _separator(first[1])
    columns = _columns(name, first[1], separator)
    for line, text in lines if columns else itertools.chain([first], lines):
        try:
            order = replace(_order(columns, text, separator), zone=zone)
        except InvalidOrder as problem:
            yield Row(line=line, read_bytes=binary.tell(), problem=problem, text=text)
        else:
            yield Row(line=line, read_bytes=binary.tell(), order=order, text=text)


def _lines(name: str, binary: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers. A text file object would not report how far it has read."""
    begin = binary.read(4)
    binary.seek(0)
    if begin in _WORKBOOKS:
        raise WrongUse(f"{name} is an Excel workbook. Save it as CSV UTF-8, or paste its rows as a list.")
    lines = iter(codecs.EncodedFile(binary, "utf-8", "utf-16") if begin[:2] in _UTF_16 else binary)
    for number in itertools.count(1):
        try:
            line = next(lines, b"")
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
        except UnicodeDecodeError as error:
            raise WrongUse(f"{name}:{number}: the file is not UTF-8. Save it as CSV UTF-8.") from error
        if not line:
            return
        if text.strip():
            yield number, text


def _separator(line: str) -> str:
    """A tab, or the first semicolon or comma outside of quotes."""
    if "\t" in line:
        return "\t"
    found = re.search("[;,]", re.sub('"[^"]*"', "", line))
    return found[0] if found else ","


def _columns(name: str, line: str, separator: str) -> list[str]:
    """The columns that the first line names; empty if it is a row."""
    try:
        values = _split(line, separator)
    except InvalidOrder:
        return []
    columns = [_HEADINGS.get(re.sub(r"[\W_]", "", value).lower(), value) for value in values]
    missing = sorted(_REQUIRED - set(columns))
    if len(missing) == len(_REQUIRED) and values and any(map(str.isdigit, values[0])):
        return []
    if missing:
        needed = f"name the columns {','.join(COLUMNS)}, or begin with a CIN, LLPIN or FCRN"
        raise WrongUse(f"{name}: the first line lacks {' and '.join(missing)}; it must {needed}.")
    return columns


def _split(line: str, separator: str) -> list[str]:
    """Raises InvalidOrder."""
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error as error:
        raise InvalidOrder(f"not CSV: {error}; a quotation mark may be missing.") from error


def _order(columns: list[str], line: str, separator: str) -> Order:
    """Raises InvalidOrder."""
    if not columns:
        columns, values = list(COLUMNS), _values(line, separator)
    else:
        values = _split(line, separator)
    if len(values) > len(columns):
        raise InvalidOrder(f"{len(values)} values for {len(columns)} columns; quote a name that has a comma.")
    fields = dict(zip(columns, values, strict=False))
    cin, name, priority, time = (text_of(fields.get(column, "").strip()) for column in COLUMNS)
    return Order(cin=cin, company_name=name, priority=priority, not_before=time)


def _values(line: str, separator: str) -> list[str]:
    """The values of a row without column names, where an unquoted name may contain commas."""
    if separator != "," or '"' in line:
        return _split(line, separator)
    cin, _, rest = line.partition(",")
    time = ""
    before, _, last = rest.rpartition(",")
    _, comma, priority = before.rpartition(",")
    if _DATE.match(last) or (comma and priority.strip().isdigit()):
        rest, time = before, last
    name, comma, last = rest.rpartition(",")
    ends_with_priority = comma and (last.strip().isdigit() or not last.strip())
    return [cin, name, last, time] if ends_with_priority else [cin, rest, "", time]


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in lists of at most BATCH, which bounds memory use."""
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, BATCH)):
        yield batch
