"""The queue in MongoDB.

Each change of a job is one conditional write: what the writer believes is in the filter, so a
belief that turned out stale matches nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.ledger import Ledger, counted, uncounted_fields
from jobs.adapters.mongo.records import STAGE, error_fields, new_job_record, object_id, stage_fields, to_job
from jobs.domain.ending import Ending
from jobs.domain.errors import LeaseLost, UnknownJob, WrongState
from jobs.domain.job import TRANSITIONS, UNFINISHED, Job, JobStatus, Lease, Progress, Transition
from jobs.ports import Clock

CLAIM_ORDER = [("priority", DESCENDING), ("createdAt", ASCENDING)]
DUPLICATE_KEY = 11000

_LEASE_FIELDS = ("lockedBy", "lockedAt", "leaseExpiresAt")


def due(now: datetime) -> Document:
    """What a claim may take: a finished job has no ``runAfter``, a held one its lease's end there."""
    return {"runAfter": {"$lte": now}}


def _from(transition: Transition) -> Document:
    """The states that a transition may start from, as a filter."""
    return {"jobStatus": {"$in": sorted(TRANSITIONS[transition].sources)}}


def _leased(worker: str, now: datetime, lease_seconds: float, counts: Mapping[str, int]) -> Document:
    """The update of a claim. A missing ``startedAt`` is set, an earlier one stays."""
    until = now + timedelta(seconds=lease_seconds)
    lease = {"lockedBy": worker, "lockedAt": now, "leaseExpiresAt": until, "runAfter": until}
    status = str(TRANSITIONS[Transition.CLAIM].target)
    return {
        "$set": {"jobStatus": status, "updatedAt": now, **lease},
        "$min": {"startedAt": now},
        "$inc": dict(counts),
    }


