"""Template filters that format values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.bootstrap import application
from jobs.domain.job import Job
from jobs.domain.listing import Count
from jobs.domain.run_details import DocumentTimes
from jobs.domain.saved_view import SavedView
from jobs.web import saved_views
from jobs.web.forms import Search

register = template.Library()

_BARS = "▁▂▃▄▅▆▇█"
#: Parameters that are places in a list, beside the cursor.
_PLACES = ("from", "filings")
_ASCENDING = ("company", "form", "oldest", "filed_first", "smallest")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_SAME_WAIT = timedelta(seconds=30)
_RELATIVE = (("days", 86_400), ("hr", 3_600), ("min", 60), ("sec", 1))


@register.filter
def count(value: Count | int | None) -> str:
    """12,345; with a plus if there are more."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value.number:,}{'+' if value.more else ''}"


@register.filter
def entry(mapping: Mapping[Any, Any], key: object) -> Any:
    """None if the key is missing."""
    return mapping.get(key)


@register.filter
def code_spans(text: str) -> SafeString:
    """Convert Markdown's `code` to HTML."""
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in enumerate(text.split("`"))),
    )


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A readable time in the page's zone."""
    if value is None:
        return "–"
    return _time(value, "", f"{timezone.localtime(value):%-d %b %Y, %H:%M:%S}")


@register.filter
def clock(value: datetime) -> SafeString:
    """The time of day, with the day unless it is today."""
    local = timezone.localtime(value)
    is_today = local.date() == timezone.localdate()
    return _time(value, "", f"{local:%-d %b %Y, %H:%M:%S}", f"{local:%H:%M}" if is_today else f"{local:%-d %b, %H:%M}")


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    """The distance to now, such as "3 min ago"; the page's script keeps it up to date."""
    if value is None:
        return "–"
    absolute = f"{timezone.localtime(value):%-d %b, %H:%M}"
    return _time(value, " data-ago", absolute, relative((value - timezone.now()).total_seconds()))


@register.filter
def age(value: datetime) -> SafeString:
    """How long ago, such as "3 min"."""
    absolute = f"{timezone.localtime(value):%-d %b, %H:%M}"
    passed = relative((value - timezone.now()).total_seconds()).removesuffix(" ago")
    return _time(value, " data-ago=age", absolute, passed)


def relative(seconds: float) -> str:
    """As ``relative`` in filesure.js: other words would change the layout when the script replaces them."""
    unit, size = next((one for one in _RELATIVE if abs(seconds) >= one[1]), _RELATIVE[-1])
    number = int(seconds / size)
    named = {-1: "yesterday", 1: "tomorrow"} if unit == "days" else {0: "now"}
    distance = f"{abs(number)} {unit}"
    return named.get(number) or (f"{distance} ago" if number < 0 else f"in {distance}")


def _time(value: datetime, marks: str, absolute: str, text: str = "") -> SafeString:
    title = f"{absolute} ({value.astimezone(UTC):%-d %b, %H:%M} UTC)"
    return format_html('<time{} datetime="{}" title="{}">{}</time>', marks, value.isoformat(), title, text or absolute)


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
def view_address(view: SavedView) -> str:
    return saved_views.address_of(view)


@register.filter
def view_filters(view: SavedView) -> str:
    return saved_views.described(view)


@register.filter
def until(later: datetime | None, earlier: datetime | None) -> timedelta | None:
    """The time between two moments; None if either is unknown."""
    return later - earlier if later and earlier else None


@register.filter
def run_of(job: Job) -> str:
    """The current or last run of an order and the expected number, such as "2 of 3"; of other jobs, only the run."""
    return f"{job.runs} of {application().estimates.runs_of(job)}" if job.is_order else str(job.runs)


@register.filter
def words(kind: str) -> str:
    """Replace the underscores in words such as ``source_unavailable``."""
    return kind.replace("_", " ")


@register.filter
def sparkline(numbers: Sequence[int]) -> SafeString:
    """Draw numbers as bars of text; screen readers get the numbers."""
    most = max(numbers, default=0) or 1
    bars = "".join(_BARS[round(number / most * (len(_BARS) - 1))] for number in numbers)
    label = ", ".join(str(number) for number in numbers)
    return format_html('<span role="img" class="sparkline" title="{0}" aria-label="{0}">{1}</span>', label, bars)


@register.filter
def roughly(value: timedelta) -> str:
    """14 min, 3 h, 2 d: one unit, rounded up."""
    size, unit = _unit_of(value)
    return f"{math.ceil(max(60.0, value.total_seconds()) / size)} {unit}"


@register.filter
def rounded(value: timedelta) -> str:
    """14 min, 3 h, 2 d: one unit; seconds below a minute."""
    seconds = value.total_seconds()
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    size, unit = _unit_of(value)
    return f"{max(1, round(seconds / size))} {unit}"


