"""Records actions in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jobs.domain.audit import Action, Actor, AuditEntry
from jobs.domain.errors import WrongUse
from jobs.ports import AuditLog, Clock


@contextmanager
def audited(
    log: AuditLog, clock: Clock, action: Action, actor: Actor, *, job_id: str | None = None, details: str | None = None
) -> Iterator[None]:
    """Record the action before it is performed, then its result; after a failure the entry stays unfinished."""
    entry = AuditEntry(
        job_id=job_id,
        action=action,
        by=actor.name,
        at=clock(),
        address=actor.address,
        details=details,
        bulk_id=actor.bulk_id,
    )
    entry_id = log.add(entry)
    try:
        yield
    except WrongUse as error:
        log.refuse(entry_id, str(error))
        raise
    log.finish(entry_id)
