"""Middleware for host names of probes, and for headers that neither Django nor django-csp sets."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.middleware.gzip import GZipMiddleware

UNUSED = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in UNUSED)


_COMPRESSED = frozenset({"text/html", "application/json", "application/problem+json"})
INNER_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


class InnerPathsMiddleware:
    """Accepts probes and Prometheus, which reach the pod by an IP address or a name of its network.

    Other names must be in ALLOWED_HOSTS, so that a page of another site cannot read these URLs by DNS rebinding.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in INNER_PATHS and "*" not in settings.ALLOWED_HOSTS and _is_inner(request):
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
            request.META.pop("HTTP_X_FORWARDED_HOST", None)
        return self.get_response(request)


def _is_inner(request: HttpRequest) -> bool:
    host, _ = split_domain_port(request.META.get("HTTP_HOST", ""))
    if "." not in host or host.endswith((".svc", ".cluster.local")):
        return True
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False


class HeadMiddleware:
    """Handles HEAD like GET in the API, whose framework knows only GET. The server omits the body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "HEAD" or not request.path.startswith("/api/"):
            return self.get_response(request)
        request.method = "GET"
        request.META.pop("HTTP_RANGE", None)  # which is for GET only
        response = self.get_response(request)
        request.method = "HEAD"
        return response


class CompressionMiddleware(GZipMiddleware):
    """Compresses pages and JSON. Files to save are sent as they are: large, and many are compressed already.

    Django adds random bytes against BREACH, which guesses secrets by a page's size.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in _COMPRESSED or "Content-Disposition" in response:
            return response
        return super().process_response(request, response)


class PermissionsPolicyMiddleware:
    """Turns off browser features that the site never uses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response


class PrivateMiddleware:
    """Keeps responses out of shared caches; browsers ask again before they show one. Views can decide otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "private, no-cache")
        return response
