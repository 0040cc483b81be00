"""Starts bulk actions, and continues them in a thread of this web process."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import connections
from django.http import QueryDict
from django.utils import timezone

from jobs.bootstrap import application, new_id
from jobs.bootstrap.once import once
from jobs.domain.audit import Action, Actor
from jobs.domain.bulk_action import BulkAction
from jobs.domain.errors import FilesureError, TooSlow
from jobs.domain.job import Job, parse_job_id
from jobs.domain.listing import Cursor, JobFilter, JobOrder
from jobs.services import BulkService
from jobs.web import actions, tokens
from jobs.web.actions import ACTIONS
from jobs.web.forms import JobSearch
from jobs.web.preferences import zone_of

logger = logging.getLogger(__name__)

COUNTED = 10_000
#: Actions on so few jobs are carried out within the request.
SMALL = 25
#: After each step the thread rests for this share of the step's time, so that requests get the processor.
_REST = 0.5
_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 60.0


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which jobs: explicit ids, or else all that match the filters, as in the URL of the jobs page."""

    ids: Sequence[str] = ()
    filters: str = ""

    @property
    def wanted(self) -> JobFilter:
        return JobSearch(QueryDict(self.filters)).wanted

    def total(self) -> int | None:
        """None if there are too many to count."""
        if self.ids:
            return len(self.ids)
        with suppress(TooSlow):
            count = application().catalogue.count(self.wanted, COUNTED)
            return None if count.more else count.number
        return None


def start(
    action: Action,
    selection: Selection,
    actor: Actor,
    *,
    priority: int | None = None,
    back: str = "",
    action_id: str | None = None,
    token: int | None = None,
    at_once: bool = False,
) -> BulkAction:
    """Store an action and begin it; one that is stored already is returned. ``at_once``: a small one is also finished.

    Raises InvalidJobId.
    """
    app, total = application(), selection.total()
    at = app.clock()
    newest = app.catalogue.jobs(JobFilter(), JobOrder.NEWEST, None, 1).items
    new = BulkAction(
        id=action_id or new_id(),
        action=action,
        priority=priority,
        by=actor.name,
        address=actor.address,
        token=token,
        at=at,
        filters="" if selection.ids else selection.filters,
        zone=str(timezone.get_current_timezone()),
        job_ids=tuple(sorted({parse_job_id(each) for each in selection.ids})),
        newest_id=newest[0].id if newest else "",
        total=total,
        back=back,
        lease_until=at,
    )
    if not at_once or total is None or total > SMALL:
        stored = app.bulk_actions.add(new)
        runner().begin()
        return stored
    return _finished(new)


def _finished(new: BulkAction) -> BulkAction:
    """Take the first step within the request. If it is interrupted, the thread continues."""
    working = service()
    until = new.at + timedelta(seconds=working.lease_seconds)
    held = working.actions.add(replace(new, owner=owner(), lease_until=until, fence=1))
    try:
        ended = working.take_step(held)
    except FilesureError:
        runner().begin()
        raise
    if ended.is_running:
        runner().begin()
    return ended


def service() -> BulkService:
    app = application()
    return BulkService(
        actions=app.bulk_actions,
        audit=app.audit,
        jobs=app.jobs,
        clock=app.clock,
        act=_act,
        select=_select,
        allowed=_allowed,
    )


def _allowed(action: BulkAction) -> bool:
    """Whether the account still exists, is active, and has the right; if a token began it, that token."""
    permission = ACTIONS[action.action].permission
    if action.token is not None:
        token = tokens.living().filter(pk=action.token, user__is_active=True).first()
        return token is not None and tokens.may(token, permission)
    user = get_user_model().objects.filter(username=action.by).first()
    return user is not None and user.has_perm(permission)


def _act(action: BulkAction, job_id: str) -> object:
    wanted = actions.Request(job_id=job_id, actor=action.actor, priority=action.priority or 0)
    return ACTIONS[action.action].run(application().service, wanted)


def _select(action: BulkAction, after: str, limit: int) -> Sequence[Job]:
    with timezone.override(zone_of(action.zone)):
        wanted = Selection(filters=action.filters).wanted
    cursor = Cursor(id=after) if after else None
    return application().catalogue.jobs(wanted, JobOrder.OLDEST, cursor, limit).items


def owner() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


def pause_after(failures: int) -> float:
    """Seconds to wait after a failure that follows so many others."""
    return min(_LONGEST_WAIT, _SHORTEST_WAIT * float(2 ** min(failures, 10)))


class BulkRunner:
    """A thread that takes steps while any action is running, also one whose process has died."""

    def __init__(self, service: Callable[[], BulkService]) -> None:
        self._service = service
        self._stopping, self._asked = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Look for actions that wait. Returns at once."""
        with self._lock:
            self._asked.set()
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="bulk-actions", daemon=True)
                self._thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Finish the current job, release the action, and end. Waits at most so long."""
        self._stopping.set()
        self._asked.set()
        if thread := self._thread:
            thread.join(seconds)

    def _run(self) -> None:
        try:
            self._work()
        finally:
            connections.close_all()
            with self._lock:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _work(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._asked.clear()
            try:
                wait = self._step()
                failures = 0
            except Exception as error:  # without the thread, actions would wait for the next visit
                if isinstance(error, FilesureError):
                    logger.warning("bulk.interrupted", extra={"kind": error.kind, "reason": str(error)})
                else:
                    logger.exception("bulk.crashed")
                wait = pause_after(failures)
                failures += 1
            if wait is None and self._may_end():
                return
            self._asked.wait(wait or 0)

    def _may_end(self) -> bool:
        """Decided under the lock, so that no ``begin`` is missed."""
        with self._lock:
            if self._asked.is_set():
                return False
            self._thread = None
            return True

    def _step(self) -> float | None:
        """Returns the seconds to wait; None if no action is running."""
        began, working = time.monotonic(), self._service()
        if working.advance(owner(), self._stopping.is_set):
            self._stopping.wait((time.monotonic() - began) * _REST)
            return 0.0
        expiry = working.actions.next_expiry()
        if expiry is None:
            return None
        return min(_LONGEST_WAIT, max(0.0, (expiry - working.clock()).total_seconds()) + _SHORTEST_WAIT / 10)


@once
def runner() -> BulkRunner:
    """This process's runner. Its thread starts on first use."""
    return BulkRunner(service)
