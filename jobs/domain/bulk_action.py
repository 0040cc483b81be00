"""Bulk actions: one action on many jobs, in steps that any web process can continue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qsl

from jobs.domain.audit import Action, Actor

#: The actions that are available in bulk.
BULK_ACTIONS = (Action.RETRY, Action.CANCEL, Action.PRIORITISE)
#: Jobs that can be selected one by one; Django accepts forms of at most 1,000 fields.
MOST_SELECTED = 900
#: Refused jobs that are kept with their reason; all are counted.
MOST_REFUSALS = 1_000


class BulkState(StrEnum):
    """The state of a bulk action."""

    RUNNING = "running"
    #: All selected jobs were acted on or refused.
    DONE = "done"
    #: Stopped before the last job: by its user, or see ``problem``.
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class RefusedJob:
    """A job that the action did not change, and why."""

    job_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BulkAction:
    """One action on many jobs, which are either ``job_ids`` or those that match ``filters``.

    It acts on jobs in the order of their ids, the oldest first. ``newest_id`` and ``at`` exclude the jobs that
    were ordered after the confirmation.
    """

    id: str
    action: Action
    #: Only of PRIORITISE.
    priority: int | None = None
    by: str
    address: str | None = None
    #: The number of the API token that began it; None: its user did.
    token: int | None = None
    at: datetime
    #: The query of the jobs page's URL, and the name of the zone of its days.
    filters: str = ""
    zone: str = "UTC"
    #: In ascending order; empty if the jobs are selected by ``filters``.
    job_ids: tuple[str, ...] = ()
    newest_id: str = ""
    #: The number of selected jobs at the confirmation; None if there were too many to count.
    total: int | None = None
    #: The page to return to.
    back: str = ""
    done: int = 0
    refused: int = 0
    #: The last job that is counted; empty at the beginning.
    position: str = ""
    #: The next jobs. They are stored before the first of them is changed.
    batch: tuple[str, ...] = ()
    state: BulkState = BulkState.RUNNING
    stop_requested_at: datetime | None = None
    #: Why it was stopped, unless its user has asked for it.
    problem: str = ""
    #: Failures in succession to find the next jobs.
    failures: int = 0
    ended_at: datetime | None = None
    #: The lease: only the process with the current fence may continue, until another one claims the action.
    owner: str = ""
    lease_until: datetime | None = None
    fence: int = 0

    @property
    def is_running(self) -> bool:
        return self.state is BulkState.RUNNING

    @property
    def acted(self) -> int:
        return self.done + self.refused

    @property
    def unmatched(self) -> int:
        """The jobs that matched at the confirmation but no longer when their turn came; 0 while it runs."""
        return max(0, (self.total or 0) - self.acted) if self.state is BulkState.DONE else 0

    @property
    def list_id(self) -> str | None:
        """The list whose jobs are selected, if they are selected by one. As in the filter, the last value counts."""
        return dict(parse_qsl(self.filters, keep_blank_values=True)).get("in_list") or None

    @property
    def actor(self) -> Actor:
        """The user, as recorded in the audit entry of each job."""
        return Actor(name=self.by, address=self.address, bulk_id=self.id)
