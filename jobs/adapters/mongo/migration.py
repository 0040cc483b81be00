"""Brings the schema, jobs and documents stored by an earlier version up to date.

Each job is changed by one conditional write together with its ``schemaVersion``, so an interrupted migration
continues where it stopped, and a second one changes nothing. Workers and staff can keep working meanwhile.
An index that contains only outdated jobs finds them, and one of keys the documents without a key, so a finished
migration costs the same with any history.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymongo import UpdateOne
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.id_ranges import IDS
from jobs.adapters.mongo.indexes import OUTDATED, OUTDATED_INDEX
from jobs.adapters.mongo.queue_filters import EVERY_ID
from jobs.adapters.mongo.records import SCHEMA_VERSION, STAGE
from jobs.adapters.mongo.schema import drop_retired, ensure
from jobs.adapters.mongo.totals.counting import counted
from jobs.domain.company_names import company_key
from jobs.domain.job import JobStatus

BATCH = 500
_FIELDS = {"jobStatus": True, "lastError": True, "processingStages": True, "companyName": True, "schemaVersion": True}


def update_all(database: Database[Document], source: str) -> Iterator[str]:
    """Update collections, validators, indexes and views, then migrate all jobs and documents. Idempotent.

    Yields a line per step.
    """
    yield from ensure(database, source)  # first: validators must allow the new states, and an index finds the jobs
    migrated = 0
    for number in migrate(database):
        migrated += number
        yield f"{migrated} jobs migrated."
    filled = 0
    for number in migrate_documents(database):
        filled += number
        yield f"{filled} documents migrated."
    yield from drop_retired(database)
    yield "All jobs and documents have this version's schema."


def migrate(database: Database[Document]) -> Iterator[int]:
    """Migrate jobs until none is outdated. Yields the number of jobs in each migrated batch."""
    while batch := _outdated(database):
        yield _write(database, batch)


def migrate_documents(database: Database[Document]) -> Iterator[int]:
    """Add the key by which lists sort companies to documents without it. Yields the number in each migrated batch.

    Once none is left, one look into the index of keys shows it. Until then they are read by id, since DocumentDB would
    collect all of them for each batch.
    """
    batch = _without_key(database, {}, 1)
    after: Document = EVERY_ID if batch else {}
    while batch and (batch := _without_key(database, after, BATCH)):
        after = {"_id": {"$gt": batch[-1]["_id"]}}
        yield _add_keys(database, batch)


@translated
def _without_key(database: Database[Document], after: Document, limit: int) -> list[Document]:
    order: Document = {"sort": [("_id", 1)], "hint": IDS} if after else {}
    return list(database["documents"].find({"companyKey": None, **after}, {"companyName": True}, limit=limit, **order))


@translated
def _add_keys(database: Database[Document], batch: list[Document]) -> int:
    changes = [
        UpdateOne({"_id": row["_id"]}, {"$set": {"companyKey": company_key(row["companyName"])}}) for row in batch
    ]
    return database["documents"].bulk_write(changes, ordered=False).matched_count


@translated
def _outdated(database: Database[Document]) -> list[Document]:
    return list(database["jobs"].find(OUTDATED, _FIELDS, limit=BATCH, hint=OUTDATED_INDEX))


@translated
def _write(database: Database[Document], batch: list[Document]) -> int:
    return database["jobs"].bulk_write([_operation(record) for record in batch], ordered=False).matched_count


def _operation(record: Document) -> UpdateOne:
    """A job whose state changed since it was read is left for the next batch, which reads it again."""
    outcome = _outcome(record) if record["schemaVersion"] < 2 else {}
    current = {"schemaVersion": SCHEMA_VERSION, "companyKey": company_key(record["companyName"])}
    unchanged = {"_id": record["_id"], "jobStatus": record["jobStatus"]}
    if not outcome:
        return UpdateOne({"_id": record["_id"]}, {"$set": current})
    return UpdateOne(unchanged, counted({"$set": {**outcome, **current}}))


def _outcome(record: Document) -> Document:
    """The corrected outcome of a job that version 1 wrongly stored as failed."""
    if record["jobStatus"] != JobStatus.FAILED:
        return {}
    reason = record.get("lastError", {}).get("kind")
    stage = record["processingStages"]["documentDownload"]
    if reason == "documents_missing" and stage["downloadedDocuments"]:
        return {"jobStatus": str(JobStatus.PARTIAL), f"{STAGE}.status": "partial"}
    if reason == "company_not_found":
        return {"jobStatus": str(JobStatus.NO_FILINGS), f"{STAGE}.status": "completed", f"{STAGE}.totalDocuments": 0}
    return {}
