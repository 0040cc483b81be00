"""Jobs that process stored documents, and are served after all orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jobs.domain.document import Document
from jobs.domain.export import Export
from jobs.domain.job import LOW_PRIORITY, Job, Progress
from jobs.domain.rereading import Reread


def new_task(
    documents: Sequence[Document],
    total: int,
    *,
    job_id: str,
    requested_by: str,
    now: datetime,
    max_attempts: int,
    reread: Reread | None = None,
    export: Export | None = None,
) -> Job:
    """A job for ``total`` of these documents, which are of one company. ``reread`` or ``export`` says what it does."""
    return Job(
        id=job_id,
        cin=documents[0].cin,
        company_name=documents[0].company_name,
        priority=LOW_PRIORITY,
        run_after=now,
        due_at=now,
        progress=Progress(total=total),
        max_attempts=max_attempts,
        requested_by=requested_by,
        created_at=now,
        updated_at=now,
        reread=reread,
        export=export,
    )
