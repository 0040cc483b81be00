"""Access to a bulk action, to see and stop it: for its user, and users who may see the audit log."""

from __future__ import annotations

from django.http import HttpRequest

from jobs.bootstrap import application
from jobs.domain.bulk_action import BulkAction
from jobs.domain.wrong_use import UnknownBulkAction
from jobs.web.actions import ACTIONS
from jobs.web.api.auth import may
from jobs.web.bulk_runner import runner
from jobs.web.permissions import Permission
from jobs.web.request_context import actor


def whose(request: HttpRequest) -> str | None:
    """The user whose actions the caller may see; None: everybody's."""
    return None if may(request, Permission.AUDIT) else actor(request).name


def visible(request: HttpRequest, action_id: str) -> BulkAction:
    """An action that the caller may see. Raises UnknownBulkAction.

    If it is running, this process continues it in case its own process has died.
    """
    found = application().bulk_actions.get(action_id)
    if whose(request) not in (None, found.by):
        raise UnknownBulkAction(action_id)
    if found.is_running:
        runner().begin()
    return found


def missing_right(request: HttpRequest, found: BulkAction) -> Permission | None:
    """The right that the caller lacks to stop the action, which is the one to begin it."""
    needed = ACTIONS[found.action].permission
    return None if may(request, needed) else needed


def stopped(found: BulkAction) -> BulkAction:
    """Ask the action to stop. A process that holds it notices within seconds."""
    asked = application().bulk_actions.request_stop(found.id)
    runner().begin()
    return asked
