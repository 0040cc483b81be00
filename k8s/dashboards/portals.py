"""Requests to portals: permits in use, throttling, and sources on hold. A row of the dashboard of documents."""

from __future__ import annotations

from .frame import Row
from .panels import About, Level, Line, graph, numbers
from .queries import now, per_minute, quantile

PORTALS = Row(
    title="Portals",
    panels=(
        numbers(
            About(
                title="Source on hold, or paused",
                unit="s",
                width=4,
                text="Time since a failing source began to hold its jobs; time until a pause ends.",
                levels=(Level(value=1, colour="orange"), Level(value=1800, colour="red")),
            ),
            Line(expr=now("source_on_hold_seconds"), legend="on hold"),
            Line(expr=now("pause_remaining_seconds"), legend="pause left"),
        ),
        graph(
            About(
                title="Permits",
                unit="short",
                width=7,
                text="Requests in progress, their limit over all workers, and requests that wait for a permit.",
            ),
            Line(expr=now("source_requests_in_progress"), legend="in progress"),
            Line(expr=now("source_requests_waiting"), legend="waiting"),
            Line(expr=now("source_requests_limit"), legend="maximum"),
        ),
        graph(
            About(
                title="Requests",
                unit="suffix: /min",
                width=7,
                text="Requests per minute by the class of the status; error: no answer. 4xx contains throttling (429).",
            ),
            Line(expr=per_minute("source_requests_total", by="outcome"), legend="{{outcome}}"),
        ),
        graph(
            About(
                title="Wait for a permit",
                unit="s",
                width=6,
                text="How long requests waited for their turn. Fewer workers shorten it, at the same throughput.",
            ),
            Line(expr=quantile(0.5, "source_permit_wait_seconds"), legend="median"),
            Line(expr=quantile(0.95, "source_permit_wait_seconds"), legend="95 %"),
        ),
    ),
)
