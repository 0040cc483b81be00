"""Pages with a live part, which browsers request every few seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import quote_etag

from jobs.web.request_context import is_partial


def live_page(request: HttpRequest, page: str, part: str, context: Mapping[str, Any]) -> HttpResponse:
    """Render the page, or for htmx only its live part: 304 without rendering if nothing in ``context`` has changed."""
    if not is_partial(request):
        response = render(request, page, context)
    else:
        etag = quote_etag(hashlib.md5(repr(context).encode(), usedforsecurity=False).hexdigest())
        is_current = request.headers.get("If-None-Match") == etag
        response = HttpResponseNotModified() if is_current else render(request, part, context)
        response["ETag"] = etag
    patch_vary_headers(response, ["HX-Request"])  # the part must not be shown as the page when a user goes back
    return response
