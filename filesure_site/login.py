"""The login page, and the page shown while logins are locked."""

from __future__ import annotations

import logging
import math
import time
from datetime import timedelta
from http import HTTPStatus
from threading import BoundedSemaphore, Lock
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.cache import cache
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from jobs.models import Session
from jobs.web.access import open_to_all
from jobs.web.request_context import client_address

logger = logging.getLogger(__name__)

_ATTEMPTS_PER_MINUTE = 20
_OLD_SESSIONS = 500
# Hashing a password takes all of a core: one at a time, and one more may wait. Other threads stay free for pages.
_entrance = BoundedSemaphore(2)
_hashing = Lock()


class Login(LoginView):
    """The login page. It limits attempts per client address and minute, and how many passwords are hashed at once."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _attempts(client_address(request)) > _ATTEMPTS_PER_MINUTE:
            return _try_later(request, timedelta(minutes=1), "There were too many login attempts from your network.")
        if not _entrance.acquire(blocking=False):
            return _try_later(request, timedelta(seconds=5), "Many people are logging in at the moment.")
        try:
            with _hashing:
                return super().post(request, *args, **kwargs)
        finally:
            _entrance.release()

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in, and delete some expired sessions, which nothing else does."""
        response = super().form_valid(form)
        old = Session.objects.filter(expire_date__lt=timezone.now()).values_list("pk", flat=True)[:_OLD_SESSIONS]
        Session.objects.filter(pk__in=list(old)).delete()
        return response


login = open_to_all(Login.as_view())
logout = open_to_all(LogoutView.as_view())


def locked_out(request: HttpRequest, _answer: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Show when to try again. django-axes calls this for every login while a name is locked for an address.

    The correct password gets the same response; otherwise guessing could continue during the lock.
    """
    username, address = (credentials or {}).get("username"), client_address(request)
    logger.warning("web.login_locked", extra={"username": username, "address": address})
    return _try_later(request, _wait(username, address))


def _attempts(address: str | None) -> int:
    """The attempts of this address in the current minute, in this process, including this one."""
    minute = int(time.time()) // 60
    key = f"login-{address}-{minute}"
    cache.add(key, 0, timeout=120)
    return cache.incr(key)


def _try_later(request: HttpRequest, wait: timedelta, reason: str | None = None) -> HttpResponse:
    seconds = math.ceil(wait.total_seconds())
    context = {"until": timezone.now() + wait, "minutes": math.ceil(seconds / 60), "reason": reason}
    response = render(request, "locked_out.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response


def _wait(username: str | None, address: str | None) -> timedelta:
    """The remaining time of the lock, which ends a fixed time after the last counted attempt."""
    tries = AccessAttempt.objects.filter(username=username, ip_address=address)
    last = tries.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    end = last + settings.AXES_COOLOFF_TIME
    return max(end - timezone.now(), timedelta(seconds=1))