class MongoJobRepository:
    """``jobs.ports.JobRepository`` on the collection ``jobs``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._jobs = database["jobs"]
        self._clock = clock

    # --- ordering

    @translated
    def add(self, jobs: Sequence[Job], *, again: bool) -> Mapping[str, str]:
        """See the port. The look finds what stands; the unique key decides between racing callers."""
        refused = {} if again else dict(self.unfinished({job.cin for job in jobs}))
        wanted = [job for job in jobs if job.cin not in refused]
        if not wanted:
            return refused
        try:
            records = [{**new_job_record(job, unique=not again), **uncounted_fields()} for job in wanted]
            self._jobs.insert_many(records, ordered=False)
        except BulkWriteError as error:
            refused |= self.unfinished(_duplicates(error, wanted))
        return refused

    @translated
    def unfinished(self, cins: Collection[str]) -> Mapping[str, str]:
        """See the port."""
        found = self._jobs.find({"cin": {"$in": sorted(cins)}, "jobStatus": {"$in": sorted(UNFINISHED)}}, {"cin": True})
        return {record["cin"]: str(record["_id"]) for record in found}

    # --- looking

    @translated
    def get(self, job_id: str) -> Job:
        """See the port."""
        record = self._jobs.find_one({"_id": object_id(job_id)})
        if record is None:
            raise UnknownJob(job_id)
        return to_job(record)

    @translated
    def latest(self, limit: int) -> list[Job]:
        """See the port: ids rise with time, and their index is always there."""
        return [to_job(record) for record in self._jobs.find(sort=[("_id", DESCENDING)], limit=limit)]

    @translated
    def count_by_status(self) -> dict[JobStatus, int]:
        """See the port."""
        groups = self._jobs.aggregate([{"$group": {"_id": "$jobStatus", "count": {"$sum": 1}}}])
        counted = {group["_id"]: group["count"] for group in groups}
        return {status: counted.get(str(status), 0) for status in JobStatus}

    @translated
    def count_due(self, limit: int) -> int:
        """See the port."""
        return self._jobs.count_documents(due(self._clock()), limit=limit)

    @translated
    def ended_before(self, time: datetime, limit: int) -> list[str]:
        """See the port."""
        ended = {"completedAt": {"$lt": time}}
        rows = self._jobs.find(ended, {"_id": True}, sort=[("completedAt", ASCENDING)], limit=limit)
        return [str(row["_id"]) for row in rows]

    @translated
    def has_unfinished(self) -> bool:
        """See the port."""
        return self._jobs.find_one({"runAfter": {"$exists": True}}, {"_id": True}) is not None

    # --- the lease

    @translated
    def claim_next(self, worker: str, lease_seconds: float) -> Job | None:
        """See the port: one find_one_and_update, which MongoDB carries out atomically."""
        now = self._clock()
        record = self._jobs.find_one_and_update(
            due(now),
            counted(_leased(worker, now, lease_seconds, {"fence": 1, "runs": 1, "attempts": 1})),
            sort=CLAIM_ORDER,
            return_document=ReturnDocument.AFTER,
        )
        return to_job(record) if record else None

    @translated
    def claim(self, job_id: str, worker: str, lease_seconds: float) -> Job:
        """See the port."""
        now, key = self._clock(), object_id(job_id)
        mine = {
            "_id": key,
            "jobStatus": str(JobStatus.PROCESSING),
            "lockedBy": worker,
            "runAfter": {"$gt": now},
        }
        taken = self._take(mine, _leased(worker, now, lease_seconds, {"fence": 1}))
        if taken is None:
            counts = {"fence": 1, "runs": 1, "attempts": 1}
            taken = self._take({"_id": key, **due(now)}, counted(_leased(worker, now, lease_seconds, counts)))
        return taken or self._refuse_claim(job_id)

    def _take(self, filter_: Document, update: Document) -> Job | None:
        record = self._jobs.find_one_and_update(filter_, update, return_document=ReturnDocument.AFTER)
        return to_job(record) if record else None

    def _refuse_claim(self, job_id: str) -> Job:
        job = self.get(job_id)
        if job.status is JobStatus.PROCESSING:
            raise WrongState(f"Job {job.id} is held by {job.locked_by} until {job.lease_expires_at:%H:%M:%S} UTC.")
        if job.run_after:
            raise WrongState(f"Job {job.id} waits until {job.run_after:%Y-%m-%d %H:%M:%S} UTC before its next run.")
        raise WrongState(f"Job {job.id} is {job.status}; only a pending job can be processed.")

    @translated
    def renew(self, lease: Lease, lease_seconds: float) -> Job:
        """See the port."""
        now = self._clock()
        until = now + timedelta(seconds=lease_seconds)
        update = {"$set": {"leaseExpiresAt": until, "runAfter": until, "updatedAt": now}}
        renewed = self._take(_held(lease), update)
        if renewed is None:
            raise LeaseLost(lease.job_id, lease.fence)
        return renewed

    @translated
    def save_progress(self, lease: Lease, progress: Progress) -> None:
        """See the port."""
        now = self._clock()
        self._write(lease, counted({"$set": {**_stage(progress, now), "updatedAt": now}}))

    @translated
    def end(self, lease: Lease, ending: Ending) -> None:
        """See the port."""
        self._write(lease, _ended(ending, self._clock()))

    def _write(self, lease: Lease, update: Document) -> None:
        if not self._jobs.update_one(_held(lease), update).matched_count:
            raise LeaseLost(lease.job_id, lease.fence)

    # --- what staff do

    @translated
    def cancel(self, job_id: str) -> Job:
        """See the port."""
        now, key = self._clock(), object_id(job_id)
        cancelled = self._cancel(key, now)
        if cancelled:
            return cancelled
        job = self.get(job_id)
        if job.status not in UNFINISHED | {JobStatus.CANCELLED}:
            raise WrongState(f"Job {job.id} is {job.status}: there is nothing left to cancel.")
        return job

    def _cancel(self, key: ObjectId, now: datetime) -> Job | None:
        """One look a state, for the embedded server does not see the _id beside an $or when it writes.

        The first look again at the end: its worker may have given the job back between the others.
        """
        pending = {"_id": key, "jobStatus": str(JobStatus.PENDING)}
        held = {"_id": key, "jobStatus": str(JobStatus.PROCESSING)}
        return (
            self._take(pending, _cancelled(now))
            or self._take({**held, **due(now)}, _cancelled(now))
            or self._take(held, {"$min": {"cancelRequestedAt": now}, "$set": {"updatedAt": now}})
            or self._take(pending, _cancelled(now))
        )

    @translated
    def retry(self, job_id: str, progress: Progress) -> Job:
        """See the port. The company's unique key is left alone: this job was ordered before."""
        now = self._clock()
        update = {
            "$set": {"jobStatus": str(TRANSITIONS[Transition.RETRY].target), "runAfter": now, "dueAt": now,
                     "updatedAt": now, "attempts": 0, **_stage(progress, now)},
            "$unset": dict.fromkeys(("completedAt", "cancelRequestedAt", "lastError"), ""),
        }  # fmt: skip
        retried = self._take({"_id": object_id(job_id), **_from(Transition.RETRY)}, counted(update, "retried"))
        if retried is None:
            job = self.get(job_id)
            raise WrongState(f"Job {job.id} is {job.status}; only a failed or cancelled job can be retried.")
        return retried

    @translated
    def prioritise(self, job_id: str, priority: int) -> Job:
        """See the port."""
        update = {"$set": {"priority": priority, "updatedAt": self._clock()}}
        changed = self._take({"_id": object_id(job_id), "jobStatus": {"$in": sorted(UNFINISHED)}}, update)
        if changed is None:
            job = self.get(job_id)
            raise WrongState(f"Job {job.id} is {job.status}; only an unfinished job has a priority to change.")
        return changed

    @translated
    def delete(self, job_id: str) -> None:
        """See the port."""
        Ledger(self._jobs.database).remove(job_id)


