"""The changes that each event makes to a job, declared once for all adapters.

The in-memory adapter applies a change to a ``Job``; the MongoDB adapter translates it into an update.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from jobs.domain.events import Note, order_note
from jobs.domain.job import PRIORITIES, TRANSITIONS, UNFINISHED, Job, JobStatus, Progress, Transition

if TYPE_CHECKING:
    from jobs.domain.ending import Ending
    from jobs.domain.export import Export

_NO_LEASE = dict.fromkeys(("locked_by", "locked_at", "lease_expires_at"))


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change to some fields of a job. Keys are attribute names of ``Job``."""

    #: New values; None clears a field.
    values: Mapping[str, Any]
    #: Times to set, unless the field has an earlier one.
    first: Mapping[str, datetime] = field(default_factory=dict)
    #: Numbers to add to the current values.
    added: Mapping[str, int] = field(default_factory=dict)
    #: The event that the change is, to be stored in the same write.
    note: Note | None = None

    def applied(self, job: Job) -> Job:
        fields = dict(self.values)
        fields |= {name: min(getattr(job, name) or at, at) for name, at in self.first.items()}
        fields |= {name: getattr(job, name) + number for name, number in self.added.items()}
        return replace(job, **fields)


def _to(transition: Transition) -> JobStatus:
    return TRANSITIONS[transition].target


def claimed(worker: str, now: datetime, lease_seconds: float, *, new_run: bool) -> Change:
    """``new_run`` is False if a worker takes up its own claim again."""
    lease = {"locked_by": worker, "locked_at": now, **_lease_until(now, lease_seconds)}
    return Change(
        values={"status": _to(Transition.CLAIM), "updated_at": now, **lease},
        first={"started_at": now},
        added={"fence": 1, **({"runs": 1, "attempts": 1} if new_run else {})},
    )


def renewed(now: datetime, lease_seconds: float) -> Change:
    return Change(values={**_lease_until(now, lease_seconds), "updated_at": now})


def _lease_until(now: datetime, lease_seconds: float) -> dict[str, datetime]:
    until = now + timedelta(seconds=lease_seconds)
    return {"lease_expires_at": until, "run_after": until}


def progressed(progress: Progress, now: datetime, *, advanced: bool = False) -> Change:
    """``advanced``: documents reached their final state, so only the current run counts as an attempt."""
    attempts = {"attempts": 1} if advanced else {}
    return Change(values={"progress": progress, "updated_at": now, **attempts})


def packed(export: Export, progress: Progress, now: datetime) -> Change:
    """Another part of an export is finished."""
    return Change(values={**progressed(progress, now, advanced=True).values, "export": export})


def ended(ending: Ending, now: datetime) -> Change:
    status = _to(ending.transition)
    values: dict[str, Any] = {
        "status": status,
        "attempts": ending.attempts,
        "progress": ending.progress,
        "updated_at": now,
        **_NO_LEASE,
    }
    if status in UNFINISHED:
        values |= {"run_after": ending.run_after, "due_at": ending.run_after}
    else:
        values |= {"run_after": None, "completed_at": now}
    if ending.error or status is JobStatus.COMPLETED:
        values["last_error"] = ending.error
    note = None if status in UNFINISHED else order_note(status, now, ending.progress, ending.error)
    used = {"bytes_stored": ending.bytes, "pages_read": ending.pages}
    return Change(values=values, note=note, added={name: number for name, number in used.items() if number})


def cancelled(now: datetime) -> Change:
    """Cancel a job that no live worker holds; the new fence rejects writes by a worker that wakes up later."""
    return Change(
        values={
            "status": _to(Transition.CANCEL),
            "run_after": None,
            "completed_at": now,
            "cancel_requested_at": now,
            "updated_at": now,
            **_NO_LEASE,
        },
        added={"fence": 1},
        note=order_note(_to(Transition.CANCEL), now, None, None),
    )


def cancel_requested(now: datetime) -> Change:
    return Change(values={"updated_at": now}, first={"cancel_requested_at": now})


def deleting(now: datetime) -> Change:
    return Change(values={"status": _to(Transition.DELETE), "updated_at": now}, added={"fence": 1})


def borrowed() -> Change:
    """Nothing that people see changes, since the job itself has ended."""
    return Change(values={}, added={"fence": 1})


def retried(progress: Progress, now: datetime) -> Change:
    return Change(
        values={
            "status": _to(Transition.RETRY),
            "run_after": now,
            "due_at": now,
            "attempts": 0,
            "progress": progress,
            "completed_at": None,
            "expected_at": None,
            "cancel_requested_at": None,
            "last_error": None,
            "updated_at": now,
        }
    )


def held(until: datetime, now: datetime) -> Change:
    """The wait does not count as waiting for a worker, so ``due_at`` moves too."""
    return Change(values={"run_after": until, "due_at": until, "updated_at": now})


def run_now(now: datetime) -> Change:
    """Due at once if it is not due yet, and first among all priorities."""
    return Change(
        values={"priority": PRIORITIES[-1], "updated_at": now}, first=dict.fromkeys(("run_after", "due_at"), now)
    )


def prioritised(priority: int, now: datetime) -> Change:
    return Change(values={"priority": priority, "updated_at": now})
