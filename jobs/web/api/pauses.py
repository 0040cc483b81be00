"""The operations on pauses."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router, Status

from jobs.bootstrap import application
from jobs.domain.pausing import Pause
from jobs.web.api import inputs, schemas
from jobs.web.api.auth import needing
from jobs.web.api.schemas import PROBLEMS
from jobs.web.pause_banner import watch
from jobs.web.permissions import Permission
from jobs.web.request_context import actor

pause_router = Router(tags=["pauses"], by_alias=True)


@pause_router.get("/pauses", auth=needing(Permission.VIEW), response={200: schemas.PausesOut, **PROBLEMS})
def list_pauses(request: HttpRequest) -> dict[str, list[Pause]]:
    """The current pauses. During a pause no job starts."""
    return {"items": application().pauses.current()}


@pause_router.post("/pauses", auth=needing(Permission.PAUSE), response={201: schemas.PauseOut, **PROBLEMS})
def pause(request: HttpRequest, body: inputs.PauseIn) -> Status[Pause]:
    """Pause the queue, or one source. Replaces a current pause of the same."""
    made = application().pausing.pause(
        minutes=body.minutes,
        reason=body.reason,
        actor=actor(request),
        source=body.source,
        stop_runs=body.stop_runs,
    )
    watch().forget()
    return Status(HTTPStatus.CREATED, made)


@pause_router.post("/pauses/resume", auth=needing(Permission.PAUSE), response={200: schemas.PauseOut, **PROBLEMS})
def resume(request: HttpRequest, body: inputs.ResumeIn) -> Pause:
    """End a current pause. Returns it as it was."""
    ended = application().pausing.resume(body.source, actor(request))
    watch().forget()
    return ended
