"""The pages of a sign-in with the provider."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from filesure_site.limiting import limited
from filesure_site.oidc import accounts, provider
from filesure_site.oidc.failures import SignInFailed
from jobs.web.access import needs, open_to_all
from jobs.web.permissions import Permission
from jobs.web.request_context import client_address, own_path

#: The session's mark of a sign-in with the provider, and an identity that waits for the user's confirmation.
SIGNED_IN, _CONNECTING = "oidc_signed_in", "oidc_connecting"
_SESSION_SECONDS = 12 * 3600
_CONFIRM_SECONDS = 600
_BACKEND = "django.contrib.auth.backends.ModelBackend"
# A sign-in is two requests, and a whole office may share an address.
_PER_MINUTE = 200
# A provider that answers slowly holds two threads at most.
_waiting = BoundedSemaphore(2)

View = Callable[[HttpRequest], HttpResponse]


def _shown(view: View) -> View:
    """Show failures as a page; 404 without a provider."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not provider.configured():
            raise Http404
        try:
            return view(request)
        except SignInFailed as failure:
            context = {"problem": str(failure), "provider": settings.SIGN_IN.oidc_name}
            return render(request, "sign_in_failed.html", context, status=failure.status)

    return guarded


def _asking(view: View) -> View:
    """Limit how many threads wait for the provider, and how often an address may ask."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        return limited(request, _waiting, view, kind="oidc", most=_PER_MINUTE)

    return guarded


@open_to_all
@require_safe
@_shown
@_asking
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider. ``?connect=1`` connects the account that is logged in."""
    connecting = request.GET.get("connect") and request.user.is_authenticated
    callback = request.build_absolute_uri(reverse("oidc_callback"))
    next_page = own_path(request, request.GET.get("next")) or resolve_url(settings.LOGIN_REDIRECT_URL)
    address = provider.begin(request, callback, next_page=next_page, connect=request.user.pk if connecting else None)
    return HttpResponseRedirect(address)


@open_to_all
@require_safe
@_shown
@_asking
def callback(request: HttpRequest) -> HttpResponse:
    """The provider sends the browser back: log in, or ask whether to connect the account."""
    identity, started = provider.finish(request)
    if started.connect is not None:
        return _confirmation(request, identity, started.connect)
    user = accounts.sign_in(identity, client_address(request))
    login(request, user, backend=_BACKEND)
    request.session[SIGNED_IN] = True
    request.session.set_expiry(_SESSION_SECONDS)  # groups are read again at the next sign-in
    return HttpResponseRedirect(started.next)


def _confirmation(request: HttpRequest, identity: provider.Identity, user_id: int) -> HttpResponse:
    """Without it, another site could connect its own identity to an account whose user follows a link."""
    if request.user.pk != user_id:
        raise SignInFailed("You are no longer logged in to the account that is to be connected.")
    kept: dict[str, Any] = {**asdict(identity), "groups": sorted(identity.groups)}
    request.session[_CONNECTING] = {"identity": kept, "until": time.time() + _CONFIRM_SECONDS}
    context = {"identity": identity, "role": accounts.role_of(identity), "provider": settings.SIGN_IN.oidc_name}
    return render(request, "connect.html", context)


@needs(Permission.VIEW)
@require_POST
@_shown
def connect(request: HttpRequest) -> HttpResponse:
    """Connect the account with the identity of the confirmation page."""
    kept = request.session.pop(_CONNECTING, None)
    if not kept or kept["until"] < time.time():
        raise SignInFailed("The confirmation took too long. Connect the account again on the page “Your account”.")
    identity = provider.Identity(**{**kept["identity"], "groups": frozenset(kept["identity"]["groups"])})
    assert isinstance(request.user, User)  # noqa: S101  `needs` admits only users
    accounts.connect(request.user, identity, client_address(request))
    messages.success(request, f"You can now sign in with {settings.SIGN_IN.oidc_name}.")
    return HttpResponseRedirect(reverse("account"))


@open_to_all
@require_safe
@_shown
@_asking
def log_out_there(request: HttpRequest) -> HttpResponse:
    """Go to the provider's own page for ending its session."""
    address = provider.logout_address(request.build_absolute_uri(reverse("login")))
    if address is None:
        raise SignInFailed(f"{settings.SIGN_IN.oidc_name} has no page to log out. Close your browser instead.")
    return HttpResponseRedirect(address)
