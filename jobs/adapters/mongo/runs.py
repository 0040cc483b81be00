"""The history of runs in MongoDB."""

from __future__ import annotations

from pymongo import ASCENDING
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.records import error_fields, known, to_run
from jobs.domain.job import Run, RunOutcome, parse_job_id


class MongoRunRepository:
    """``jobs.ports.RunRepository`` on the collection ``runs``."""

    def __init__(self, database: Database[Document]) -> None:
        self._runs = database["runs"]

    @translated
    def start(self, run: Run) -> int:
        """See the port."""
        silent = {"jobId": run.job_id, "fence": {"$lt": run.fence}, "outcome": {"$exists": False}}
        lost = {"outcome": str(RunOutcome.LOST), "finishedAt": run.started_at}
        ended = self._runs.update_many(silent, {"$set": lost}).modified_count
        self._save(run)
        return ended

    @translated
    def finish(self, run: Run) -> None:
        """See the port."""
        self._save(run)

    def _save(self, run: Run) -> None:
        key = {"jobId": run.job_id, "number": run.number}
        fields = known({
            "worker": run.worker,
            "fence": run.fence,
            "startedAt": run.started_at,
            "finishedAt": run.finished_at,
            "outcome": str(run.outcome) if run.outcome else None,
            "documents": run.documents,
            "bytes": run.bytes,
            "error": error_fields(run.error) if run.error else None,
        })  # fmt: skip
        self._runs.update_one(key, {"$set": fields}, upsert=True)

    @translated
    def of_job(self, job_id: str) -> list[Run]:
        """See the port."""
        rows = self._runs.find({"jobId": parse_job_id(job_id)}, sort=[("number", ASCENDING)])
        return [to_run(record) for record in rows]

    @translated
    def delete_of_job(self, job_id: str) -> None:
        """See the port."""
        self._runs.delete_many({"jobId": parse_job_id(job_id)})
