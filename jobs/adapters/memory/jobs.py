"""The queue in memory."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from jobs.adapters.memory.pauses import MemoryPauseRepository
from jobs.domain import changes
from jobs.domain.ending import Ending
from jobs.domain.errors import DocumentsInUse, LeaseLost
from jobs.domain.events import Note
from jobs.domain.export import Export
from jobs.domain.job import (
    DONE,
    TRANSITIONS,
    UNFINISHED,
    VISIBLE,
    Job,
    JobStatus,
    Lease,
    Progress,
    Transition,
    parse_job_id,
)
from jobs.domain.turns import current_turn, new_turns
from jobs.domain.waiting import waited
from jobs.domain.wrong_use import AlreadyOrdered, UnknownJob, WrongState
from jobs.ports import Clock, Expect, PauseRepository


class MemoryJobRepository:
    """``jobs.ports.JobRepository`` over a dictionary."""

    def __init__(self, clock: Clock, pauses: PauseRepository | None = None) -> None:
        self._jobs: dict[str, Job] = {}
        self._clock = clock
        self._pauses = pauses or MemoryPauseRepository(clock)
        self._lock = threading.RLock()
        #: The notes that nobody has read yet, with their job as it was at the last one.
        self.notes: dict[str, tuple[Job, list[Note]]] = {}
        #: How many notes each job has ever had.
        self.noted: Counter[str] = Counter()
        #: CIN → the deleted job that has the turn to record what it frees.
        self._freeing: dict[str, str] = {}

    def add(self, jobs: Sequence[Job], *, again: bool, expect: Expect | None = None) -> Mapping[str, str]:
        refused: dict[str, str] = {}
        accepted: dict[str, Job] = {}  # by CIN, or by job id if companies can repeat
        with self._lock:
            for job in jobs:
                holder = None if again else accepted.get(job.cin) or self._unfinished(job.cin)
                if holder:
                    refused[job.cin] = holder.id
                elif job.id not in self._jobs:
                    accepted[job.id if again else job.cin] = job
            turns = new_turns(list(accepted.values()), self._current, self._last)
            new = [replace(job, turn=turns[job.id]) for job in accepted.values()]
            expected = expect(new) if expect else {}
            self._jobs |= {job.id: replace(job, expected_at=expected.get(job.id)) for job in new}
        return refused

    def _current(self, priority: int) -> int:
        jobs = [job for job in self._jobs.values() if job.priority == priority and job.started_at]
        held = [job.turn for job in jobs if job.status is JobStatus.PROCESSING]
        return current_turn(max((job.turn for job in jobs), default=0), held)

    def _last(self, priority: int, requested_by: str) -> int:
        mine = (
            job.turn
            for job in self._jobs.values()
            if job.status in UNFINISHED and (job.priority, job.requested_by) == (priority, requested_by)
        )
        return max(mine, default=0)

    def newest_first(self) -> list[Job]:
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: job.id, reverse=True)

    def add_tasks(self, jobs: Sequence[Job]) -> set[str]:
        stored = set()
        with self._lock:
            for job in jobs:
                if self._unfinished(job.unique_key) is None and job.id not in self._jobs:
                    turns = new_turns([job], self._current, self._last)
                    self._jobs[job.id] = replace(job, turn=turns[job.id])
                    stored.add(job.id)
        return stored

    def existing(self, job_ids: Collection[str]) -> set[str]:
        with self._lock:
            return {job_id for job_id in job_ids if job_id in self._jobs}

    def unfinished(self, cins: Collection[str]) -> Mapping[str, str]:
        with self._lock:
            return {cin: holder.id for cin in cins if (holder := self._unfinished(cin))}

    def done_since(self, cins: Collection[str], since: datetime) -> set[str]:
        ended = (
            job
            for job in self.newest_first()
            if job.status in DONE
            and job.is_order
            and not job.recheck
            and job.completed_at
            and job.completed_at >= since
        )
        return {job.cin for job in ended} & set(cins)

    def holder(self, unique_key: str) -> str | None:
        with self._lock:
            found = self._unfinished(unique_key)
        return found.id if found else None

    def _unfinished(self, key: str, *, besides: Job | None = None) -> Job | None:
        jobs = (job for job in self._jobs.values() if job.unique_key == key and job.status in UNFINISHED)
        return next((job for job in jobs if job != besides), None)

    def get(self, job_id: str) -> Job:
        with self._lock:
            job = self._jobs.get(parse_job_id(job_id))
        if job is None or job.status is JobStatus.DELETING:
            raise UnknownJob(job_id)
        return job

    def count_by_status(self) -> dict[JobStatus, int]:
        with self._lock:
            return {status: sum(job.status is status for job in self._jobs.values()) for status in VISIBLE}

    def count_due(self, limit: int) -> int:
        with self._lock:
            return (
                0
                if self._pauses.current()
                else min(limit, sum(job.is_due(self._clock()) for job in self._jobs.values()))
            )

    def ended_before(self, time: datetime, limit: int) -> list[str]:
        with self._lock:
            ended = [(job.completed_at, job.id) for job in self._jobs.values() if job.completed_at]
        return [job_id for at, job_id in sorted(ended) if at < time][:limit]

    def has_unfinished(self) -> bool:
        with self._lock:
            return any(job.status in UNFINISHED for job in self._jobs.values())

    def claim_next(self, worker: str, lease_seconds: float) -> Job | None:
        with self._lock:
            now = self._clock()
            due = [job for job in self._jobs.values() if job.is_due(now)]
            if not due or self._pauses.current():
                return None
            first = min(due, key=lambda job: (-job.priority, job.turn, job.created_at))
            return self._claimed(first, worker, lease_seconds)

    def claim(self, job_id: str, worker: str, lease_seconds: float) -> Job:
        with self._lock:
            job, now = self.get(job_id), self._clock()
            mine = job.status is JobStatus.PROCESSING and job.locked_by == worker
            if not (mine and not job.is_due(now)) and (paused := self._pauses.current()):
                raise WrongState(str(paused[-1]))
            if not mine and not job.is_due(now):
                raise WrongState(f"Job {job.id} is {job.status} and not due.")
            if job.is_due(now):
                return self._claimed(job, worker, lease_seconds)
            return self._put(job, changes.claimed(worker, now, lease_seconds, new_run=False))

    def _claimed(self, due: Job, worker: str, lease_seconds: float) -> Job:
        now = self._clock()
        claimed = self._put(due, changes.claimed(worker, now, lease_seconds, new_run=True))
        return replace(claimed, waited=waited(due, self._pauses.latest(), now))

    def renew(self, lease: Lease, lease_seconds: float) -> Job:
        with self._lock:
            return self._put(self._held(lease), changes.renewed(self._clock(), lease_seconds))

    def save_progress(self, lease: Lease, progress: Progress, *, advanced: bool = False) -> None:
        with self._lock:
            self._put(self._held(lease), changes.progressed(progress, self._clock(), advanced=advanced))

    def save_export(self, lease: Lease, export: Export, progress: Progress) -> None:
        with self._lock:
            self._put(self._held(lease), changes.packed(export, progress, self._clock()))

    def end(self, lease: Lease, ending: Ending) -> None:
        with self._lock:
            self._put(self._held(lease), changes.ended(ending, self._clock()))

    def cancel(self, job_id: str) -> Job:
        with self._lock:
            job, now = self.get(job_id), self._clock()
            if job.status is JobStatus.PENDING or (job.status is JobStatus.PROCESSING and job.is_due(now)):
                return self._put(job, changes.cancelled(now))
            if job.status is JobStatus.PROCESSING:
                return self._put(job, changes.cancel_requested(now))
            if job.status is not JobStatus.CANCELLED:
                raise WrongState(f"Job {job.id} is already {job.status}; it cannot be cancelled.")
            return job

    def retry(self, job_id: str, progress: Progress, *, again: bool = False) -> Job:
        with self._lock:
            job = self.get(job_id)
            other = None if again and job.is_order else self._unfinished(job.unique_key, besides=job)
            if other:
                raise AlreadyOrdered(job.cin, other.id)
            if job.status not in TRANSITIONS[Transition.RETRY].sources:
                raise WrongState(
                    f"Job {job.id} is {job.status}; only a failed, partial or cancelled job can be retried."
                )
            return self._put(job, changes.retried(progress, self._clock()))

    def borrow(self, job_id: str) -> Lease:
        with self._lock:
            job = self.get(job_id)
            if job.status in UNFINISHED:
                raise DocumentsInUse(job.id)
            return Lease(job_id=job.id, fence=self._put(job, changes.borrowed()).fence, worker="")

    def recount(self, lease: Lease, progress: Progress) -> Job | None:
        with self._lock:
            job = self._jobs.get(lease.job_id)
            if job is None or job.status in UNFINISHED or job.fence != lease.fence:
                return None
            return self._put(job, changes.progressed(progress, self._clock()))

    def hold_pending(self, *, due_before: datetime, until: datetime, due_from: datetime | None = None) -> int:
        with self._lock:
            pending = [job for job in self._jobs.values() if job.status is JobStatus.PENDING and job.is_order]
            early = [
                job for job in pending if job.run_after and (due_from or job.run_after) <= job.run_after < due_before
            ]
            for job in early:
                self._put(job, changes.held(until, self._clock()))
            return len(early)

    def prioritise(self, job_id: str, priority: int) -> Job:
        with self._lock:
            job = self.get(job_id)
            if job.status not in UNFINISHED:
                raise WrongState(f"Job {job.id} is {job.status}; only an unfinished job's priority can be changed.")
            return self._put(job, changes.prioritised(priority, self._clock()))

    def run_now(self, job_id: str) -> Job:
        with self._lock:
            job = self.get(job_id)
            if job.status is not JobStatus.PENDING:
                raise WrongState(f"Job {job.id} is {job.status}; only a pending job can be run now.")
            return self._put(job, changes.run_now(self._clock()))

    def begin_deletion(self, job_id: str) -> None:
        with self._lock:
            job = self._jobs.get(parse_job_id(job_id))
            if job is None:
                raise UnknownJob(job_id)
            if job.status not in TRANSITIONS[Transition.DELETE].sources:
                raise WrongState(f"Job {job.id} is {job.status}; cancel it before you delete it.")
            if job.status is not JobStatus.DELETING:
                self._put(job, changes.deleting(self._clock()))

    def counting(self, job_ids: Collection[str]) -> Mapping[str, Job]:
        found = {each: self._jobs[each] for each in job_ids if each in self._jobs}
        return {each: job for each, job in found.items() if job.freed_bytes is None}

    def begin_freeing(self, job_id: str) -> str | None:
        with self._lock:
            job = self.counting([job_id]).get(job_id)
            if job is None:
                return None
            if (holder := self._freeing.get(job.cin)) is None or not self.counting([holder]):
                self._freeing[job.cin] = job_id
            return self._freeing[job.cin]

    def record_freed(self, job_id: str, freed: int) -> None:
        with self._lock:
            if job := self.counting([job_id]).get(job_id):
                self._jobs[job_id] = replace(job, freed_bytes=freed)

    def deleting(self, limit: int) -> list[str]:
        with self._lock:
            return [job.id for job in self._jobs.values() if job.status is JobStatus.DELETING][:limit]

    def delete(self, job_id: str) -> None:
        with self._lock:
            job = self._jobs.get(parse_job_id(job_id))
            if job and job.status in UNFINISHED:
                raise WrongState(f"Job {job_id} is unfinished again; cancel it before you delete it.")
            self._jobs.pop(parse_job_id(job_id), None)

    def _held(self, lease: Lease) -> Job:
        job = self._jobs.get(lease.job_id)
        if job is None or job.fence != lease.fence or job.status is not JobStatus.PROCESSING:
            raise LeaseLost(lease.job_id, lease.fence)
        return job

    def _put(self, job: Job, change: changes.Change) -> Job:
        changed = self._jobs[job.id] = change.applied(job)
        if change.note:
            _, notes = self.notes.get(job.id, (job, []))
            self.notes[job.id] = changed, [*notes, change.note]
            self.noted[job.id] += 1
        return changed
