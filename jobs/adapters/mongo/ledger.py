"""Brings what happened to jobs to the totals of all jobs: exactly once, at a cost that history does not raise.

Each write that changes a job counts it in the job itself, and marks it ``uncounted``. ``fold`` adds what came
since to the totals, a batch of jobs at a time, in three steps, of which each can be repeated and any can be the last
one of a process:

1. the totals take the batch's differences and the batch itself, if nobody else changed them since they were read;
2. each job of the batch remembers what has been counted of it;
3. the totals forget the batch.

Names are flat, for the embedded server counts only at the top of a document.

Whoever comes next finishes what a dead process left. A step that comes late finds that its ``sequence`` is past.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import DeleteOne, UpdateOne
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.records import object_id
from jobs.domain.errors import WrongState
from jobs.domain.job import UNFINISHED, JobStatus

JOBS = {"_id": "jobs"}
_BATCH = 500
_TRIES = 20
_GAUGES = ("jobs_by_", "documents_by_")
_EVENTS = {"completed": "completions", "failed": "failures", "cancelled": "cancellations", "retried": "retries"}
_FIELDS = {
    "jobStatus": 1, "runs": 1, **dict.fromkeys(_EVENTS.values(), 1), "changes": 1, "countedAmounts": 1,
    "processingStages": 1,
}  # fmt: skip

Operation = UpdateOne | DeleteOne


def counted(update: Document, event: str | None = None) -> Document:
    """The update, and that the ledger has to look at this job; ``event`` is what happened, for example ``failed``."""
    events = {_EVENTS[event]: 1} if event else {}
    return {
        **update,
        "$set": {**update.get("$set", {}), "uncounted": True},
        "$inc": {**update.get("$inc", {}), "changes": 1, **events},
    }


def uncounted_fields() -> Document:
    """What a new job's record starts with."""
    return {"uncounted": True, "changes": 1, "countedSequence": 0}


class Ledger:
    """Totals over all jobs, kept in the collection ``totals``."""

    def __init__(self, database: Database[Document]) -> None:
        self._jobs = database["jobs"]
        self._totals = database["totals"]

    @translated
    def totals(self) -> Mapping[str, int]:
        """What has been folded: ``jobs_created``, …, ``jobs_by_failed``, …, ``documents_by_stored``, …"""
        totals = self._totals.find_one(JOBS) or {}
        return {name: number for name, number in totals.items() if name.startswith(("jobs_", "documents_"))}

    @translated
    def fold(self) -> int:
        """Fold one batch; how many jobs it had, 0 if none waits or somebody else was quicker."""
        sequence = self._settled()
        records = list(self._jobs.find({"uncounted": True}, _FIELDS, limit=_BATCH))
        entries = [_entry(record, _amounts(record)) for record in records]
        return len(entries) if entries and self._apply(sequence, records, entries) else 0

    @translated
    def remove(self, job_id: str) -> None:
        """Delete a finished job, and take it out of the gauges. Idempotent. Raises WrongState."""
        for _ in range(_TRIES):
            sequence = self._settled()
            record = self._jobs.find_one({"_id": object_id(job_id)}, _FIELDS)
            if record is None:
                return
            if record["jobStatus"] in UNFINISHED:
                raise WrongState(f"Job {job_id} is unfinished again; cancel it before you delete it.")
            left = {name: number for name, number in _amounts(record).items() if not name.startswith(_GAUGES)}
            self._apply(sequence, [record], [{**_entry(record, left), "remove": True}])
        raise WrongState(f"Job {job_id} could not be deleted: much happens at once. Try again.")

    def _settled(self) -> int:
        """The sequence of the totals, once no batch is under way."""
        totals = self._totals.find_one(JOBS) or self._begun()
        if totals.get("batch"):
            self._settle(totals["sequence"], totals["batch"])
        return int(totals["sequence"])

    def _begun(self) -> Document:
        totals = {**JOBS, "sequence": 0}
        with contextlib.suppress(DuplicateKeyError):  # somebody else was quicker
            self._totals.insert_one({**totals})
        return totals

    def _apply(self, sequence: int, records: Sequence[Document], entries: list[Document]) -> bool:
        rise: Counter[str] = Counter()
        for record, entry in zip(records, entries, strict=True):
            rise.update(entry["amounts"])
            rise.subtract(record.get("countedAmounts", {}))
        added = {name: number for name, number in rise.items() if number}
        unchanged = {**JOBS, "sequence": sequence, "batch": {"$exists": False}}
        update = {"$inc": {"sequence": 1, **added}, "$set": {"batch": entries}}
        if not self._totals.update_one(unchanged, update).matched_count:
            return False
        self._settle(sequence + 1, entries)
        return True

    def _settle(self, sequence: int, batch: Sequence[Document]) -> None:
        self._jobs.bulk_write([each for entry in batch for each in _settling(sequence, entry)])
        self._totals.update_one({**JOBS, "sequence": sequence}, {"$unset": {"batch": ""}})


def _entry(record: Document, amounts: Mapping[str, int]) -> Document:
    return {"job": record["_id"], "changes": record.get("changes"), "amounts": amounts}


def _settling(sequence: int, entry: Document) -> list[Operation]:
    """The writes to one job of a batch. One that has changed since stays marked, and is counted again by difference."""
    job = {"_id": entry["job"], "countedSequence": {"$lt": sequence}}
    told = {"countedSequence": sequence, "countedAmounts": entry["amounts"]}
    operations: list[Operation] = [
        UpdateOne({**job, "changes": entry["changes"]}, {"$set": told, "$unset": {"uncounted": ""}}),
        UpdateOne({**job, "changes": {"$ne": entry["changes"]}}, {"$set": told}),
    ]
    if entry.get("remove"):
        operations.append(DeleteOne({"_id": entry["job"], "changes": entry["changes"]}))
    return operations


def _amounts(record: Mapping[str, Any]) -> dict[str, int]:
    """What one job adds to the totals."""
    stage = record["processingStages"]["documentDownload"]
    listed, stored, failed = (stage.get(f"{name}Documents", 0) for name in ("total", "downloaded", "failed"))
    amounts = {
        "jobs_created": 1, "jobs_claimed": record["runs"],
        **{f"jobs_{event}": record.get(field, 0) for event, field in _EVENTS.items()},
        "documents_listed": listed, "documents_stored": stored,
        f"jobs_by_{JobStatus(record['jobStatus'])}": 1,
        "documents_by_stored": stored, "documents_by_failed": failed, "documents_by_listed": listed - stored - failed,
    }  # fmt: skip
    return {name: number for name, number in amounts.items() if number}
