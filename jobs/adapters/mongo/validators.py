"""The JSON schemas of all collections. The fields of jobs are declared in ``records.JOB_FIELDS``."""

from __future__ import annotations

from jobs.adapters.mongo.connection import Document
from jobs.adapters.mongo.facts import FACT_SCHEMA
from jobs.adapters.mongo.readings import READING_SCHEMA, RECORD_SCHEMA, STATED_SCHEMA
from jobs.adapters.mongo.records import COUNT, ERROR, ID, JOB_FIELDS, TEXT, TIME
from jobs.adapters.mongo.usage import USAGE_VALIDATORS
from jobs.adapters.mongo.validators_events import EVENT_VALIDATORS, NOTES
from jobs.adapters.mongo.watch_records import WATCH_SCHEMA
from jobs.domain.audit import Action
from jobs.domain.bulk_action import BULK_ACTIONS, BulkState
from jobs.domain.document import DocumentStatus
from jobs.domain.job import RunOutcome
from jobs.domain.saved_view import Listing

_STAGE = {
    "bsonType": "object",
    "required": ["status", "downloadedDocuments", "failedDocuments", "pendingDocuments"],
    "properties": {
        "status": {"enum": ["pending", "processing", "completed", "partial", "failed"]},
        "totalDocuments": COUNT,
        "downloadedDocuments": COUNT,
        "failedDocuments": COUNT,
        "pendingDocuments": COUNT,
        "lastUpdated": TIME,
    },
}

