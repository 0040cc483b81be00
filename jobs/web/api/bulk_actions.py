"""The operations on all jobs of a list, and on the bulk actions that carry them out."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Header, Query, Router, Status

from jobs.bootstrap import application, new_id
from jobs.domain.audit import Action
from jobs.domain.bulk_action import BulkAction
from jobs.domain.listing import Page, parse_cursor
from jobs.web.actions import ACTIONS
from jobs.web.api import inputs
from jobs.web.api.auth import Forbidden, caller_key, needing, token_of
from jobs.web.api.bulk_schemas import BulkActionDetailOut, BulkActionOut, BulkActionsOut
from jobs.web.api.create_job import begun, plan_name
from jobs.web.api.schemas import PROBLEMS
from jobs.web.bulk_access import missing_right, stopped, visible, whose
from jobs.web.bulk_runner import Selection, start
from jobs.web.permissions import Permission
from jobs.web.request_context import actor

bulk_router = Router(tags=["bulk actions"], by_alias=True)

_ACCEPTED = {202: BulkActionOut, **PROBLEMS}


@bulk_router.post("/lists/{list_id}/retry", auth=needing(ACTIONS[Action.RETRY].permission), response=_ACCEPTED)
def retry_list(request: HttpRequest, list_id: str, idempotency_key: Header[str | None] = None) -> Status[BulkAction]:
    """Retry the failed, partial and cancelled jobs of a list, in the background.

    The same Idempotency-Key acts once within a day.
    """
    return _begin(request, list_id, Action.RETRY, idempotency_key)


@bulk_router.post("/lists/{list_id}/cancel", auth=needing(ACTIONS[Action.CANCEL].permission), response=_ACCEPTED)
def cancel_list(request: HttpRequest, list_id: str, idempotency_key: Header[str | None] = None) -> Status[BulkAction]:
    """Cancel the unfinished jobs of a list, in the background. The same Idempotency-Key acts once within a day."""
    return _begin(request, list_id, Action.CANCEL, idempotency_key)


@bulk_router.post("/lists/{list_id}/priority", auth=needing(ACTIONS[Action.PRIORITISE].permission), response=_ACCEPTED)
def prioritise_list(
    request: HttpRequest, list_id: str, body: inputs.PriorityIn, idempotency_key: Header[str | None] = None
) -> Status[BulkAction]:
    """Change the priority of a list's unfinished jobs, in the background.

    The same Idempotency-Key acts once within a day.
    """
    return _begin(request, list_id, Action.PRIORITISE, idempotency_key, body.priority)


def _begin(
    request: HttpRequest, list_id: str, action: Action, key: str | None, priority: int | None = None
) -> Status[BulkAction]:
    found = application().lists.lists.get(list_id)
    wanted = inputs.ListActionIn(list_id=found.id, action=action, priority=priority)
    name = plan_name(key, caller_key(request)) if key is not None else None
    action_id = begun(name, wanted, [{"bulkActionId": new_id()}]).orders[0]["bulkActionId"] if name else None
    selection = Selection(filters=f"in_list={found.id}")
    made = start(action, selection, actor(request), priority=priority, action_id=action_id, token=token_of(request))
    return Status(HTTPStatus.ACCEPTED, made)


@bulk_router.get("/bulk-actions", auth=needing(Permission.VIEW), response={200: BulkActionsOut, **PROBLEMS})
def list_bulk_actions(request: HttpRequest, query: Query[inputs.CursorQuery]) -> Page[BulkAction]:
    """A page of your bulk actions, newest first; with the scope `audit`, of everybody's."""
    return application().bulk_actions.latest(whose(request), parse_cursor(query.cursor), query.limit)


@bulk_router.get(
    "/bulk-actions/{action_id}", auth=needing(Permission.VIEW), response={200: BulkActionDetailOut, **PROBLEMS}
)
def get_bulk_action(request: HttpRequest, action_id: str) -> BulkActionDetailOut:
    """A bulk action with its progress and the jobs that it refused."""
    return _details(visible(request, action_id))


@bulk_router.post(
    "/bulk-actions/{action_id}/stop",
    auth=needing(Permission.VIEW),
    response={200: BulkActionDetailOut, **PROBLEMS},
)
def stop_bulk_action(request: HttpRequest, action_id: str) -> BulkActionDetailOut:
    """Ask a bulk action to stop: then `stopRequestedAt` is set. Jobs already changed stay changed. Idempotent."""
    found = visible(request, action_id)
    if missing := missing_right(request, found):
        raise Forbidden(f"Stopping it requires the scope '{missing.scope}'.")
    return _details(stopped(found))


def _details(found: BulkAction) -> BulkActionDetailOut:
    return BulkActionDetailOut.of(found, application().bulk_actions.refusals(found.id))
