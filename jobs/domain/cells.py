"""Values in files for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), also in full width.
_FORMULAS = tuple("=+-@\t\r\n＝＋－＠")


def cell(value: object) -> object:
    """Prefix text that a spreadsheet would calculate with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


class _Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """The lines of a CSV file, the first with a byte order mark, by which Excel recognises UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([cell(row[column]) for column in columns])
