"""Collections, their validators and their indexes, as data; ``ensure`` makes the server match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, errors
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, is_embedded, translated
from jobs.domain.audit import Action
from jobs.domain.document import DocumentStatus
from jobs.domain.job import JobStatus, RunOutcome

SCHEMA_VERSION = 1
NAMESPACE_EXISTS = 48
INDEX_OPTIONS_CONFLICT, INDEX_KEY_SPECS_CONFLICT = 85, 86

INDEXES: dict[str, list[IndexModel]] = {
    "jobs": [
        # The claim: in the order of service, over unfinished jobs only, so history costs nothing.
        IndexModel(
            [("priority", DESCENDING), ("createdAt", ASCENDING), ("runAfter", ASCENDING)],
            name="due",
            partialFilterExpression={"runAfter": {"$exists": True}},
        ),
        # The count of due jobs.
        IndexModel([("runAfter", ASCENDING)], name="runAfter", sparse=True),
        # Two orders of one company at the same moment: one of them loses here.
        IndexModel([("unfinishedCin", ASCENDING)], name="unfinishedCin", unique=True, sparse=True),
        IndexModel([("cin", ASCENDING), ("jobStatus", ASCENDING)], name="cin_jobStatus"),
        # The staff's lists, by what they filter and what they order by.
        IndexModel([("jobStatus", ASCENDING), ("_id", ASCENDING)], name="jobStatus_id"),
        IndexModel([("requestedBy", ASCENDING), ("_id", ASCENDING)], name="requestedBy_id"),
        IndexModel([("priority", ASCENDING), ("_id", ASCENDING)], name="priority_id"),
        IndexModel([("companyName", ASCENDING), ("_id", ASCENDING)], name="companyName_id"),
        IndexModel(
            [("lastError.kind", ASCENDING), ("_id", ASCENDING)],
            name="lastError.kind_id",
            partialFilterExpression={"lastError.kind": {"$exists": True}},
        ),
        IndexModel([("words", ASCENDING)], name="words"),
        # The dashboard: what ended when, and who works.
        IndexModel(
            [("completedAt", ASCENDING), ("jobStatus", ASCENDING)],
            name="completedAt_jobStatus",
            partialFilterExpression={"completedAt": {"$exists": True}},
        ),
        IndexModel([("leaseExpiresAt", ASCENDING)], name="leaseExpiresAt", sparse=True),
        # What the ledger has still to look at.
        IndexModel([("uncounted", ASCENDING)], name="uncounted", sparse=True),
    ],
    "documents": [
        IndexModel([("jobId", ASCENDING), ("documentNumber", ASCENDING)], name="jobId_documentNumber", unique=True),
        IndexModel(
            [
                ("jobId", ASCENDING),
                ("status", ASCENDING),
                ("attempts", ASCENDING),
                ("documentNumber", ASCENDING),
            ],
            name="jobId_status_attempts",
        ),
        IndexModel([("status", ASCENDING), ("_id", ASCENDING)], name="status_id"),
        IndexModel([("documentType", ASCENDING), ("_id", ASCENDING)], name="documentType_id"),
        IndexModel([("cin", ASCENDING), ("_id", ASCENDING)], name="cin_id"),
    ],
    # A list that nobody said yes to goes after an hour.
    "uploads": [IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=3600)],
    "idempotency": [
        IndexModel([("key", ASCENDING)], name="key", unique=True),
        IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=86_400),
    ],
    "totals": [],
    "audit": [IndexModel([("jobId", ASCENDING), ("at", DESCENDING)], name="jobId_at")],
    "runs": [IndexModel([("jobId", ASCENDING), ("number", ASCENDING)], name="jobId_number", unique=True)],
}

_COUNT = {"bsonType": ["int", "long"], "minimum": 0}
_TIME, _TEXT, _ID = {"bsonType": "date"}, {"bsonType": "string"}, {"bsonType": "objectId"}
_ERROR = {
    "bsonType": "object",
    "required": ["kind", "message"],
    "properties": {"kind": _TEXT, "message": _TEXT, "at": _TIME},
}
_STAGE = {
    "bsonType": "object",
    "required": ["status", "downloadedDocuments", "failedDocuments", "pendingDocuments"],
    "properties": {
        "status": {"enum": ["pending", "processing", "completed", "failed"]},
        "totalDocuments": _COUNT, "downloadedDocuments": _COUNT, "failedDocuments": _COUNT,
        "pendingDocuments": _COUNT, "lastUpdated": _TIME,
    },
}  # fmt: skip

# A field that a document lacks is unknown or not yet so: nothing is stored as null.
VALIDATORS: dict[str, Document] = {
    "jobs": {
        "bsonType": "object",
        "required": ["cin", "companyName", "jobStatus", "priority", "runs", "attempts", "maxAttempts", "fence",
                     "requestedBy", "createdAt", "updatedAt", "schemaVersion", "processingStages"],
        "properties": {
            "_id": _ID, "cin": _TEXT, "companyName": _TEXT, "words": {"bsonType": "array"},
            "priority": _COUNT, "runs": _COUNT,
            "jobStatus": {"enum": [str(status) for status in JobStatus]},
            "attempts": _COUNT, "maxAttempts": _COUNT, "fence": _COUNT, "runAfter": _TIME,
            "dueAt": _TIME, "uncounted": {"enum": [True]}, "changes": _COUNT, "completions": _COUNT,
            "failures": _COUNT, "cancellations": _COUNT, "retries": _COUNT, "countedSequence": _COUNT,
            "countedAmounts": {"bsonType": "object"},
            "lockedBy": _TEXT, "lockedAt": _TIME, "leaseExpiresAt": _TIME, "cancelRequestedAt": _TIME,
            "lastError": _ERROR, "requestedBy": _TEXT, "createdAt": _TIME, "updatedAt": _TIME,
            "startedAt": _TIME, "completedAt": _TIME, "schemaVersion": _COUNT, "unfinishedCin": _TEXT,
            "traceContext": _TEXT,
            "processingStages": {
                "bsonType": "object", "required": ["documentDownload"],
                "properties": {"documentDownload": _STAGE},
            },
        },
    },
    "documents": {
        "bsonType": "object",
        "required": ["jobId", "documentNumber", "cin", "companyName", "documentType", "fileName", "status",
                     "attempts", "fence", "createdAt"],
        "properties": {
            "_id": _ID, "jobId": _TEXT, "documentNumber": _COUNT, "cin": _TEXT, "companyName": _TEXT,
            "documentType": _TEXT, "srn": _TEXT, "filedOn": _TIME, "fileName": _TEXT,
            "status": {"enum": [str(status) for status in DocumentStatus]},
            "attempts": _COUNT, "fence": _COUNT, "error": _ERROR, "blobName": _TEXT, "blobUrl": _TEXT,
            "textBlobName": _TEXT, "fileSize": _COUNT, "contentType": _TEXT,
            "checksum": {"bsonType": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
            "extraction": {"bsonType": "object"}, "downloadedAt": _TIME, "createdAt": _TIME,
        },
    },
    "runs": {
        "bsonType": "object",
        "required": ["jobId", "number", "worker", "fence", "startedAt"],
        "properties": {
            "_id": _ID, "jobId": _TEXT, "number": _COUNT, "worker": _TEXT, "fence": _COUNT,
            "startedAt": _TIME, "finishedAt": _TIME, "documents": _COUNT, "bytes": _COUNT, "error": _ERROR,
            "outcome": {"enum": [str(outcome) for outcome in RunOutcome]},
        },
    },
    "totals": {
        "bsonType": "object",
        "properties": {"_id": _TEXT, "sequence": _COUNT, "batch": {"bsonType": "array"}},
    },
    "uploads": {
        "bsonType": "object",
        "required": ["owner", "name", "data", "at"],
        "properties": {"_id": _ID, "owner": _TEXT, "name": _TEXT, "data": {"bsonType": "binData"}, "at": _TIME},
    },
    "idempotency": {
        "bsonType": "object",
        "required": ["key", "fingerprint", "orders", "at"],
        "properties": {
            "_id": _ID, "key": _TEXT, "fingerprint": _TEXT, "orders": {"bsonType": "array"}, "at": _TIME,
            "doneAt": _TIME,
        },
    },
    "audit": {
        "bsonType": "object",
        "required": ["jobId", "action", "by", "at"],
        "properties": {
            "_id": _ID, "jobId": _TEXT, "action": {"enum": [str(action) for action in Action]}, "by": _TEXT,
            "at": _TIME, "address": _TEXT, "details": _TEXT, "refused": _TEXT,
        },
    },
}  # fmt: skip


@translated
def ensure(database: Database[Document]) -> list[str]:
    """Create what is missing and change what differs; tells what it did. Idempotent."""
    return [line for name in VALIDATORS for line in _ensure_collection(database, name)]


@translated
def missing_indexes(database: Database[Document]) -> list[str]:
    """The keys of indexes that are not there, as ``collection (field, …)``."""
    return [
        f"{name} ({', '.join(keys)})"
        for name in INDEXES
        for keys in sorted({_keys(index.document) for index in _indexes(database, name)} - _present(database, name))
    ]


def _indexes(database: Database[Document], name: str) -> list[IndexModel]:
    """The embedded server breaks on an index that holds ``_id``, and is small enough to do without."""
    embedded = is_embedded(database)
    return [index for index in INDEXES[name] if not (embedded and "_id" in _keys(index.document))]


def _present(database: Database[Document], name: str) -> set[tuple[str, ...]]:
    """By their keys: the embedded server gives indexes names of its own."""
    return {tuple(field for field, _ in index["key"]) for index in database[name].index_information().values()}


def _keys(index: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(index["key"])


def _ensure_collection(database: Database[Document], name: str) -> Iterator[str]:
    yield f"{name}: {_ensure_validator(database, name)}"
    before = _present(database, name)
    for index in _indexes(database, name):
        changed = _ensure_index(database, name, index)
        if changed or _keys(index.document) not in before:
            yield f"{name}: index {index.document['name']} {'rebuilt' if changed else 'created'}"


def _ensure_validator(database: Database[Document], name: str) -> str:
    validator = {"$jsonSchema": VALIDATORS[name]}
    try:
        database.create_collection(name, validator=validator)
    except errors.CollectionInvalid:
        return _change_validator(database, name, validator)
    except errors.OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
        return _change_validator(database, name, validator)
    return "created"


def _change_validator(database: Database[Document], name: str, validator: dict[str, Any]) -> str:
    database.command("collMod", name, validator=validator)
    return "validator is current"


def _ensure_index(database: Database[Document], collection: str, index: IndexModel) -> bool:
    """Create the index; True if one of this name stood there with another definition."""
    try:
        database[collection].create_indexes([index])
    except errors.OperationFailure as error:
        if error.code not in (INDEX_OPTIONS_CONFLICT, INDEX_KEY_SPECS_CONFLICT):
            raise
        database[collection].drop_index(index.document["name"])
        database[collection].create_indexes([index])
        return True
    return False
