"""The JSON schemas of lists, and of the collections for events."""

from __future__ import annotations

from jobs.adapters.mongo.connection import Document
from jobs.adapters.mongo.records import COUNT, ID, TEXT, TIME
from jobs.domain.channels import Channel
from jobs.domain.deliveries import DeliveryState
from jobs.domain.endpoints import Format
from jobs.domain.events import EventType

_TEXTS: Document = {"bsonType": "array", "items": TEXT}
#: The fields of the outbox.
NOTES: Document = {
    "notedAt": TIME,
    "notes": COUNT,
    "outbox": {
        "bsonType": "array",
        "items": {"bsonType": "object", "required": ["type", "at", "by", "data"]},
    },
}

_WITH_NOTES: Document = {"bsonType": "object", "required": ["notes"], "properties": {"_id": ID, **NOTES}}

EVENT_VALIDATORS: dict[str, Document] = {
    "lists": {
        "bsonType": "object",
        "required": ["name", "by", "at"],
        "properties": {
            "_id": ID,
            "name": TEXT,
            "by": TEXT,
            "at": TIME,
            "attempt": TEXT,
            "ordered": COUNT,
            "refused": COUNT,
            "doneAt": TIME,
            "announcedAt": TIME,
            "announcedNotes": COUNT,
            **dict.fromkeys(("mailTo", "noMailTo"), _TEXTS),
            **NOTES,
        },
    },
    "refusals": {
        "bsonType": "object",
        "required": ["listId", "line", "field", "reason", "at"],
        "properties": {
            "_id": ID,
            "listId": TEXT,
            "line": COUNT,
            **dict.fromkeys(("cin", "company_name", "priority", "not_before", "row", "field", "reason"), TEXT),
            "at": TIME,
        },
    },
    # Deleted records with notes, see ``outbox``.
    "deleted_jobs": _WITH_NOTES,
    "deleted_watches": _WITH_NOTES,
    "deliveries": {
        "bsonType": "object",
        "required": ["event", "type", "channel", "target", "state", "createdAt", "attempts", "fence"],
        "properties": {
            "_id": ID,
            "event": {"bsonType": "object", "required": ["id", "at", "by", "data"]},
            "type": {"enum": [str(each) for each in EventType]},
            "channel": {"enum": [str(each) for each in Channel]},
            "target": TEXT,
            "state": {"enum": [str(each) for each in DeliveryState]},
            **dict.fromkeys(("createdAt", "nextAt", "endedAt"), TIME),
            **dict.fromkeys(("attempts", "fence"), COUNT),
            "last": {"bsonType": "object", "required": ["at", "seconds"]},
        },
    },
    "endpoints": {
        "bsonType": "object",
        "required": ["name", "url", "types", "format", "secret", "by", "createdAt", "failures"],
        "properties": {
            "_id": ID,
            **dict.fromkeys(("name", "url", "secret", "oldSecret", "by", "disabledReason"), TEXT),
            **dict.fromkeys(("types", "lists"), _TEXTS),
            "format": {"enum": [str(each) for each in Format]},
            **dict.fromkeys(("oldUntil", "createdAt", "failingSince", "succeededAt", "disabledAt"), TIME),
            "failures": COUNT,
            **NOTES,
        },
    },
    "subscriptions": {
        "bsonType": "object",
        "required": ["address", "choices", "singleOrdersOfLists", "digest"],
        "properties": {
            "_id": TEXT,
            "address": TEXT,
            "choices": _TEXTS,
            "singleOrdersOfLists": {"bsonType": "bool"},
            "digest": {"bsonType": "bool"},
            "digestUntil": TIME,
        },
    },
}
