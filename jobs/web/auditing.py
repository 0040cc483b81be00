"""Records actions in the audit log of this process's application."""

from __future__ import annotations

from contextlib import AbstractContextManager

from jobs.bootstrap import application
from jobs.domain.audit import Action, Actor
from jobs.services.auditing import audited


def recorded(action: Action, actor: Actor, details: str, *, job_id: str | None = None) -> AbstractContextManager[None]:
    """Record the action before it is performed, then its result, see ``audited``."""
    app = application()
    return audited(app.audit, app.clock, action, actor, job_id=job_id, details=details)
