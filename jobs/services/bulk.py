"""Carries out bulk actions step by step.

A step stores its jobs before it changes the first one. If it is interrupted, the next claim finds these jobs, and each
job's audit entries show what became of it: a job counts once, as done or as refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs.domain.audit import Action, AuditEntry, Outcome
from jobs.domain.bulk_action import BulkAction, BulkState, RefusedJob
from jobs.domain.errors import FilesureError, TooSlow, WrongUse
from jobs.domain.job import Job
from jobs.ports import AuditLog, BulkActionRepository, Clock, JobRepository
from jobs.services.releasing import existing

logger = logging.getLogger(__name__)

STEP = 50
LEASE_SECONDS = 30.0
RENEW_SECONDS = 2.0
#: How often the next jobs are looked for before the action is stopped, and the first wait between two tries.
TRIES, RETRY_SECONDS = 3, 30.0
#: The newest entries of a job that may belong to an interrupted step.
_ENTRIES = 100
_FAILED = "The action failed; the web site's log has the reason."


@dataclass(frozen=True, kw_only=True)
class BulkService:
    """Advances bulk actions.

    ``act`` carries out the action on one job. ``select`` returns at most so many jobs that match the filters, with
    ids after a position, in the order of their ids. ``allowed``: whether the user, or the API token, still has the
    right to the action; asked before each step.
    """

    actions: BulkActionRepository
    audit: AuditLog
    jobs: JobRepository
    clock: Clock
    act: Callable[[BulkAction, str], object]
    select: Callable[[BulkAction, str, int], Sequence[Job]]
    allowed: Callable[[BulkAction], bool] = lambda _: True
    lease_seconds: float = LEASE_SECONDS
    renew_seconds: float = RENEW_SECONDS
    step: int = STEP

    def advance(self, owner: str, stopping: Callable[[], bool] = lambda: False) -> BulkAction | None:
        """Claim the action that waits longest, and take one step. Returns the action; None if none waits."""
        claimed = self.actions.claim(owner, self.lease_seconds)
        return self.take_step(claimed, stopping) if claimed else None

    def take_step(self, held: BulkAction, stopping: Callable[[], bool] = lambda: False) -> BulkAction:
        """Act on the next jobs of a claimed action, then release it.

        ``stopping``: this process ends, so only the current job is finished. The errors of a server that does not
        answer are raised: the action can be claimed again once the lease has ended.
        """
        repeated, last = bool(held.batch), False
        if not self.allowed(held):
            by = held.by if held.token is None else "The API token that began it"
            held = self._stopped(held, f"{by} may no longer do this.")
        if not repeated and not held.stop_requested_at:
            try:
                batch, last = self._next(held)
            except Exception as error:
                if isinstance(error, FilesureError) and not isinstance(error, TooSlow):
                    raise
                return self._postponed(held, error)
            held = replace(held, batch=tuple(batch), failures=0)
            if batch and not self.actions.save(held):
                return held
        return _Step(self, held, repeated=repeated, last=last).run(stopping)

    def _postponed(self, held: BulkAction, error: Exception) -> BulkAction:
        """Try again later; after TRIES in succession, stop the action and state why."""
        is_slow, failures = isinstance(error, TooSlow), held.failures + 1
        logger.warning("bulk.not_selected", exc_info=error, extra={"bulk_action": held.id, "failures": failures})
        if failures >= TRIES:
            held = self._stopped(held, "Finding its jobs takes too long. Narrow the filters." if is_slow else _FAILED)
            return _Step(self, held, repeated=False, last=False).run(lambda: False)
        later = self.clock() + timedelta(seconds=RETRY_SECONDS * failures)
        held = replace(held, failures=failures, lease_until=later)
        self.actions.save(held)
        return held

    def _stopped(self, held: BulkAction, problem: str) -> BulkAction:
        return replace(held, stop_requested_at=held.stop_requested_at or self.clock(), problem=problem)

    def _next(self, held: BulkAction) -> tuple[list[str], bool]:
        """The next jobs, and whether no others follow. Jobs ordered after the confirmation are skipped."""
        if held.job_ids:
            rest = [job_id for job_id in held.job_ids if job_id > held.position]
            return rest[: self.step], len(rest) <= self.step
        after = held.position
        while True:
            jobs = self.select(held, after, self.step)
            wanted = [job.id for job in jobs if job.id <= held.newest_id and job.created_at <= held.at]
            last = len(jobs) < self.step or jobs[-1].id >= held.newest_id
            if wanted or last:
                return wanted, last
            after = jobs[-1].id


def _shows(job: Job, held: BulkAction, since: datetime) -> bool:
    """Whether a job looks as if the action was performed since. Other changes, also by its worker, do not look so."""
    if held.action is Action.PRIORITISE:
        return job.priority == held.priority and job.updated_at >= since
    at = job.due_at if held.action is Action.RETRY else job.cancel_requested_at
    return at is not None and at >= since


class _Step:
    """One step of one claimed action."""

    def __init__(self, service: BulkService, held: BulkAction, *, repeated: bool, last: bool) -> None:
        self._service, self._held, self._repeated, self._last = service, held, repeated, last
        self._renewed_at = service.clock()
        self._done = self._counted = 0
        self._refused: list[RefusedJob] = []

    def run(self, stopping: Callable[[], bool]) -> BulkAction:
        for job_id in self._held.batch:
            if stopping():
                break
            if not self._renew():
                logger.warning("bulk.lease_lost", extra={"bulk_action": self._held.id})
                return self._held
            if self._held.stop_requested_at and not self._repeated:
                break
            self._count(job_id, self._outcome(job_id))
        return self._save()

    def _renew(self) -> bool:
        """Renew the lease every few seconds, which also shows whether the user has asked to stop."""
        service, now = self._service, self._service.clock()
        if now - self._renewed_at < timedelta(seconds=service.renew_seconds):
            return True
        stored = service.actions.renew(self._held, service.lease_seconds)
        if stored is None:
            return False
        self._renewed_at, asked = now, self._held.stop_requested_at
        self._held = replace(self._held, stop_requested_at=stored.stop_requested_at or asked)
        return True

    def _count(self, job_id: str, refused: str | None) -> None:
        self._counted += 1
        if refused is None:
            self._done += 1
        elif refused:
            self._refused.append(RefusedJob(job_id=job_id, reason=refused))

    def _outcome(self, job_id: str) -> str | None:
        """None: done. Otherwise the reason of the refusal; empty: not acted on, because the user has stopped."""
        entries = self._entries(job_id) if self._repeated else []
        if any(entry.outcome is Outcome.DONE for entry in entries):
            return None
        refusals = [entry.refused for entry in entries if entry.refused]
        if refusals:
            return refusals[0]
        if self._held.stop_requested_at:
            return None if self._changed(job_id, entries) else ""
        try:
            self._service.act(self._held, job_id)
        except FilesureError as error:
            if error.retryable:
                raise
            return self._refusal(job_id, error)
        except Exception:
            logger.exception("bulk.failed", extra={"job_id": job_id})
            return _FAILED
        return None

    def _refusal(self, job_id: str, error: FilesureError) -> str | None:
        """A repetition is also refused if the interrupted attempt, or a frozen process, has changed the job."""
        if not isinstance(error, WrongUse):
            logger.error("bulk.failed", extra={"job_id": job_id, "kind": error.kind, "reason": str(error)})
            return _FAILED
        if self._repeated:
            entries = self._entries(job_id)
            if any(entry.outcome is Outcome.DONE for entry in entries) or self._changed(job_id, entries):
                return None
        return str(error)

    def _entries(self, job_id: str) -> list[AuditEntry]:
        entries = self._service.audit.of_job(job_id, _ENTRIES)
        return [entry for entry in entries if entry.bulk_id == self._held.id]

    def _changed(self, job_id: str, entries: Sequence[AuditEntry]) -> bool:
        """Whether an attempt whose result was not recorded has changed the job."""
        began = [entry.at for entry in entries if entry.outcome is Outcome.UNFINISHED]
        job = existing(self._service.jobs, job_id) if began else None
        return job is not None and _shows(job, self._held, min(began))

    def _save(self) -> BulkAction:
        held, now = self._held, self._service.clock()
        rest = held.batch[self._counted :]
        saved = replace(
            held,
            done=held.done + self._done,
            refused=held.refused + len(self._refused),
            position=held.batch[self._counted - 1] if self._counted else held.position,
            batch=rest,
            lease_until=now,
        )
        saved = self._ended(saved, now)
        if not self._service.actions.save(saved, self._refused):
            logger.warning("bulk.lease_lost", extra={"bulk_action": held.id})
        elif not saved.is_running:
            counts = {"done": saved.done, "refused": saved.refused, "outcome": str(saved.state)}
            logger.info("bulk.ended", extra={"bulk_action": saved.id, **counts})
        return saved

    def _ended(self, saved: BulkAction, now: datetime) -> BulkAction:
        """An interrupted step is finished before the action ends, so that the counts are complete."""
        if self._last and not saved.batch:
            return replace(saved, state=BulkState.DONE, ended_at=now)
        if saved.stop_requested_at and not (saved.batch and self._repeated):
            return replace(saved, state=BulkState.STOPPED, batch=(), ended_at=now)
        return saved
