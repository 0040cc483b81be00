"""The site with one view more, which does nothing: what the live request is compared with."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from filesure_site.wsgi import application

__all__ = ["application"]


@login_not_required
def empty(_request: HttpRequest) -> HttpResponse:
    """Nothing."""
    return HttpResponse()


urlpatterns = [path("empty/", empty), path("", include(settings.ROOT_URLCONF))]
settings.ROOT_URLCONF = __name__
