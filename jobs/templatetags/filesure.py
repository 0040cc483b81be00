"""How values look on a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.domain.listing import Count

register = template.Library()

_BARS = "▁▂▃▄▅▆▇█"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@register.filter
def count(value: Count | int | None) -> str:
    """12,345; with a plus where there are more."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value.number:,}{'+' if value.more else ''}"


@register.filter
def code_spans(text: str) -> SafeString:
    """What Markdown writes `so`, as code."""
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in enumerate(text.split("`"))),
    )


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A time as people read it, in UTC; the page's script shows how long ago that is."""
    if value is None:
        return "–"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), f"{value:%d %b %Y, %H:%M:%S} UTC")


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    """A time that the page's script turns into "3 min ago" and keeps up to date."""
    if value is None:
        return "–"
    text = f"{value:%d %b, %H:%M} UTC"
    return format_html('<time data-ago datetime="{}" title="{}">{}</time>', value.isoformat(), text, text)


@register.filter
def duration(value: timedelta | float | None) -> str:
    """1.2 s, 3 min 20 s, 2 h 5 min."""
    if value is None:
        return "–"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 60:
        return f"{seconds:.1f} s"
    for size, unit in _UNITS:
        if seconds >= size:
            smaller = {"d": (3_600, "h"), "h": (60, "min"), "min": (1, "s")}[unit]
            whole, rest = divmod(int(seconds), size)
            return f"{whole} {unit} {rest // smaller[0]} {smaller[1]}"
    return f"{seconds:.1f} s"


@register.filter
def until(later: datetime | None, earlier: datetime | None) -> timedelta | None:
    """The time between; None if either is unknown."""
    return later - earlier if later and earlier else None


@register.filter
def words(kind: str) -> str:
    """``source_unavailable`` as people say it."""
    return kind.replace("_", " ")


@register.filter
def sparkline(numbers: Sequence[int]) -> SafeString:
    """A few numbers as bars of text, the greatest the tallest; the numbers themselves for those who hear the page."""
    most = max(numbers, default=0) or 1
    bars = "".join(_BARS[round(number / most * (len(_BARS) - 1))] for number in numbers)
    told = ", ".join(str(number) for number in numbers)
    return format_html('<span role="img" class="sparkline" title="{0}" aria-label="{0}">{1}</span>', told, bars)


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], **changes: Any) -> str:
    """The page's own address with some parameters changed; None takes one out. Begins the list anew."""
    query: QueryDict = context["request"].GET.copy()
    for name in ("cursor", *changes):
        query.pop(name, None)
    for name, value in changes.items():
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"
