"""Limits of logins: per client address and minute, and how many wait at the same time."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from threading import BoundedSemaphore

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from jobs.web.request_context import asked_this_minute

_ATTEMPTS_PER_MINUTE = 20


def limited(
    request: HttpRequest,
    entrance: BoundedSemaphore,
    answer: Callable[[HttpRequest], HttpResponse],
    *,
    kind: str = "login",
    most: int = _ATTEMPTS_PER_MINUTE,
) -> HttpResponse:
    """Answer, unless the client's address asks too often or as many others as ``entrance`` admits are waiting.

    Requests of each ``kind`` are counted by themselves, ``most`` per minute.
    """
    if asked_this_minute(request, kind) > most:
        return try_later(request, timedelta(minutes=1), "There were too many login attempts from your network.")
    if not entrance.acquire(blocking=False):
        return try_later(request, timedelta(seconds=5), "Many people are logging in at the moment.")
    try:
        return answer(request)
    finally:
        entrance.release()


def try_later(request: HttpRequest, wait: timedelta, reason: str | None = None) -> HttpResponse:
    seconds = math.ceil(wait.total_seconds())
    context = {"until": timezone.now() + wait, "minutes": math.ceil(seconds / 60), "reason": reason}
    response = render(request, "locked_out.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response
