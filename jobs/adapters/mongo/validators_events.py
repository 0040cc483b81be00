"""The JSON schemas of lists, and of the collections for events."""

from __future__ import annotations

from jobs.adapters.mongo.connection import Document
from jobs.adapters.mongo.records import COUNT, ID, TEXT, TIME

#: The fields of the outbox.
NOTES: Document = {
    "undrained": {"enum": [True]},
    "notes": COUNT,
    "outbox": {
        "bsonType": "array",
        "items": {"bsonType": "object", "required": ["type", "at", "by", "data"]},
    },
}

EVENT_VALIDATORS: dict[str, Document] = {
    "lists": {
        "bsonType": "object",
        "required": ["name", "by", "at"],
        "properties": {
            "_id": ID,
            "name": TEXT,
            "by": TEXT,
            "at": TIME,
            "ordered": COUNT,
            "refused": COUNT,
            "doneAt": TIME,
            "announcedAt": TIME,
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
    # Records of deleted jobs with notes, see ``outbox``.
    "deleted_jobs": {"bsonType": "object", "required": ["notes"], "properties": {"_id": ID, **NOTES}},
}
