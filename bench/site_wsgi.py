"""The site plus an empty view, as a baseline for the live request."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from filesure_site.wsgi import application

__all__ = ["application"]


@login_not_required
def empty(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("empty/", empty), path("", include(settings.ROOT_URLCONF))]
settings.ROOT_URLCONF = __name__
