"""Access to views, and the responses to users without access.

Every view declares its rule with ``needs(Permission.X)`` or ``open_to_all``. Both store it as the view's
``permission`` attribute (None: open), and a test checks it for every URL of the site.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django_htmx.http import HttpResponseClientRedirect

from jobs.web.permissions import GROUPS, Permission
from jobs.web.request_context import htmx, own_path

_SAFE_METHODS = frozenset({"GET", "HEAD"})

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

_ACTIONS = {
    Permission.VIEW: "view jobs",
    Permission.ORDER: "order filings",
    Permission.RETRY: "retry jobs",
    Permission.CANCEL: "cancel jobs",
    Permission.PRIORITISE: "change the priority of jobs",
    Permission.WATCH: "watch companies",
    Permission.PAUSE: "pause the queue",
    Permission.DELETE: "delete jobs",
    Permission.AUDIT: "see who did what",
    Permission.PAN: "see PANs in full",
    Permission.ACCOUNTS: "manage accounts",
    Permission.WEBHOOK: "manage webhooks",
    Permission.EXPORT: "pack documents into ZIP files",
    Permission.SHARE: "share ZIP files by link",
}


def open_to_all(view: View) -> View:
    """Mark a view that needs no login."""
    view.permission = None  # type: ignore[attr-defined]
    return login_not_required(view)


def needs(permission: Permission) -> Callable[[View], View]:
    """Require a right. Anonymous users get the login page; users without the right, a message that names it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_login(request)
            if not request.user.has_perm(permission):
                return refuse(request, what_is_missing(request.user, permission))
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def what_is_missing(user: PermissionsMixin | AnonymousUser, permission: Permission) -> str:
    """The message for a user without a right; it names the smallest group that has it."""
    group = next(name for name, rights in GROUPS.items() if permission in rights)
    can_view = permission is not Permission.VIEW and user.has_perm(Permission.VIEW)
    start = "Your account can view jobs but not" if can_view else "Your account cannot"
    action = _ACTIONS[permission].replace(" jobs", " them") if can_view else _ACTIONS[permission]
    return f"{start} {action}. Ask an administrator for the group {group}."


def refuse(request: HttpRequest, reason: str) -> HttpResponse:
    """The page for "not allowed"; for htmx, which inserts it into a page, only the message."""
    template = "_not_allowed.html" if htmx(request) else "403.html"
    return render(request, template, {"exception": reason}, status=HTTPStatus.FORBIDDEN)


class LoginMiddleware(LoginRequiredMiddleware):
    """Requires a login for every view not marked open, and redirects browsers and htmx each in their own way."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        del view_func  # Django would let each view choose a login page; the site has one
        return to_login(request)  # type: ignore[return-value]  # htmx needs a response other than a redirect


def to_login(request: HttpRequest) -> HttpResponse:
    """Redirect to the login page, and afterwards back to the page that the user was on.

    The URL of a form's action or of a fragment is not a page to return to: ``next`` is then the surrounding
    page. The login page states that the session has expired, and whether an action was not saved.
    """
    ended = "session" if request.method in _SAFE_METHODS else "action"
    if htmx(request):
        page = own_path(request, htmx(request).current_url)
        return HttpResponseClientRedirect(_login_url(page, ended), status=HTTPStatus.UNAUTHORIZED)
    if ended == "action":
        return HttpResponseRedirect(_login_url(own_path(request, request.headers.get("Referer")), ended))
    return HttpResponseRedirect(_login_url(request.get_full_path(), None))


def _login_url(page: str | None, ended: str | None) -> str:
    query = {"next": page} if page else {}
    if ended:
        query["ended"] = ended
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode(query, safe='/')}"
