"""Jobs that are being deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pymongo import collection
from pymongo.errors import DuplicateKeyError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.notes import keep_notes
from jobs.adapters.mongo.records import object_id, to_job
from jobs.domain.job import Job, JobStatus

_COUNTING: Document = {"freedBytes": {"$exists": False}}


class DeletedJobs:
    """The part of ``jobs.ports.JobRepository`` after ``begin_deletion``."""

    _jobs: collection.Collection[Document]

    @translated
    def holder(self, unique_key: str) -> str | None:
        record = self._jobs.find_one({"unfinishedCin": unique_key}, {"_id": True})
        return str(record["_id"]) if record else None

    @translated
    def counting(self, job_ids: Collection[str]) -> Mapping[str, Job]:
        rows = self._jobs.find({"_id": {"$in": [object_id(each) for each in job_ids]}, **_COUNTING})
        return {job.id: job for job in map(to_job, rows)}

    @translated
    def begin_freeing(self, job_id: str) -> str | None:
        """The unique key of unfinished jobs, which a deleted one does not need, decides whose turn it is."""
        while job := self.counting([job_id]).get(job_id):
            key = f"deletion {job.cin}"
            try:
                mine = {"_id": object_id(job_id), "jobStatus": str(JobStatus.DELETING), **_COUNTING}
                return job_id if self._jobs.update_one(mine, {"$set": {"unfinishedCin": key}}).matched_count else None
            except DuplicateKeyError:
                if holder := self.holder(key):
                    return holder
        return None

    @translated
    def record_freed(self, job_id: str, freed: int) -> None:
        update = {"$set": {"freedBytes": freed}, "$unset": {"unfinishedCin": ""}}
        self._jobs.update_one({"_id": object_id(job_id), "jobStatus": str(JobStatus.DELETING), **_COUNTING}, update)

    @translated
    def deleting(self, limit: int) -> list[str]:
        rows = self._jobs.find({"jobStatus": str(JobStatus.DELETING)}, {"_id": True}, limit=limit)
        return [str(row["_id"]) for row in rows]

    @translated
    def delete(self, job_id: str) -> None:
        from jobs.adapters.mongo.totals.ledger import Ledger  # a claim does without

        keep_notes(self._jobs.database, "jobs", self._jobs.find_one({"_id": object_id(job_id)}))
        Ledger(self._jobs.database).remove(job_id)