def _unit_of(value: timedelta) -> tuple[int, str]:
    """The largest unit of which it has two; else minutes."""
    return next((one for one in _UNITS if value.total_seconds() >= one[0] * 2), _UNITS[-1])


@register.simple_tag
def trend(change: float | None, unit: str, good: str, span: str) -> SafeString | str:
    """A change against the period before; green if it goes in the good direction, "up" or "down"."""
    if change is None:
        return "no earlier data"
    if abs(change) < 0.05:
        return f"as in the {span} before"
    size = f"{abs(change):,.1f}".removesuffix(".0")
    return format_html("{} {}", _signed(size, rises=change > 0, good=good), unit)


@register.simple_tag
def wait_trend(change: timedelta | None, span: str) -> SafeString | str:
    """A change of the longest wait against the period before; less than half a minute is none."""
    if change is None:
        return "no earlier data"
    if abs(change) < _SAME_WAIT:
        return f"as in the {span} before"
    than = f"{'longer' if change > timedelta() else 'shorter'} than the {span} before"
    return format_html("{} {}", _signed(rounded(abs(change)), rises=change > timedelta(), good="down"), than)


def _signed(size: str, *, rises: bool, good: str) -> SafeString:
    """The size of a change, with an arrow and in its colour."""
    kind = "better" if rises == (good == "up") else "worse"
    return format_html('<span class="{}">{} {}</span>', kind, "▲" if rises else "▼", size)


@register.simple_tag
def spark(numbers: Sequence[int]) -> SafeString:
    """Draw numbers as a line. Decoration only: text beside it states the same."""
    most, last = max(numbers, default=0) or 1, max(1, len(numbers) - 1)
    points = " ".join(f"{90 * at / last + 1:.1f},{26 - 22 * number / most:.1f}" for at, number in enumerate(numbers))
    return format_html(
        '<svg class="spark" viewBox="0 0 92 28" aria-hidden="true"><polyline points="{}"></polyline></svg>', points
    )


@register.filter
def total(numbers: Mapping[Any, int]) -> str:
    return f"{sum(numbers.values()):,}"


@register.simple_tag(takes_context=True)
def sorted_head(context: dict[str, Any], name: str, search: Search, *orders: str) -> SafeString:
    """The head of a column that sorts the list: by the first order, and if that is the current one, by the next."""
    current = search.chosen_order
    at = orders.index(current) if current in orders else None
    following = orders[0] if at is None else orders[(at + 1) % len(orders)]
    direction = "ascending" if current in _ASCENDING else "descending"
    sign = "" if at is None else {"ascending": " ↑"}.get(direction, " ↓")
    sort = "" if at is None else format_html(' aria-sort="{}"', direction)
    link = address(context, order=None if following == search.default_order() else following)
    return format_html('<th scope="col"{}><a href="{}">{}{}</a></th>', sort, link, name, sign)


@register.simple_tag(takes_context=True)
def address_without(context: dict[str, Any], name: str) -> str:
    """The current page's address without a filter, on the first page of each list."""
    return address(context, **dict.fromkeys((name, *_PLACES)))


@register.simple_tag
def table_head(*names: str) -> SafeString:
    cells = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in names))
    return format_html("<thead><tr>{}</tr></thead>", cells)


@register.simple_tag
def jobs_that_ended(begins: datetime, seconds: int) -> str:
    """The address of the list of jobs that ended in this interval."""
    times = {"ended_since": begins, "ended_until": begins + timedelta(seconds=seconds)}
    query = urlencode({name: timezone.localtime(time).isoformat() for name, time in times.items()})
    return f"{reverse('jobs')}?{query}"


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], **changes: Any) -> str:
    """The current page's address with changed parameters, on the first page of the list. None removes a parameter."""
    query: QueryDict = context["request"].GET.copy()
    for name in ("cursor", *changes):
        query.pop(name, None)
    for name, value in changes.items():
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag
def timeline(document: DocumentTimes, seconds: float) -> SafeString:
    """Draw the steps of a document as bars within the run's ``seconds``; screen readers get them as text."""
    scale = 1000 / (seconds or 1.0)
    bars = format_html_join(
        "",
        '<rect class="{}" x="{}" width="{}" height="8"></rect>',
        (
            (str(step.kind), f"{step.start * scale:.1f}", f"{max(2.0, step.seconds * scale):.1f}")
            for step in document.steps
        ),
    )
    label = ", ".join(f"{step.kind} {step.seconds:.2f} s from {step.start:.2f} s" for step in document.steps)
    return format_html(
        '<svg class="times" viewBox="0 0 1002 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        "<title>{}</title>{}</svg>",
        label,
        label,
        bars,
    )
