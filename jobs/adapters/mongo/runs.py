"""The history of runs in MongoDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.records import error_fields, known, to_error
from jobs.adapters.mongo.run_details import details_fields, to_details
from jobs.domain.job import Run, RunOutcome, parse_job_id

if TYPE_CHECKING:
    from jobs.domain.run_details import RunDetails


class MongoRunRepository:
    """``jobs.ports.RunRepository`` on the collections ``runs`` and ``run_details``."""

    def __init__(self, database: Database[Document]) -> None:
        self._runs, self._details = database["runs"], database["run_details"]

    @translated
    def start(self, run: Run) -> int:
        silent = self.lose(run.job_id, run.fence, run.started_at)
        mine = {"jobId": run.job_id, "number": run.number, "fence": {"$lte": run.fence}}
        update = {"$set": _fields(run), "$unset": dict.fromkeys(("outcome", "finishedAt", "error"), "")}
        with suppress(DuplicateKeyError):  # a later claim has recorded this run
            self._runs.update_one(mine, update, upsert=True)
        return silent

    @translated
    def unended(self) -> Iterator[str]:
        return distinct_jobs(self._runs, {"outcome": {"$exists": False}})

    @translated
    def job_ids(self) -> Iterator[str]:
        return chain(distinct_jobs(self._runs, {}), distinct_jobs(self._details, {}))

    @translated
    def finish(self, run: Run) -> None:
        mine = {"jobId": run.job_id, "number": run.number, "fence": {"$lte": run.fence}}
        self._runs.update_one(mine, {"$set": _fields(run)})

    @translated
    def lose(self, job_id: str, fence: int, at: datetime) -> int:
        silent = {"jobId": job_id, "fence": {"$lt": fence}, "outcome": {"$exists": False}}
        lost = {"outcome": str(RunOutcome.LOST), "finishedAt": at}
        return self._runs.update_many(silent, {"$set": lost}).modified_count

    @translated
    def save_details(self, details: RunDetails) -> None:
        """The unique key refuses a second record if a later claim has stored some."""
        mine = {"jobId": details.job_id, "number": details.number, "fence": {"$lte": details.fence}}
        with suppress(DuplicateKeyError):
            self._details.update_one(mine, {"$set": details_fields(details)}, upsert=True)

    @translated
    def details(self, job_id: str, number: int) -> RunDetails | None:
        record = self._details.find_one({"jobId": parse_job_id(job_id), "number": number})
        return to_details(record) if record else None

    @translated
    def of_job(self, job_id: str) -> list[Run]:
        rows = self._runs.find({"jobId": parse_job_id(job_id)}, sort=[("number", ASCENDING)])
        return [to_run(record) for record in rows]

    @translated
    def delete_of_job(self, job_id: str) -> None:
        self._details.delete_many({"jobId": parse_job_id(job_id)})
        self._runs.delete_many({"jobId": parse_job_id(job_id)})


def _fields(run: Run) -> Document:
    return known(
        {
            "worker": run.worker,
            "fence": run.fence,
            "startedAt": run.started_at,
            "finishedAt": run.finished_at,
            "outcome": str(run.outcome) if run.outcome else None,
            "documents": run.documents,
            "bytes": run.bytes,
            "error": error_fields(run.error) if run.error else None,
            "waitedSeconds": run.waited,
        }
    )


def to_run(record: Mapping[str, Any]) -> Run:
    outcome = record.get("outcome")
    return Run(
        job_id=record["jobId"],
        number=record["number"],
        worker=record["worker"],
        fence=record["fence"],
        started_at=record["startedAt"],
        finished_at=record.get("finishedAt"),
        outcome=RunOutcome(outcome) if outcome else None,
        documents=record.get("documents", 0),
        bytes=record.get("bytes", 0),
        error=to_error(record.get("error")),
        waited=record.get("waitedSeconds"),
    )


def distinct_jobs(collection: Collection[Document], wanted: Document) -> Iterator[str]:
    """The distinct job ids of the matching rows."""
    groups = collection.aggregate([{"$match": wanted}, {"$group": {"_id": "$jobId"}}])
    return iter([group["_id"] for group in groups])