_FILE = {
    "blobName": TEXT,
    "blobUrl": TEXT,
    "fileSize": COUNT,
    "contentType": TEXT,
    "checksum": {"bsonType": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
}

# Unknown values have no field; null is never stored.
VALIDATORS: dict[str, Document] = {
    **EVENT_VALIDATORS,
    "jobs": {
        "bsonType": "object",
        "required": [
            *(field.name for field in JOB_FIELDS.values() if field.required),
            "processingStages",
            "schemaVersion",
        ],
        "properties": {
            **{field.name: field.schema for field in JOB_FIELDS.values()},
            "processingStages": {
                "bsonType": "object",
                "required": ["documentDownload"],
                "properties": {"documentDownload": _STAGE},
            },
            "companyKey": TEXT,
            "words": {"bsonType": "array"},
            "unfinishedCin": TEXT,
            "schemaVersion": COUNT,
            # Fields of the ledger.
            "uncounted": {"enum": [True]},
            "changes": COUNT,
            "completions": COUNT,
            "partials": COUNT,
            "empties": COUNT,
            "failures": COUNT,
            "cancellations": COUNT,
            "retries": COUNT,
            "countedSequence": COUNT,
            "countedAmounts": {"bsonType": "object"},
            **NOTES,
        },
    },
    "documents": {
        "bsonType": "object",
        "required": [
            "jobId",
            "documentNumber",
            "cin",
            "companyName",
            "documentType",
            "fileName",
            "status",
            "attempts",
            "fence",
            "createdAt",
        ],
        "properties": {
            "_id": ID,
            "jobId": TEXT,
            "documentNumber": COUNT,
            "filingKey": TEXT,
            "cin": TEXT,
            "companyName": TEXT,
            "companyKey": TEXT,
            "documentType": TEXT,
            "srn": TEXT,
            "filedOn": TIME,
            "fileName": TEXT,
            "status": {"enum": [str(status) for status in DocumentStatus]},
            "attempts": COUNT,
            "fence": COUNT,
            "error": ERROR,
            **_FILE,
            "reserved": {"bsonType": "object", "required": [*_FILE], "properties": _FILE},
            "textBlobName": TEXT,
            # Of documents stored before readings had a record of their own.
            "extraction": {"bsonType": "object", "properties": {"characters": COUNT}},
            "parentNumber": COUNT,
            "reading": READING_SCHEMA,
            "record": RECORD_SCHEMA,
            "stated": STATED_SCHEMA,
            "unendedReadings": COUNT,
            "downloadedAt": TIME,
            "createdAt": TIME,
        },
    },
    "pages": {
        "bsonType": "object",
        "required": ["content", "cin", "page", "text"],
        "properties": {
            "_id": ID,
            "content": TEXT,
            "cin": TEXT,
            "form": TEXT,
            "year": COUNT,
            "page": COUNT,
            "text": TEXT,
        },
    },
    "facts": FACT_SCHEMA,
    **USAGE_VALIDATORS,
    "directory": {
        "bsonType": "object",
        "required": ["name", "plainName", "keys", "digest"],
        "properties": {
            "_id": TEXT,
            **dict.fromkeys(("name", "status", "class", "category", "state", "plainName", "digest"), TEXT),
            "registeredOn": TIME,
            "authorisedCapital": COUNT,
            "paidUpCapital": COUNT,
            "keys": {"bsonType": "array"},
        },
    },
    "runs": {
        "bsonType": "object",
        "required": ["jobId", "number", "worker", "fence", "startedAt"],
        "properties": {
            "_id": ID,
            "jobId": TEXT,
            "number": COUNT,
            "worker": TEXT,
            "fence": COUNT,
            **dict.fromkeys(("startedAt", "finishedAt"), TIME),
            "waitedSeconds": {"bsonType": ["double", "int", "long"], "minimum": 0},
            **dict.fromkeys(("documents", "bytes"), COUNT),
            "error": ERROR,
            "outcome": {"enum": [str(outcome) for outcome in RunOutcome]},
        },
    },
    "run_details": {
        "bsonType": "object",
        "required": ["jobId", "number", "fence", "lines", "documents", "others", "otherSeconds"],
        "properties": {
            "_id": ID,
            "jobId": TEXT,
            "number": COUNT,
            "fence": COUNT,
            "lines": {"bsonType": "array"},
            "documents": {"bsonType": "array"},
            "others": COUNT,
            "otherSeconds": {"bsonType": "object"},
        },
    },
    "parts": {
        "bsonType": "object",
        "properties": {
            "_id": TEXT,
            "waiting": {"enum": [True]},
            "amounts": {"bsonType": "object"},
            "countedAt": TIME,
        },
    },
    "totals": {"bsonType": "object", "properties": {"_id": TEXT, "sequence": COUNT, "batch": {"bsonType": "array"}}},
    "hosts": {
        "bsonType": "object",
        "properties": {
            "_id": TEXT,
            "places": {
                "bsonType": "array",
                "items": {
                    "bsonType": "object",
                    "required": ["name", "until"],
                    "properties": {"name": TEXT, "until": TIME},
                },
            },
            "nextAt": COUNT,
            "started": COUNT,
            "perSecond": {"bsonType": "double"},
            "concurrency": COUNT,
            "usedAt": TIME,
        },
    },
    "breakers": {
        "bsonType": "object",
        "required": ["open", "failures"],
        "properties": {
            "_id": TEXT,
            "open": {"bsonType": "bool"},
            "failures": COUNT,
            "probes": COUNT,
            "since": TIME,
            "probeAt": TIME,
            "reason": TEXT,
        },
    },
    "bulk_actions": {
        "bsonType": "object",
        "required": [
            *("action", "by", "at", "filters", "zone", "newestId", "back", "done", "refused", "position", "state"),
            *("owner", "fence"),
        ],
        "properties": {
            "_id": ID,
            "action": {"enum": [str(action) for action in BULK_ACTIONS]},
            "priority": COUNT,
            **dict.fromkeys(
                ("by", "address", "filters", "zone", "newestId", "back", "position", "owner", "problem"), TEXT
            ),
            **dict.fromkeys(("at", "stopRequestedAt", "endedAt", "leaseUntil"), TIME),
            "jobIds": {"bsonType": "array", "items": TEXT},
            "batch": {"bsonType": "array", "items": TEXT},
            **dict.fromkeys(("total", "done", "refused", "fence", "failures", "token"), COUNT),
            "state": {"enum": [str(state) for state in BulkState]},
        },
    },
    "bulk_refusals": {
        "bsonType": "object",
        "required": ["bulkId", "jobId", "reason", "at"],
        "properties": {"_id": ID, "bulkId": TEXT, "jobId": TEXT, "reason": TEXT, "at": TIME},
    },
    "saved_views": {
        "bsonType": "object",
        "required": ["owner", "listing", "name", "query", "at"],
        "properties": {
            "_id": ID,
            "listing": {"enum": [str(listing) for listing in Listing]},
            **dict.fromkeys(("owner", "name", "query"), TEXT),
            "shared": {"enum": [True]},
            "at": TIME,
        },
    },
    "pauses": {
        "bsonType": "object",
        "required": ["by", "reason", "since", "until", "stopRuns"],
        "properties": {
            "_id": TEXT,
            "source": TEXT,
            "by": TEXT,
            "reason": TEXT,
            "since": TIME,
            "until": TIME,
            "stopRuns": {"bsonType": "bool"},
        },
    },
    "watches": WATCH_SCHEMA,
    "uploads": {
        "bsonType": "object",
        "required": ["owner", "name", "data", "at"],
        "properties": {"_id": ID, "owner": TEXT, "name": TEXT, "data": {"bsonType": "binData"}, "at": TIME},
    },
    "idempotency": {
        "bsonType": "object",
        "required": ["key", "fingerprint", "orders", "at"],
        "properties": {
            "_id": ID,
            "key": TEXT,
            "fingerprint": TEXT,
            "orders": {"bsonType": "array"},
            "at": TIME,
            "doneAt": TIME,
        },
    },
    "audit": {
        "bsonType": "object",
        "required": ["action", "by", "at"],
        "properties": {
            "_id": ID,
            "jobId": TEXT,
            "action": {"enum": [str(action) for action in Action]},
            "by": TEXT,
            "at": TIME,
            "address": TEXT,
            "details": TEXT,
            "bulkId": TEXT,
            "refused": TEXT,
            "unfinished": {"enum": [True]},
        },
    },
}
