"""A reading as JSON, for ``read_filing`` and for the record that is stored with a document."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from jobs.domain.filings.reading import READER_VERSION, Field, Reading
from jobs.domain.filings.records import record_of, values_of

if TYPE_CHECKING:
    from jobs.domain.filings.forms import FormRecord
    from jobs.domain.filings.values import Value


def reading_as_json(reading: Reading) -> dict[str, Any]:
    """Everything except the positions of words."""
    return {
        "name": reading.name,
        "type": reading.kind,
        "size": reading.size,
        "sha256": reading.sha256,
        "state": reading.state,
        "reason": reading.reason,
        "readerVersion": READER_VERSION,
        "method": reading.method,
        "pageCount": reading.page_count,
        "pages": [{"number": page.number, "method": page.method} for page in reading.pages],
        "seconds": reading.seconds,
        "text": reading.text,
        "record": _record(record_of(reading)),
        "fields": [_field(field) for field in reading.fields],
        "signatures": _signatures(reading),
        "attachments": [reading_as_json(attachment) for attachment in reading.attachments],
    }


def record_as_json(reading: Reading, record: FormRecord) -> dict[str, Any] | None:
    """The part that is stored beside the text; None if it is empty."""
    found = _record(record)
    if not found["values"] and not reading.fields and not reading.signatures:
        return None
    return {
        "readerVersion": READER_VERSION,
        **found,
        "pages": [{"number": page.number, "method": page.method} for page in reading.pages],
        "signatures": _signatures(reading),
        "fields": [_field(field) for field in reading.fields],
    }


def _signatures(reading: Reading) -> list[dict[str, Any]]:
    return [{"signer": each.signer, "at": each.at, "reason": each.reason} for each in reading.signatures]


def _record(record: FormRecord) -> dict[str, Any]:
    values = {name: _value(value) for name, value in values_of(record)}
    return {"form": record.form, "kind": type(record).__name__, "values": values}


def _value(value: Value) -> dict[str, Any]:
    return {
        "value": value.value.isoformat() if isinstance(value.value, date) else value.value,
        "raw": value.raw,
        "unit": value.unit,
        "valid": value.valid,
        "method": value.method,
        "confidence": value.confidence,
        "rule": value.rule,
        "page": value.page,
        "box": value.box,
        "path": value.path,
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "path": field.path,
        "name": field.name,
        "caption": field.caption,
        "kind": field.kind,
        "method": field.method,
        "value": field.value,
        "shown": field.shown,
        "hidden": field.hidden,
        "page": field.page,
        "box": field.box,
    }
