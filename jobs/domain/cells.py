"""Values in files for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), also in full width.
_FORMULAS = tuple("=+-@\t\r\n＝＋－＠")


def cell(value: object) -> object:
    """Prefix text that a spreadsheet would calculate with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def text_of(cell: str) -> str:
    """The text from which ``cell`` made this one."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULAS) else cell


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
