"""Streams CSV for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.http import StreamingHttpResponse

from jobs.domain.cells import csv_lines


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> StreamingHttpResponse:
    """A file to save."""
    response = StreamingHttpResponse(csv_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
