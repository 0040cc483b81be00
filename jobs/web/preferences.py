"""Each account's theme and time zone. Pages show all times in one zone; the API and CSV files use UTC."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from jobs.models import Preferences


class PreferencesMiddleware:
    """Shows pages in the account's time zone; ``request.preferences`` has its choices."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/") or request.path == "/create-job":
            return self.get_response(request)
        found = of(request)
        request.preferences = found  # type: ignore[attr-defined]
        with timezone.override(zone_of(found.time_zone)):
            return self.get_response(request)


def of(request: HttpRequest) -> Preferences:
    """The stored choices, or the defaults."""
    if not request.user.is_authenticated:
        return Preferences()
    return Preferences.objects.filter(pk=request.user.pk).first() or Preferences(user=request.user)


def zone_of(name: str) -> ZoneInfo:
    """The zone with this name; TIME_ZONE_SHOWN if it is empty or no longer exists."""
    try:
        return ZoneInfo(name or settings.TIME_ZONE_SHOWN)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE_SHOWN)


def shown(request: HttpRequest) -> dict[str, str]:
    """For all templates: the theme, and the time zone as an id and as "Kolkata time"."""
    preferences = getattr(request, "preferences", None)
    zone = timezone.get_current_timezone_name() if preferences else settings.TIME_ZONE_SHOWN
    city = zone.rpartition("/")[2].replace("_", " ")
    return {"theme": preferences.theme if preferences else "", "zone": zone, "zone_name": f"{city} time"}
