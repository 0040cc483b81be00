"""What the views share: who acts, and the page's place in a list."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from jobs.access import client_address
from jobs.domain.audit import Actor


def actor(request: HttpRequest) -> Actor:
    """Who is logged in, and from where."""
    return Actor(name=request.user.get_username(), address=client_address(request))


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Where a form says that the person came from, if that is one of our own pages."""
    given = request.POST.get("back", "")
    ours = url_has_allowed_host_and_scheme(given, {request.get_host()}, require_https=request.is_secure())
    return given if ours else otherwise


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for the live part of a page only."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
