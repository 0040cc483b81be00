"""The login page, logging out, and the page shown while logins are locked."""

from __future__ import annotations

import logging
from datetime import timedelta
from http import HTTPStatus
from threading import BoundedSemaphore, Lock
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone

from filesure_site import login_code
from filesure_site.limiting import limited, try_later
from jobs.web import passkeys, second_step
from jobs.web.access import open_to_all
from jobs.web.request_context import client_address

logger = logging.getLogger(__name__)

# Hashing a password takes all of a core: one at a time, and one more may wait. Other threads stay free for pages.
_entrance = BoundedSemaphore(2)
_hashing = Lock()


class Login(LoginView):
    """The login page. It limits attempts per client address and minute, and how many passwords are hashed at once."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def get_form_class(self) -> type[AuthenticationForm]:
        return EmergencyForm if settings.SIGN_IN.oidc_only else AuthenticationForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the provider's name, if there is one, and whether passkeys work here."""
        sign_in = settings.SIGN_IN
        provider = sign_in.oidc_name if sign_in.oidc_issuer else None
        own = {"provider": provider, "provider_only": sign_in.oidc_only, "passkeys_on": not settings.PASSKEYS.problem}
        return super().get_context_data(**kwargs) | own | {"passkeys_elsewhere": passkeys.problem_at(self.request)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        def hash_one(request: HttpRequest) -> HttpResponse:
            with _hashing:
                return super(Login, self).post(request, *args, **kwargs)

        return limited(request, _entrance, hash_one)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in, or ask for the second step."""
        user = form.get_user()
        if second_step.is_on(user):
            return login_code.begin(self.request, user, self.get_success_url())
        return super().form_valid(form)


class EmergencyForm(AuthenticationForm):
    """Accepts only superusers, while all others sign in with the provider."""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not user.is_superuser:
            raise ValidationError(f"Sign in with {settings.SIGN_IN.oidc_name}.", code="provider_only")


class Logout(LogoutView):
    """Ends the session here; after a sign-in with the provider, the login page offers to end that one's as well."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        signed_in = request.session.get("oidc_signed_in")
        response = super().post(request, *args, **kwargs)
        if signed_in and response.status_code == HTTPStatus.FOUND:
            response["Location"] = f"{resolve_url(settings.LOGIN_URL)}?out=1"
        return response


login = open_to_all(Login.as_view())
logout = open_to_all(Logout.as_view())


def locked_out(request: HttpRequest, _answer: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Show when to try again. django-axes calls this for every login while a name is locked for an address.

    The correct password gets the same response; otherwise guessing could continue during the lock.
    """
    username, address = (credentials or {}).get("username"), client_address(request)
    logger.warning("web.login_locked", extra={"username": username, "address": address})
    return try_later(request, _wait(username, address))


def _wait(username: str | None, address: str | None) -> timedelta:
    """The remaining time of the lock, which ends a fixed time after the last counted attempt."""
    tries = AccessAttempt.objects.filter(username=username, ip_address=address)
    last = tries.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    end = last + settings.AXES_COOLOFF_TIME
    return max(end - timezone.now(), timedelta(seconds=1))
