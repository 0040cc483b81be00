"""The second step of logging in: a code of the authenticator app or a backup code; or a passkey, see passkey_login."""

from __future__ import annotations

import time
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from filesure_site.limiting import limited, try_later
from jobs.web import login_codes, passkeys
from jobs.web.access import open_to_all
from jobs.web.login_codes import Verdict

_SESSION_KEY = "login_code"
_SECONDS = 300
_WRONG = "The code is wrong or was used before. Wait for the app’s next one."
_entrance = BoundedSemaphore(2)


def begin(request: HttpRequest, user: Any, next_page: str) -> HttpResponse:
    """Note who gave the right password, and ask for the second step. The user is not logged in yet."""
    request.session.cycle_key()
    request.session[_SESSION_KEY] = {
        "user": user.pk,
        "backend": user.backend,
        "password": user.get_session_auth_hash(),
        "until": time.time() + _SECONDS,
        "next": next_page,
    }
    return HttpResponseRedirect(reverse("login_code"))


@open_to_all
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code")
def login_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code or a passkey, and log in if the code is right."""
    found = waiting(request)
    if found is None:
        return start_again()
    user, noted = found
    if request.method == "POST":
        return limited(request, _entrance, lambda request: _check(request, user, noted), kind="code")
    return page(request, user)


def page(request: HttpRequest, user: User, problem: str = "") -> HttpResponse:
    has_app = login_codes.are_on(user)
    context = {
        "problem": problem,
        "has_app": has_app,
        "has_codes": has_app or login_codes.backup_codes_left(user) > 0,
        "has_passkeys": passkeys.of(user).exists(),
        "passkey_problem": passkeys.problem_at(request),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "login_code.html", context, status=status)


def waiting(request: HttpRequest) -> tuple[User, dict[str, Any]] | None:
    """The user whose password was right and what ``begin`` noted; None if it is too late for the second step."""
    noted = request.session.get(_SESSION_KEY)
    user = _user(noted)
    if noted is None or user is None:
        request.session.pop(_SESSION_KEY, None)
        return None
    return user, noted


def start_again() -> HttpResponse:
    return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?late=1")


def complete(request: HttpRequest, user: User, noted: dict[str, Any]) -> HttpResponse:
    """Log in after the second step."""
    login(request, user, backend=noted["backend"])
    request.session.pop(_SESSION_KEY, None)
    return HttpResponseRedirect(noted["next"])


def _check(request: HttpRequest, user: User, noted: dict[str, Any]) -> HttpResponse:
    code = request.POST.get("code", "")[:40]
    verdict = login_codes.check(user, code)
    if verdict is Verdict.LOCKED:
        wait = login_codes.locked_until(user, code) - timezone.now()
        return try_later(request, wait, "There were too many wrong codes.")
    if verdict is Verdict.WRONG:
        return page(request, user, _WRONG)
    return complete(request, user, noted)


def _user(noted: dict[str, Any] | None) -> User | None:
    """The user who gave the password; None if that is too long ago, or the account has changed since."""
    if noted is None or noted["until"] < time.time():
        return None
    user = User.objects.filter(pk=noted["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), noted["password"]):
        return None
    return user
