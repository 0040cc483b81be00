"""Streams CSV for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.http import StreamingHttpResponse

from jobs.domain.cells import cell


class _Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> StreamingHttpResponse:
    """A file to save, with a byte order mark, by which Excel recognises UTF-8."""
    response = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([cell(row[column]) for column in columns])
