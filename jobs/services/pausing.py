"""Pauses, resumes and releases the queue or its source; each action is recorded in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from jobs.domain.audit import Action, Actor
from jobs.domain.pausing import Pause, new_pause, source_of
from jobs.domain.sources import Breaker
from jobs.domain.wrong_use import WrongState
from jobs.ports import AuditLog, BreakerRepository, Clock, JobRepository, PauseRepository
from jobs.services.auditing import audited

#: How much later than planned a job becomes due whose run found the source on hold.
_LATER = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class PauseService:
    """The use cases of pauses. ``source`` is this installation's source of filings.

    ``wake`` is called when jobs may have become due.
    """

    pauses: PauseRepository
    breakers: BreakerRepository
    jobs: JobRepository
    audit: AuditLog
    clock: Clock
    source: str
    #: The time that a probe of the source takes. Held jobs become due this long after the next probe.
    probe_time: timedelta
    wake: Callable[[], None] = lambda: None

    def pause(
        self, *, minutes: int | str, reason: str, actor: Actor, source: str | None = None, stop_runs: bool = False
    ) -> Pause:
        """Pause the queue, or this source; a current pause of the same is replaced. Raises InvalidPause.

        A claim that overlaps this call may still start a run, which then counts as active.
        """
        pause = new_pause(
            source=source,
            by=actor.name,
            reason=reason,
            minutes=minutes,
            stop_runs=stop_runs,
            known=self.source,
            now=self.clock(),
        )
        runs = "runs stop" if stop_runs else "runs finish"
        details = f"{_name(pause.source)} until {pause.until:%Y-%m-%d %H:%M} UTC, {runs}: {pause.reason}"
        with audited(self.audit, self.clock, Action.PAUSE, actor, details=details):
            self.pauses.put(pause)
        return pause

    def resume(self, source: str | None, actor: Actor) -> Pause:
        """End a current pause. Returns it. Raises InvalidPause, WrongState."""
        wanted = source_of(source, self.source)
        with audited(self.audit, self.clock, Action.RESUME, actor, details=_name(wanted)):
            ended = self.pauses.end(wanted)
            if ended is None:
                raise WrongState(f"The {_name(wanted)} is not paused.")
        self.wake()
        return ended

    def release(self, actor: Actor) -> Breaker:
        """Close the breaker of the source, and make its jobs due now. Returns the open breaker. Raises WrongState.

        If it is interrupted in between, the jobs become due at the time that the breaker has planned. If the source is
        still down, the next failures open the breaker again. Jobs that wait for another reason keep waiting.
        """
        with audited(self.audit, self.clock, Action.RESUME, actor, details=f"source {self.source}, which was on hold"):
            breaker = self.breakers.get(self.source)
            if breaker.probe_at is None:
                raise WrongState(f"The source {self.source} is not on hold.")
            self.breakers.close(self.source)
            planned = breaker.probe_at + self.probe_time
            self.jobs.hold_pending(due_from=planned, due_before=planned + _LATER, until=self.clock())
        self.wake()
        return breaker


def _name(source: str | None) -> str:
    return f"source {source}" if source else "queue"
