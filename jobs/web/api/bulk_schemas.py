"""Response bodies of bulk actions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from pydantic import Field

from jobs.domain.audit import Action
from jobs.domain.bulk_action import BulkAction, BulkState, RefusedJob
from jobs.web.api.base import Out, PageOut


class BulkActionOut(Out):
    """One action on many jobs. `total` is null if there were too many to count; `priority` unless it is changed.

    ``done`` and ``refused`` grow until ``endedAt`` is set. ``problem``: why it was stopped, unless its user asked for
    it. Its jobs are those of ``listId``, or else were chosen on the site.
    """

    bulk_action_id: str = Field(validation_alias="id")
    action: Action
    priority: int | None
    list_id: str | None
    by: str
    at: datetime
    state: BulkState
    total: int | None
    done: int
    refused: int
    stop_requested_at: datetime | None
    problem: str
    ended_at: datetime | None


class BulkActionsOut(PageOut):
    """A page of bulk actions, newest first. ``next`` and ``previous`` are cursors, null at the ends."""

    items: list[BulkActionOut]


class RefusedJobOut(Out):
    """A job that did not change, and why."""

    job_id: str
    reason: str


class BulkActionDetailOut(BulkActionOut):
    """A bulk action with the first 1,000 jobs that it refused."""

    refused_jobs: list[RefusedJobOut]

    @classmethod
    def of(cls, found: BulkAction, refused: Iterable[RefusedJob]) -> Self:
        rows = [RefusedJobOut.model_validate(row) for row in refused]
        return cls.model_construct(**dict(BulkActionOut.model_validate(found)), refused_jobs=rows)