def _held(lease: Lease) -> Document:
    """The filter of every write of a worker."""
    return {"_id": ObjectId(lease.job_id), "fence": lease.fence, "jobStatus": str(JobStatus.PROCESSING)}


def _stage(progress: Progress, now: datetime) -> Document:
    return {f"{STAGE}.{name}": value for name, value in stage_fields(progress, now).items()}


def _ended(ending: Ending, now: datetime) -> Document:
    """The update that gives a job back or ends it."""
    target = TRANSITIONS[ending.transition].target
    changes: dict[str, Any] = {
        "jobStatus": str(target), "attempts": ending.attempts, "updatedAt": now, **_stage(ending.progress, now)
    }  # fmt: skip
    gone = [*_LEASE_FIELDS]
    if target in UNFINISHED:
        changes["runAfter"] = changes["dueAt"] = ending.run_after
        event = None
    else:
        event = str(target)
        changes["completedAt"] = now
        gone += ["runAfter", "unfinishedCin"]
    if ending.error:
        changes["lastError"] = error_fields(ending.error)
    elif target is JobStatus.COMPLETED:
        gone.append("lastError")
    return counted({"$set": changes, "$unset": dict.fromkeys(gone, "")}, event)


def _cancelled(now: datetime) -> Document:
    """The update that cancels a job nobody works on; the fence shuts out a worker that comes back."""
    status = str(TRANSITIONS[Transition.CANCEL].target)
    gone = (*_LEASE_FIELDS, "runAfter", "unfinishedCin")
    update = {
        "$set": {"jobStatus": status, "completedAt": now, "cancelRequestedAt": now, "updatedAt": now},
        "$unset": dict.fromkeys(gone, ""),
        "$inc": {"fence": 1},
    }
    return counted(update, status)


def _duplicates(error: BulkWriteError, wanted: Sequence[Job]) -> set[str]:
    """The CINs that met the unique key. Any other failure is raised again."""
    failures = error.details["writeErrors"]
    if error.details.get("writeConcernErrors") or any(f["code"] != DUPLICATE_KEY for f in failures):
        raise error
    return {wanted[failure["index"]].cin for failure in failures}
