"""All records of a company as JSON Lines or CSV, streamed: one blob is in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse

from jobs.domain.companies.filings import CompanyFiling
from jobs.domain.companies.profile import Profile
from jobs.domain.document import Document
from jobs.domain.errors import BlobNotFound
from jobs.web.csv_export import csv_response
from jobs.web.records import stored_record

_FILING = ("form", "srn", "filedOn", "year", "fileName", "sha256", "jobId", "documentNumber")
_VALUE = ("name", "value", "unit", "raw", "valid", "confidence", "method", "page")
COLUMNS = (*_FILING, *_VALUE)


def lines_response(profile: Profile, *, full: bool) -> StreamingHttpResponse:
    """One JSON object per filing or attachment with a record. ``full``: with complete PANs.

    Raises BlobStoreUnavailable if the first record cannot be read.
    """
    lines = (f"{json.dumps(each, ensure_ascii=False, separators=(',', ':'))}\n" for each in records(profile, full=full))
    response = StreamingHttpResponse(_begun(lines), content_type="application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="{profile.cin}.jsonl"'
    return response


def values_response(profile: Profile, *, full: bool) -> StreamingHttpResponse:
    """One row per value. Raises BlobStoreUnavailable if the first record cannot be read."""
    return csv_response(f"{profile.cin}.csv", COLUMNS, _begun(_rows(profile, full=full)))


def _begun(rows: Iterator[Any]) -> Iterator[Any]:
    """The rows, the first of which is read before the response begins."""
    return chain(list(islice(rows, 1)), rows)


def records(profile: Profile, *, full: bool) -> Iterator[dict[str, Any]]:
    """Each filing and attachment that has a record, the newest filing first. ``record`` is None if its blob is gone."""
    for filing in profile.filings:
        for document in (filing.document, *filing.attachments):
            if document.reading is None or document.reading.record_blob_name is None:
                continue
            about = _about(document, filing)
            try:
                yield {**about, "record": stored_record(document, full=full)}
            except BlobNotFound:
                yield {**about, "record": None}


def _about(document: Document, filing: CompanyFiling) -> dict[str, Any]:
    """An attachment has no SRN and date of its own: those of its filing connect it."""
    file = document.file
    return {
        "jobId": document.job_id,
        "documentNumber": document.filing.number,
        "form": filing.form,
        "year": filing.year,
        "srn": filing.document.filing.srn,
        "filedOn": filing.filed_on.isoformat() if filing.filed_on else None,
        "fileName": document.filing.file_name,
        "sha256": file.checksum.removeprefix("sha256:") if file else None,
    }


def _rows(profile: Profile, *, full: bool) -> Iterator[dict[str, object]]:
    for each in records(profile, full=full):
        values = each["record"]["values"] if each["record"] else {}
        for name, value in values.items():
            yield {**{column: each[column] for column in _FILING}, **value, "name": name}
