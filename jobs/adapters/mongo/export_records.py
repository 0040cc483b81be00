"""Exports as stored with their job in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.domain.export import Export, Part, Scope

_TEXT, _COUNT = {"bsonType": "string"}, {"bsonType": ["int", "long"], "minimum": 0}
_POSITIONS = {"bsonType": "array", "items": _COUNT}
EXPORT = {
    "bsonType": "object",
    "required": ["scope", "of", "planned", "size", "unstored", "parts"],
    "properties": {
        "scope": {"enum": [str(scope) for scope in Scope]},
        "of": _TEXT,
        **dict.fromkeys(("planned", "size", "unstored"), _COUNT),
        "parts": {
            "bsonType": "array",
            "items": {
                "bsonType": "object",
                "required": ["number", "blobName", "size", "documents"],
                "properties": {
                    **dict.fromkeys(("number", "size", "documents"), _COUNT),
                    "blobName": _TEXT,
                    **dict.fromkeys(("gone", "damaged"), _POSITIONS),
                },
            },
        },
    },
}


def export_fields(export: Export) -> dict[str, Any]:
    return {
        "scope": str(export.scope),
        "of": export.of,
        "planned": export.planned,
        "size": export.size,
        "unstored": export.unstored,
        "parts": [_part_fields(part) for part in export.parts],
    }


def _part_fields(part: Part) -> dict[str, Any]:
    return {
        "number": part.number,
        "blobName": part.blob_name,
        "size": part.size,
        "documents": part.documents,
        "gone": list(part.gone),
        "damaged": list(part.damaged),
    }


def to_export(stored: Mapping[str, Any]) -> Export:
    return Export(
        scope=Scope(stored["scope"]),
        of=stored["of"],
        planned=stored["planned"],
        size=stored["size"],
        unstored=stored["unstored"],
        parts=tuple(_to_part(part) for part in stored["parts"]),
    )


def _to_part(stored: Mapping[str, Any]) -> Part:
    return Part(
        number=stored["number"],
        blob_name=stored["blobName"],
        size=stored["size"],
        documents=stored["documents"],
        gone=tuple(stored.get("gone", ())),
        damaged=tuple(stored.get("damaged", ())),
    )
