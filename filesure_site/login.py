"""The login page, and the page for those who guess."""

from __future__ import annotations

import logging
import math
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from jobs.access import client_address, open_to_all

logger = logging.getLogger(__name__)

HTTP_TOO_MANY_REQUESTS = 429

login = open_to_all(LoginView.as_view(template_name="login.html", redirect_authenticated_user=True))
logout = open_to_all(LogoutView.as_view())


def locked_out(request: HttpRequest, _answer: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Says when to try again. django-axes calls it for every login while a name is locked for an address.

    The right password gets the same answer: otherwise guessing would still tell which one it is.
    """
    username, address = (credentials or {}).get("username"), client_address(request)
    logger.warning("web.login_locked", extra={"username": username, "address": address})
    wait = _wait(username, address)
    context = {"until": timezone.now() + wait, "minutes": math.ceil(wait.total_seconds() / 60)}
    response = render(request, "locked_out.html", context, status=HTTP_TOO_MANY_REQUESTS)
    response["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


def _wait(username: str | None, address: str | None) -> timedelta:
    """How long the lock still holds: it ends some time after the last try that counted."""
    tries = AccessAttempt.objects.filter(username=username, ip_address=address)
    last = tries.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    end = last + settings.AXES_COOLOFF_TIME
    return max(end - timezone.now(), timedelta(seconds=1))
