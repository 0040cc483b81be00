"""Logging in with a passkey: instead of name and password, or as the second step after them.

The browser first asks for options, then sends the authenticator's answer. ``templates/_passkey_form.html`` and
``passkeys.js`` do both.
"""

from __future__ import annotations

from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from filesure_site import login_code
from filesure_site.limiting import limited
from filesure_site.login import Login, locked_out
from jobs.models import Passkey
from jobs.web import passkeys
from jobs.web.access import open_to_all
from jobs.web.webauthn import PasskeyRefused

_FIRST, _SECOND = "passkey_login", "passkey_second_step"
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_entrance = BoundedSemaphore(2)
# A browser that suggests passkeys asks for options whenever somebody opens the login page.
_OPTIONS_PER_MINUTE = 120
_LATE = "The login took too long. Log in again."


class PasskeyLogin(Login):
    """Logs in with the answer to ``options``, under the limits and locks of logins with a password."""

    def get(self, *_: Any, **__: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("login"))

    def post(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        passkeys.check_on()
        return limited(request, _entrance, self._log_in, kind="passkey")

    def _log_in(self, request: HttpRequest) -> HttpResponse:
        try:
            passkey = _used(request, _FIRST, None)
        except PasskeyRefused as refused:
            form = self.get_form_class()(request)
            context = self.get_context_data(form=form, passkey_problem=str(refused))
            return self.render_to_response(context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        credentials = {"username": passkey.user.get_username()}
        if not AxesProxyHandler.is_allowed(request, credentials):
            return locked_out(request, HttpResponse(), credentials)
        login(request, passkey.user, backend=_BACKEND)
        return HttpResponseRedirect(self.get_success_url())


passkey_login = open_to_all(PasskeyLogin.as_view())


@open_to_all
@require_POST
def options(request: HttpRequest) -> HttpResponse:
    """As JSON, what the browser passes to the authenticator for a login without a password."""
    passkeys.check_on()
    return limited(
        request,
        _entrance,
        lambda request: _asked(request, _FIRST, None),
        kind="passkey_options",
        most=_OPTIONS_PER_MINUTE,
    )


@open_to_all
@require_POST
def second_options(request: HttpRequest) -> HttpResponse:
    """The same for the second step, or ``{"problem": …}``."""
    passkeys.check_on()
    found = login_code.waiting(request)
    if found is None or not passkeys.of(found[0]).exists():
        return JsonResponse({"problem": _LATE}, status=HTTPStatus.CONFLICT)
    return limited(request, _entrance, lambda request: _asked(request, _SECOND, found[0]), kind="passkey_options")


@open_to_all
@require_POST
def second_step(request: HttpRequest) -> HttpResponse:
    """Log in with the answer to ``second_options``."""
    passkeys.check_on()
    found = login_code.waiting(request)
    if found is None:
        return login_code.start_again()
    user, noted = found

    def log_in(request: HttpRequest) -> HttpResponse:
        try:
            _used(request, _SECOND, user)
        except PasskeyRefused as refused:
            return login_code.page(request, user, str(refused))
        return login_code.complete(request, user, noted)

    return limited(request, _entrance, log_in, kind="passkey")


def _asked(request: HttpRequest, purpose: str, user: User | None) -> HttpResponse:
    asked = passkeys.ask_to_use(user)
    passkeys.keep(request, purpose, asked.state)
    return JsonResponse(asked.options)


def _used(request: HttpRequest, purpose: str, owner: User | None) -> Passkey:
    """Raises PasskeyRefused. django-axes counts refusals like wrong passwords, if the account is known."""
    try:
        return passkeys.use(passkeys.take(request, purpose), request.POST[passkeys.ANSWER], owner)
    except PasskeyRefused as refused:
        if refused.account is not None:
            user_login_failed.send(__name__, credentials={"username": refused.account}, request=request)
        raise
