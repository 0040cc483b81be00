"""Readings of documents as stored in MongoDB. Unknown values have no field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, cast

from jobs.domain.filings.reading import Method, ReadingState
from jobs.domain.filings.stated import Stated, StatedFields
from jobs.domain.filings.summary import DocumentReading, Facts

_NUMBER = {"bsonType": ["int", "long"], "minimum": 0}
_TEXT, _TIME = {"bsonType": "string"}, {"bsonType": "date"}

READING_SCHEMA = {
    "bsonType": "object",
    "required": ["state", "kind", "method", "version", "at"],
    "properties": {
        "state": {"enum": [str(state) for state in ReadingState]},
        "kind": _TEXT,
        "method": {"enum": [str(method) for method in Method]},
        "version": _NUMBER,
        "reason": _TEXT,
        "pages": _NUMBER,
        "characters": _NUMBER,
        "values": _NUMBER,
        "attachments": _NUMBER,
        "seconds": {"bsonType": ["double", "int", "long"]},
        "methods": {"bsonType": "object"},
        "textBlobName": _TEXT,
        "recordBlobName": _TEXT,
        "thumbnailBlobName": _TEXT,
        "keptFrom": _NUMBER,
        "at": _TIME,
    },
}
RECORD_SCHEMA = {
    "bsonType": "object",
    "properties": {
        **dict.fromkeys(("form", "companyName", "cin", "srn"), _TEXT),
        **dict.fromkeys(("filedOn", "yearEnd"), _TIME),
    },
}
STATED_SCHEMA = {
    "bsonType": "array",
    "items": {
        "bsonType": "object",
        "required": ["name", "value", "confidence"],
        "properties": {
            "name": _TEXT,
            "value": {"bsonType": ["string", "int", "long", "date"]},
            "unit": _TEXT,
            "page": _NUMBER,
            "confidence": {"bsonType": ["double", "int", "long"]},
        },
    },
}


def reading_fields(reading: DocumentReading, now: datetime) -> dict[str, Any]:
    """The fields ``reading``, ``record`` and ``stated`` of a document."""
    facts = reading.facts
    record = {
        "form": facts.form,
        "companyName": facts.company_name,
        "cin": facts.cin,
        "srn": facts.srn,
        "filedOn": midnight(facts.filed_on),
        "yearEnd": midnight(facts.year_end),
    }
    stated = [_stated_fields(each) for each in reading.stated]
    return {"reading": _known(_summary(reading, now)), "record": _known(record), "stated": stated}


def _stated_fields(stated: Stated) -> dict[str, Any]:
    return _known(
        {
            "name": stated.name,
            "value": midnight(stated.value) if isinstance(stated.value, date) else stated.value,
            "unit": stated.unit,
            "page": stated.page,
            "confidence": stated.confidence,
        }
    )


def to_stated_fields(stored: list[dict[str, Any]]) -> list[StatedFields]:
    """In place."""
    for each in stored:
        if isinstance(value := each["value"], datetime):
            each["value"] = value.date()
    return cast("list[StatedFields]", stored)


def to_stated(stored: Iterable[Mapping[str, Any]]) -> tuple[Stated, ...]:
    return tuple(
        [
            Stated(
                each["name"],
                value.date() if isinstance(value := each["value"], datetime) else value,
                each.get("unit"),
                each.get("page"),
                each["confidence"],
            )
            for each in stored
        ]
    )


def _summary(reading: DocumentReading, now: datetime) -> dict[str, Any]:
    return {
        "state": str(reading.state),
        "kind": reading.kind,
        "method": str(reading.method),
        "version": reading.version,
        "reason": reading.reason,
        "pages": reading.pages,
        "characters": reading.characters,
        "values": reading.values,
        "attachments": reading.attachments,
        "seconds": reading.seconds,
        "methods": {str(method): number for method, number in reading.methods.items()},
        "textBlobName": reading.text_blob_name,
        "recordBlobName": reading.record_blob_name,
        "thumbnailBlobName": reading.thumbnail_blob_name,
        "keptFrom": reading.kept_from,
        "at": now,
    }


def to_reading(record: Mapping[str, Any]) -> DocumentReading | None:
    """None if the document has not been read."""
    stored = record.get("reading")
    if stored is None:
        return _before_readings(record)
    get, facts = stored.get, record.get("record", {}).get
    return DocumentReading(
        state=ReadingState(stored["state"]),
        kind=stored["kind"],
        method=Method(stored["method"]),
        version=stored["version"],
        reason=get("reason"),
        pages=get("pages"),
        characters=get("characters", 0),
        values=get("values", 0),
        attachments=get("attachments", 0),
        seconds=get("seconds", 0.0),
        methods={Method(method): number for method, number in get("methods", {}).items()},
        facts=Facts(
            form=facts("form"),
            company_name=facts("companyName"),
            cin=facts("cin"),
            srn=facts("srn"),
            filed_on=_day(facts("filedOn")),
            year_end=_day(facts("yearEnd")),
        ),
        stated=to_stated(record.get("stated", ())),
        text_blob_name=get("textBlobName"),
        record_blob_name=get("recordBlobName"),
        thumbnail_blob_name=get("thumbnailBlobName"),
        at=stored["at"],
        kept_from=get("keptFrom"),
    )


def _before_readings(record: Mapping[str, Any]) -> DocumentReading | None:
    """Documents that were stored before readings had a record of their own have the field ``extraction``."""
    extraction = record.get("extraction")
    if extraction is None:
        return None
    return DocumentReading(
        state=ReadingState.READ if extraction["characters"] else ReadingState.NEEDS_OCR,
        kind="pdf" if extraction.get("pages") else "unknown",
        method=Method.TEXT if extraction["characters"] else Method.NONE,
        version=0,
        pages=extraction.get("pages"),
        characters=extraction["characters"],
        text_blob_name=record.get("textBlobName"),
    )


def midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def _day(at: datetime | None) -> date | None:
    return at.date() if at else None


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
