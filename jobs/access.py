"""Who may use a view, where a request comes from, and what to answer to those who may not.

Every view says its rule: ``needs(Permission.X)`` or ``open_to_all``. Both leave it on the view as
``permission`` (None: open), and a test holds every address of the site to it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from jobs.permissions import GROUPS, Permission

HTTP_UNAUTHORIZED = 401
HTTP_FORBIDDEN = 403
SAFE_METHODS = frozenset({"GET", "HEAD"})

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

_DEEDS = {
    Permission.VIEW: "look at jobs",
    Permission.ORDER: "order filings",
    Permission.RETRY: "retry jobs",
    Permission.CANCEL: "cancel jobs",
    Permission.PRIORITISE: "change the priority of jobs",
    Permission.DELETE: "delete jobs",
}


def open_to_all(view: View) -> View:
    """Mark a view that needs no login."""
    view.permission = None  # type: ignore[attr-defined]
    return login_not_required(view)


def needs(permission: Permission) -> Callable[[View], View]:
    """Let only accounts with a right into the view: others get the login page, or read what they lack."""

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
    """The sentence for an account without a right, with the least group that has it."""
    group = next(name for name, rights in GROUPS.items() if permission in rights)
    looks = permission is not Permission.VIEW and user.has_perm(Permission.VIEW)
    start = "You may look at jobs, but not" if looks else "You may not"
    deed = _DEEDS[permission].replace(" jobs", " them") if looks else _DEEDS[permission]
    return f"{start} {deed}; ask an administrator for the group {group}."


def refuse(request: HttpRequest, reason: str) -> HttpResponse:
    """The page for "not allowed"; for htmx, which puts it into a page, the sentence alone."""
    template = "_not_allowed.html" if _is_htmx(request) else "403.html"
    return render(request, template, {"exception": reason}, status=HTTP_FORBIDDEN)


class LoginMiddleware(LoginRequiredMiddleware):
    """Closes every view that is not marked open, and asks for the login in the way the caller understands."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        """The site has one login page, so what the view says of others does not count."""
        del view_func
        return to_login(request)  # type: ignore[return-value]  # htmx needs another answer than a redirect


def to_login(request: HttpRequest) -> HttpResponse:
    """Send to the login page, and from there back to the page that the person was on.

    A form's address cannot be opened by a link, and a fragment's is no page: after those, the way
    back leads to the page they were on, and the login page says that nothing was done.
    """
    if _is_htmx(request):
        response = HttpResponse(status=HTTP_UNAUTHORIZED)
        response["HX-Redirect"] = _login_url(_own_page(request, request.headers.get("HX-Current-URL")), ended=True)
        return response
    if request.method not in SAFE_METHODS:
        return HttpResponseRedirect(_login_url(_own_page(request, request.headers.get("Referer")), ended=True))
    return HttpResponseRedirect(_login_url(request.get_full_path(), ended=False))


def client_address(request: HttpRequest) -> str | None:
    """The caller's IP address.

    X-Forwarded-For is believed as far as PROXIES says: each of our proxies appends the address that
    it saw, and what stands before those, anybody can have written.
    """
    seen: str | None = request.META.get("REMOTE_ADDR") or None
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if not settings.PROXIES or len(forwarded) < settings.PROXIES:
        return seen
    return _address(forwarded[-settings.PROXIES].strip()) or seen


def _address(given: str) -> str | None:
    """The address in ``1.2.3.4``, ``1.2.3.4:5678`` (Azure's gateway writes the port), ``::1`` or ``[::1]:5678``."""
    if given.startswith("["):
        given = given[1:].partition("]")[0]
    elif given.count(":") == 1:
        given = given.partition(":")[0]
    try:
        return str(ipaddress.ip_address(given))
    except ValueError:
        return None


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _own_page(request: HttpRequest, url: str | None) -> str | None:
    """The path of one of our own pages; None for what a stranger may have written."""
    if not url or not url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
        return None
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _login_url(page: str | None, *, ended: bool) -> str:
    query = {"next": page} if page else {}
    if ended:
        query["ended"] = "1"
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode(query, safe='/')}"
