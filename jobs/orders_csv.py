"""Orders in a CSV file, streamed: columns ``cin``, ``companyName`` and, if wanted, ``priority``."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jobs.domain.errors import FilesureError, InvalidOrder, WrongUse
from jobs.services import Order

BATCH = 1000
_COLUMNS = ("cin", "companyName", "priority")
_REQUIRED = frozenset(_COLUMNS[:2])


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: an order, or what is wrong with it. ``read_bytes``: how far into the file we are."""

    line: int
    read_bytes: int
    order: Order | None = None
    problem: FilesureError | None = None


@contextmanager
def read_rows(path: Path) -> Iterator[Iterator[Row]]:
    """The rows of a file in UTF-8, with or without a byte order mark.

    Raises WrongUse where the file cannot be read as such a table at all.
    """
    try:
        with path.open("rb") as binary:
            yield rows_of(path.name, binary)
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}.") from error


def rows_of(name: str, binary: IO[bytes]) -> Iterator[Row]:
    """The rows of an open file; ``name`` is for messages. Raises WrongUse as it goes."""
    reader = csv.reader(_lines(name, binary), strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise WrongUse(f"{name}: the first line is not CSV: {error}.") from error
    columns = _columns(name, header)
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line=reader.line_num, read_bytes=binary.tell(), problem=InvalidOrder(f"not CSV: {error}."))
            continue
        if values:
            yield _row(columns, values, reader.line_num, binary.tell())


def _lines(name: str, binary: IO[bytes]) -> Iterator[str]:
    """Decoded by hand: a text file object would not say how far it has read."""
    for number, line in enumerate(binary, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            hint = "It looks like UTF-16. " if line[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
            raise WrongUse(f"{name}:{number}: the file is not UTF-8. {hint}Save it as CSV UTF-8.") from error


def _columns(name: str, header: list[str]) -> list[str]:
    columns = [column.strip() for column in header]
    missing = sorted(_REQUIRED - set(columns))
    if missing:
        wanted = "cin,companyName,priority"
        raise WrongUse(f"{name}: the first line lacks {' and '.join(missing)}; it must be {wanted}.")
    return columns


def _row(columns: list[str], values: list[str], line: int, read_bytes: int) -> Row:
    if len(values) > len(columns):
        problem = InvalidOrder(f"{len(values)} values for {len(columns)} columns; quote a name that has a comma.")
        return Row(line=line, read_bytes=read_bytes, problem=problem)
    fields = dict(zip(columns, values, strict=False))
    cin, name, priority = (fields.get(column, "").strip() for column in _COLUMNS)
    return Row(line=line, read_bytes=read_bytes, order=Order(cin=cin, company_name=name, priority=priority))


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in lists of at most BATCH: what is in memory at a time."""
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, BATCH)):
        yield batch
