"""Mail and webhooks. A row of the dashboard of operations."""

from __future__ import annotations

from .frame import Row
from .panels import About, Level, Line, graph, numbers
from .queries import now, per_minute

DELIVERIES = Row(
    title="Mail and webhooks",
    panels=(
        numbers(
            About(
                title="Oldest due delivery",
                unit="s",
                width=6,
                text="Time since the oldest unattempted event or delivery became due.",
                levels=(Level(value=120, colour="orange"), Level(value=600, colour="red")),
            ),
            Line(expr=now("oldest_due_delivery_age_seconds"), legend="due for"),
        ),
        graph(
            About(
                title="Deliveries",
                unit="suffix: /min",
                width=18,
                text="Attempts per minute by channel and outcome; dropped: endpoint disabled, or mail not wanted.",
                link="/webhooks/deliveries/",
                to="Delivery log",
            ),
            Line(expr=per_minute("deliveries_total", by="channel, outcome"), legend="{{channel}} {{outcome}}"),
        ),
    ),
)
