"""A user sets up codes of an authenticator app for logging in, or turns them off."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from jobs.domain.audit import Action
from jobs.domain.errors import WrongUse
from jobs.web import login_codes, own_password, passkeys, second_step
from jobs.web.access import needs
from jobs.web.auditing import recorded
from jobs.web.permissions import Permission
from jobs.web.private import private_page
from jobs.web.request_context import actor

_WRONG_CODE = "The code is wrong. Enter the one that the app shows now; the clock of the phone must be right."


@needs(Permission.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the key for the app; a POST with a code of it turns the codes on and shows the backup codes once."""
    user = _user(request)
    problem = ""
    if request.method == "POST":
        try:
            with recorded(Action.SET_UP_CODES, actor(request), user.get_username()):
                codes = _turned_on(user, request)
            return private_page(request, "login_codes_on.html", {"codes": codes})
        except WrongUse as refused:
            problem = str(refused)
    device = login_codes.prepared(user)
    context = {"problem": problem, "picture": login_codes.picture(device), "key": login_codes.key_of(device)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return private_page(request, "login_codes.html", context, status)


@needs(Permission.VIEW)
@require_POST
@sensitive_post_parameters()
def turn_off(request: HttpRequest) -> HttpResponse:
    """Log in without codes of the app again."""
    user = _user(request)
    try:
        own_password.check(request, user)
    except WrongUse as refused:
        messages.error(request, f"{refused} Codes are still needed.")
    else:
        with recorded(Action.TURN_OFF_CODES, actor(request), user.get_username()):
            second_step.turn_off_codes(user)
        needed = "the password and a passkey" if passkeys.of(user).exists() else "the password alone"
        messages.success(request, f"You log in with {needed} now.")
    return HttpResponseRedirect(reverse("account"))


def _turned_on(user: User, request: HttpRequest) -> list[str]:
    """Returns the backup codes. Raises WrongUse."""
    own_password.check(request, user)
    codes = login_codes.turn_on(user, request.POST.get("code", "")[:40])
    if codes is None:
        raise WrongUse(_WRONG_CODE)
    return codes


def _user(request: HttpRequest) -> User:
    """The user; 404 without a password, because the provider of the sign-in then asks for second steps itself."""
    user = cast(User, request.user)  # `needs` admits only users
    if not user.has_usable_password():
        raise Http404
    return user
