"""Reads from a request: the acting user, the client's address, whether htmx sent it, and URLs of our own pages."""

from __future__ import annotations

import ipaddress
import time
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from jobs.bootstrap import application
from jobs.domain.audit import Actor

#: The name in the audit log for visitors without an account, who have access only with ALLOW_ANONYMOUS_DEMO.
DEMO = "demo"


def actor(request: HttpRequest) -> Actor:
    return Actor(name=request.user.get_username() or DEMO, address=client_address(request))


def htmx(request: HttpRequest) -> HtmxDetails:
    details: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # set by django-htmx's middleware
    return details


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx requests only the live part of a page."""
    return bool(htmx(request)) and not htmx(request).boosted


def own_path(request: HttpRequest, url: str | None) -> str | None:
    """The path and query of one of our own pages; None for any other URL, since it may be malicious."""
    if not url or not url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
        return None
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    # With the host removed, http://ours//theirs/ would lead to "theirs".
    return path if url_has_allowed_host_and_scheme(path, None) else None


def public_url(request: HttpRequest, path: str) -> str:
    """An address to pass on: below SITE_URL if it is set, since this request's host may be an internal name."""
    return urljoin(application().configuration.site_url or request.build_absolute_uri("/"), path)


def client_address(request: HttpRequest) -> str | None:
    """The client's IP address.

    Only the last PROXIES entries of X-Forwarded-For are trusted: each of our proxies appends the address that
    it saw, and everything before those can be forged.
    """
    seen: str | None = request.META.get("REMOTE_ADDR") or None
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if not settings.PROXIES or len(forwarded) < settings.PROXIES:
        return seen
    return _address(forwarded[-settings.PROXIES].strip()) or seen


def asked_this_minute(request: HttpRequest, kind: str) -> int:
    """The requests of this kind from the client's address in the current minute, in this process, with this one."""
    key = f"{kind}-{client_address(request)}-{int(time.time()) // 60}"
    cache.add(key, 0, timeout=120)
    return cache.incr(key)


def _address(given: str) -> str | None:
    """The address in ``1.2.3.4``, ``1.2.3.4:5678`` (Azure's gateway adds the port), ``::1`` or ``[::1]:5678``."""
    if given.startswith("["):
        given = given[1:].partition("]")[0]
    elif given.count(":") == 1:
        given = given.partition(":")[0]
    try:
        return str(ipaddress.ip_address(given))
    except ValueError:
        return None


def whole_number(text: str, *, most_digits: int) -> int | None:
    """A whole number in a URL; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else None
