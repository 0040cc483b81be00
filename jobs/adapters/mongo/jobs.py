"""The queue in MongoDB.

Each change to a job is one conditional write whose filter has the assumed state, so a stale one matches nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bson import ObjectId
from pymongo import ASCENDING, ReturnDocument
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from jobs.adapters.mongo.claiming import Claim, Claims
from jobs.adapters.mongo.connection import Document, translated
from jobs.adapters.mongo.deleted_jobs import DeletedJobs
from jobs.adapters.mongo.pauses import MongoPauseRepository
from jobs.adapters.mongo.queue_filters import ORDERS, before, due, held_by
from jobs.adapters.mongo.racing import duplicates
from jobs.adapters.mongo.records import job_update, new_job_record, object_id, to_job
from jobs.adapters.mongo.totals.counting import counted, uncounted_fields
from jobs.adapters.mongo.turns import with_turns
from jobs.domain import changes
from jobs.domain.errors import DocumentsInUse, LeaseLost
from jobs.domain.job import DONE, ENDED, TRANSITIONS, UNFINISHED, VISIBLE, Job, JobStatus, Lease, Progress, Transition
from jobs.domain.pausing import current
from jobs.domain.wrong_use import AlreadyOrdered, UnknownJob, WrongState

if TYPE_CHECKING:
    from jobs.domain.ending import Ending
    from jobs.domain.export import Export
    from jobs.ports import Clock, Expect, PauseRepository


class MongoJobRepository(DeletedJobs):
    """``jobs.ports.JobRepository`` on the collection ``jobs``."""

    def __init__(self, database: Database[Document], clock: Clock, pauses: PauseRepository | None = None) -> None:
        self._jobs = database["jobs"]
        self._clock = clock
        self._pauses = pauses or MongoPauseRepository(database, clock)
        self._claims = Claims(self._jobs)

    # --- ordering

    @translated
    def add(self, jobs: Sequence[Job], *, again: bool, expect: Expect | None = None) -> Mapping[str, str]:
        """A query finds existing jobs; the unique key decides between racing callers."""
        refused = {} if again else dict(self.unfinished({job.cin for job in jobs}))
        wanted = with_turns(self._jobs, [job for job in jobs if job.cin not in refused])
        expected = expect(wanted) if expect else {}
        wanted = [replace(job, expected_at=expected.get(job.id)) for job in wanted]
        while wanted:
            met = self._insert(wanted, unique=not again)
            refused |= self.unfinished({job.cin for job in met})
            # Neither stored nor refused: the job that held the key has just ended.
            known = self.existing([job.id for job in met])
            wanted = [job for job in met if job.cin not in refused and job.id not in known]
        return refused

    def _insert(self, wanted: Sequence[Job], *, unique: bool) -> list[Job]:
        """Insert jobs; returns those rejected by a unique key."""
        try:
            records = [{**new_job_record(job, unique=unique), **uncounted_fields()} for job in wanted]
            self._jobs.insert_many(records, ordered=False)
        except BulkWriteError as error:
            return [wanted[index] for index in duplicates(error)]
        return []

    @translated
    def add_tasks(self, jobs: Sequence[Job]) -> set[str]:
        met = self._insert(with_turns(self._jobs, jobs), unique=True) if jobs else []
        return {job.id for job in jobs} - {job.id for job in met}

    @translated
    def existing(self, job_ids: Collection[str]) -> set[str]:
        keys = [object_id(job_id) for job_id in job_ids]
        return {str(row["_id"]) for row in self._jobs.find({"_id": {"$in": keys}}, {"_id": True})} if keys else set()

    @translated
    def unfinished(self, cins: Collection[str]) -> Mapping[str, str]:
        orders = {"cin": {"$in": sorted(cins)}, "jobStatus": {"$in": sorted(UNFINISHED)}, **ORDERS}
        return {record["cin"]: str(record["_id"]) for record in self._jobs.find(orders, {"cin": True})}

    @translated
    def done_since(self, cins: Collection[str], since: datetime) -> set[str]:
        ended = {"jobStatus": {"$in": sorted(DONE)}, "completedAt": {"$gte": since}, "recheck": {"$ne": True}, **ORDERS}
        return {row["cin"] for row in self._jobs.find({"cin": {"$in": sorted(cins)}, **ended}, {"cin": True})}

    # --- reading

    @translated
    def get(self, job_id: str) -> Job:
        record = self._jobs.find_one({"_id": object_id(job_id)})
        if record is None or record["jobStatus"] == str(JobStatus.DELETING):
            raise UnknownJob(job_id)
        return to_job(record)

    @translated
    def count_by_status(self) -> dict[JobStatus, int]:
        groups = self._jobs.aggregate([{"$group": {"_id": "$jobStatus", "count": {"$sum": 1}}}])
        counted = {group["_id"]: group["count"] for group in groups}
        return {status: counted.get(str(status), 0) for status in VISIBLE}

    @translated
    def count_due(self, limit: int) -> int:
        return 0 if self._pauses.current() else self._jobs.count_documents(due(self._clock()), limit=limit)

    @translated
    def ended_before(self, time: datetime, limit: int) -> list[str]:
        rows = self._jobs.find(
            {"completedAt": {"$lt": time}}, {"_id": True}, sort=[("completedAt", ASCENDING)], limit=limit
        )
        return [str(row["_id"]) for row in rows]

    @translated
    def has_unfinished(self) -> bool:
        return self._jobs.find_one({"runAfter": {"$exists": True}}, {"_id": True}) is not None

    # --- the lease

    @translated
    def claim_next(self, worker: str, lease_seconds: float) -> Job | None:
        """Each find_one_and_update is atomic; most servers need one."""
        now, pauses = self._clock(), self._pauses.latest()
        if current(pauses, now):
            return None
        return self._claims.next(due(now), Claim(worker, lease_seconds, now, pauses))

    @translated
    def claim(self, job_id: str, worker: str, lease_seconds: float) -> Job:
        now, key = self._clock(), object_id(job_id)
        mine = {"_id": key, "jobStatus": str(JobStatus.PROCESSING), "lockedBy": worker, "runAfter": {"$gt": now}}
        if taken := self._take(mine, changes.claimed(worker, now, lease_seconds, new_run=False)):
            return taken
        pauses = self._pauses.latest()
        if paused := current(pauses, now):
            self.get(job_id)
            raise WrongState(str(paused[-1]))
        taken = self._claims.take({"_id": key, **due(now)}, Claim(worker, lease_seconds, now, pauses))
        return taken or self._refuse_claim(job_id)

    def _take(self, filter_: Document, change: changes.Change, event: str | None = None) -> Job | None:
        """Change the matching job, if there is one. The ledger counts ``event``."""
        update, after = counted(job_update(change), event), ReturnDocument.AFTER
        record = self._jobs.find_one_and_update(filter_, update, return_document=after)
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
        """Not marked for the ledger, since a renewal changes none of its totals."""
        update = job_update(changes.renewed(self._clock(), lease_seconds))
        record = self._jobs.find_one_and_update(held_by(lease), update, return_document=ReturnDocument.AFTER)
        if record is None:
            raise LeaseLost(lease.job_id, lease.fence)
        return to_job(record)

    @translated
    def save_progress(self, lease: Lease, progress: Progress, *, advanced: bool = False) -> None:
        self._write(lease, changes.progressed(progress, self._clock(), advanced=advanced))

    @translated
    def save_export(self, lease: Lease, export: Export, progress: Progress) -> None:
        self._write(lease, changes.packed(export, progress, self._clock()))

    @translated
    def end(self, lease: Lease, ending: Ending) -> None:
        target = TRANSITIONS[ending.transition].target
        event = None if target in UNFINISHED else str(target)
        self._write(lease, changes.ended(ending, self._clock()), event)

    def _write(self, lease: Lease, change: changes.Change, event: str | None = None) -> None:
        if not self._jobs.update_one(held_by(lease), counted(job_update(change), event)).matched_count:
            raise LeaseLost(lease.job_id, lease.fence)

    # --- actions of staff

    @translated
    def cancel(self, job_id: str) -> Job:
        if cancelled := self._cancel(object_id(job_id), self._clock()):
            return cancelled
        job = self.get(job_id)
        if job.status not in UNFINISHED | {JobStatus.CANCELLED}:
            raise WrongState(f"Job {job.id} is already {job.status}; it cannot be cancelled.")
        return job

    def _cancel(self, key: ObjectId, now: datetime) -> Job | None:
        """One write per state, since the embedded server ignores an _id next to an $or in a write.

        The first write is repeated at the end, in case the worker released the job in between.
        """
        pending = {"_id": key, "jobStatus": str(JobStatus.PENDING)}
        held = {"_id": key, "jobStatus": str(JobStatus.PROCESSING)}
        cancelled, event = changes.cancelled(now), str(JobStatus.CANCELLED)
        return (
            self._take(pending, cancelled, event)
            or self._take({**held, **due(now)}, cancelled, event)
            or self._take(held, changes.cancel_requested(now))
            or self._take(pending, cancelled, event)
        )

    @translated
    def retry(self, job_id: str, progress: Progress, *, again: bool = False) -> Job:
        """As in ``add``, the unique key decides between racing callers."""
        job = self.get(job_id)
        unique = not again or not job.is_order
        if unique:
            self._check_only_job(job)
        update = counted(job_update(changes.retried(progress, self._clock())), "retried")
        if unique:
            update["$set"]["unfinishedCin"] = job.unique_key
        wanted = {"_id": object_id(job.id), **before(Transition.RETRY)}
        try:
            record = self._jobs.find_one_and_update(wanted, update, return_document=ReturnDocument.AFTER)
        except DuplicateKeyError:
            self._check_only_job(job)
            raise WrongState(f"Another job of {job.cin} has just ended. Try again.") from None
        if record is None:
            raise self._refusal(job_id, "a failed, partial or cancelled job can be retried")
        return to_job(record)

    def _check_only_job(self, job: Job) -> None:
        """Raises AlreadyOrdered if another unfinished job has the same key."""
        orders = {"jobStatus": {"$in": sorted(UNFINISHED)}, **ORDERS}
        alike = orders if job.is_order else {"unfinishedCin": job.unique_key}
        unfinished = {"cin": job.cin, "_id": {"$ne": ObjectId(job.id)}, **alike}
        if other := self._jobs.find_one(unfinished, {"_id": True}):
            raise AlreadyOrdered(job.cin, str(other["_id"]))

    @translated
    def borrow(self, job_id: str) -> Lease:
        """Not marked for the ledger, since a fence changes none of its totals."""
        ended = {"_id": object_id(job_id), "jobStatus": {"$in": sorted(ENDED)}}
        update, after = job_update(changes.borrowed()), ReturnDocument.AFTER
        record = self._jobs.find_one_and_update(ended, update, return_document=after)
        if record is None:
            raise DocumentsInUse(self.get(job_id).id)
        return Lease(job_id=job_id, fence=record["fence"], worker="")

    @translated
    def recount(self, lease: Lease, progress: Progress) -> Job | None:
        ended = {"_id": object_id(lease.job_id), "fence": lease.fence, "runAfter": {"$exists": False}}
        return self._take(ended, changes.progressed(progress, self._clock()))

    @translated
    def hold_pending(self, *, due_before: datetime, until: datetime, due_from: datetime | None = None) -> int:
        """Not marked for the ledger, since a delay changes none of its totals."""
        pending = {"jobStatus": str(JobStatus.PENDING), **ORDERS}
        early = {"runAfter": {"$lt": due_before, **({"$gte": due_from} if due_from else {})}, **pending}
        return self._jobs.update_many(early, job_update(changes.held(until, self._clock()))).modified_count

    @translated
    def prioritise(self, job_id: str, priority: int) -> Job:
        unfinished = {"_id": object_id(job_id), "jobStatus": {"$in": sorted(UNFINISHED)}}
        if changed := self._take(unfinished, changes.prioritised(priority, self._clock())):
            return changed
        raise self._refusal(job_id, "an unfinished job's priority can be changed")

    @translated
    def run_now(self, job_id: str) -> Job:
        pending = {"_id": object_id(job_id), "jobStatus": str(JobStatus.PENDING)}
        if changed := self._take(pending, changes.run_now(self._clock())):
            return changed
        raise self._refusal(job_id, "a pending job can be run now")

    def _refusal(self, job_id: str, only: str) -> WrongState:
        return WrongState(f"Job {job_id} is {self.get(job_id).status}; only {only}.")

    @translated
    def begin_deletion(self, job_id: str) -> None:
        key = object_id(job_id)
        ended = {"_id": key, "jobStatus": {"$in": sorted(ENDED)}}
        if self._take(ended, changes.deleting(self._clock())):
            return
        record = self._jobs.find_one({"_id": key}, {"jobStatus": True})
        if record is None:
            raise UnknownJob(job_id)
        if record["jobStatus"] != str(JobStatus.DELETING):
            raise WrongState(f"Job {job_id} is {record['jobStatus']}; cancel it before you delete it.")
