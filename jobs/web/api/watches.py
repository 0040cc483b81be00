"""The operations on watched companies."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Query, Router, Status

from jobs.bootstrap import application
from jobs.domain.listing import Page, parse_cursor
from jobs.domain.watching import Watch
from jobs.web import watching
from jobs.web.api import watch_schemas as schemas
from jobs.web.api.auth import Forbidden, may, needing
from jobs.web.api.schemas import PROBLEMS
from jobs.web.permissions import Permission
from jobs.web.request_context import actor

watch_router = Router(tags=["watches"], by_alias=True)

_WATCH = {200: schemas.WatchOut, **PROBLEMS}


@watch_router.get("/watches", auth=needing(Permission.VIEW), response={200: schemas.WatchesOut, **PROBLEMS})
def list_watches(request: HttpRequest, query: Query[schemas.WatchesQuery]) -> Page[Watch]:
    """A page of watched companies, the newest watch first: of everybody, or of one account or list."""
    cursor = parse_cursor(query.cursor)
    return application().watching.watches.latest(query.by or None, query.list or None, cursor, query.limit)


@watch_router.post("/watches", auth=needing(Permission.WATCH), response=_WATCH)
def watch_company(request: HttpRequest, body: schemas.WatchIn) -> Watch:
    """Watch a company that was ordered, or change the interval of your watch. Idempotent."""
    return watching.watched(request, body.cin, body.interval)


@watch_router.get("/watches/{watch_id}", auth=needing(Permission.VIEW), response=_WATCH)
def get_watch(request: HttpRequest, watch_id: str) -> Watch:
    """A watch with its next time and its last result."""
    return application().watching.watches.get(watch_id)


@watch_router.post("/watches/{watch_id}/pause", auth=needing(Permission.WATCH), response=_WATCH)
def pause_watch(request: HttpRequest, watch_id: str, body: schemas.PauseWatchIn) -> Watch:
    """Order no more rechecks until it is resumed. Idempotent."""
    return application().watching.pause(_own(request, watch_id), body.reason, actor(request))


@watch_router.post("/watches/{watch_id}/resume", auth=needing(Permission.WATCH), response=_WATCH)
def resume_watch(request: HttpRequest, watch_id: str) -> Watch:
    """Order rechecks again, from the next regular time on. Idempotent."""
    return application().watching.resume(_own(request, watch_id), actor(request))


@watch_router.delete("/watches/{watch_id}", auth=needing(Permission.WATCH), response={204: None, **PROBLEMS})
def end_watch(request: HttpRequest, watch_id: str) -> Status[None]:
    """Stop watching. A recheck in progress continues as an order."""
    application().watching.end(_own(request, watch_id), actor(request))
    return Status(HTTPStatus.NO_CONTENT, None)


@watch_router.post(
    "/lists/{list_id}/watch", auth=needing(Permission.WATCH), response={200: schemas.WatchedListOut, **PROBLEMS}
)
def watch_list_companies(request: HttpRequest, list_id: str, body: schemas.IntervalIn) -> dict[str, int]:
    """Watch all companies of a list. Those that you watch already keep their interval. Idempotent."""
    return {"added": watching.watched_list(request, list_id, body.interval)}


_CHANGED = {200: schemas.ChangedWatchesOut, **PROBLEMS}


@watch_router.post("/lists/{list_id}/watch/pause", auth=needing(Permission.WATCH), response=_CHANGED)
def pause_watches_of_list(request: HttpRequest, list_id: str, body: schemas.PauseListIn) -> dict[str, int]:
    """Pause the watches that were added with a list: yours, or with the scope `audit` everybody's. Idempotent."""
    return {"changed": _of_list(request, list_id, "pause", body, body.reason)}


@watch_router.post("/lists/{list_id}/watch/resume", auth=needing(Permission.WATCH), response=_CHANGED)
def resume_watches_of_list(request: HttpRequest, list_id: str, body: schemas.OfListIn) -> dict[str, int]:
    """Resume the watches of a list that people have paused. Those that paused themselves stay paused. Idempotent."""
    return {"changed": _of_list(request, list_id, "resume", body)}


def _of_list(request: HttpRequest, list_id: str, action: str, body: schemas.OfListIn, reason: str = "") -> int:
    if body.everybody and not may(request, Permission.AUDIT):
        raise Forbidden("Changing everybody's watches requires the scope 'audit'.")
    return watching.changed_list(request, list_id, action, reason, everybody=body.everybody)


def _own(request: HttpRequest, watch_id: str) -> Watch:
    found = application().watching.watches.get(watch_id)
    if not watching.may_change(request, found):
        raise Forbidden(f"The watch belongs to {found.by}. Changing it requires the scope 'audit'.")
    return found
