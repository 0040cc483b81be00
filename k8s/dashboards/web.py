"""Web and MongoDB: response times and database commands."""

from __future__ import annotations

from .frame import Row, rendered
from .panels import About, Level, Line, graph, numbers
from .queries import added, chosen, live_per_second, live_quantile, per_second, quantile, share

_LATENCY = "django_http_requests_latency_seconds_by_view_method"
_RESPONSES = "django_http_responses_total_by_status_view_method_total"
_DASHBOARD = 'view=~"home|dashboard_live"'
_UP = chosen("up", 'job="filesure-web"')
_SERVER_ERRORS = share(live_per_second(_RESPONSES, 'status=~"5.."'), live_per_second(_RESPONSES))


def web() -> str:
    text = "Requests, response times and errors; MongoDB's commands, errors and durations."
    return rendered("Filesure / Web and MongoDB", "filesure-web", text, (_NOW, _REQUESTS, _COLLECTOR, _MONGODB))


def _errors(component: str) -> str:
    part, whole = "filesure:mongodb_errors:increase10m", "filesure:mongodb_commands:increase10m"
    return share(added(chosen(part, component)), added(chosen(whole, component)))


_NOW = Row(
    title="Now",
    panels=(
        numbers(
            About(
                title="Responding web pods",
                unit="short",
                width=6,
                text="Pods that Prometheus scrapes.",
                levels=(Level(value=1, colour="green"),),
            ),
            Line(expr=added(_UP), legend="up"),
            first="red",
        ),
        numbers(
            About(
                title="Requests",
                unit="reqps",
                width=6,
                text="Requests per second over the window, including probes and scrapes.",
            ),
            Line(expr=live_per_second(_RESPONSES), legend="requests"),
        ),
        numbers(
            About(
                title="Server errors",
                unit="percentunit",
                width=6,
                text="Responses 500 to 599 as a share of all.",
                levels=(Level(value=0.001, colour="orange"), Level(value=0.01, colour="red")),
            ),
            Line(expr=_SERVER_ERRORS, legend="5xx"),
        ),
        numbers(
            About(
                title="Dashboard",
                unit="s",
                width=6,
                text="95 % of the dashboard's requests took no longer. An alert fires at one second.",
                levels=(Level(value=0.5, colour="orange"), Level(value=1, colour="red")),
            ),
            Line(expr=live_quantile(0.95, _LATENCY, _DASHBOARD), legend="95 %"),
        ),
    ),
)

_REQUESTS = Row(
    title="Requests",
    panels=(
        graph(
            About(title="Responses by status", unit="reqps", text="Answers a second."),
            Line(expr=live_per_second(_RESPONSES, by="status"), legend="{{status}}"),
            stacked=True,
        ),
        graph(
            About(title="Requests by page", unit="reqps", text="The ten most requested pages, in requests per second."),
            Line(expr=f"topk(10, {live_per_second(_RESPONSES, by='view')})", legend="{{view}}"),
        ),
        graph(
            About(
                title="Errors", unit="reqps", text="Responses 500 to 599 per second by page, and uncaught exceptions."
            ),
            Line(expr=live_per_second(_RESPONSES, 'status=~"5.."', by="view"), legend="{{view}}"),
            Line(expr=live_per_second("django_http_exceptions_total_by_type_total", by="type"), legend="{{type}}"),
        ),
        graph(
            About(
                title="The dashboard",
                unit="s",
                text="Without the time in middleware. Dashed: the alert's threshold.",
                levels=(Level(value=1, colour="red"),),
            ),
            *(
                Line(expr=live_quantile(q, _LATENCY, _DASHBOARD), legend=name)
                for q, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
            ),
        ),
        graph(
            About(
                title="The slowest pages", unit="s", text="95 % of the requests took no longer; the ten slowest pages."
            ),
            Line(expr=f"topk(10, {live_quantile(0.95, _LATENCY, by='view')})", legend="{{view}}"),
        ),
        graph(
            About(title="All requests", unit="s", text="Including the time in middleware."),
            *(
                Line(expr=live_quantile(q, "django_http_requests_latency_including_middlewares_seconds"), legend=name)
                for q, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
            ),
        ),
    ),
)

_COLLECTOR = Row(
    title="The web site's queue metrics",
    panels=(
        graph(
            About(
                title="Pods that can read MongoDB",
                unit="percentunit",
                width=12,
                most=1,
                text="1: all can. Below: some export no queue metrics, and an alert follows.",
            ),
            Line(expr=f"avg({chosen('filesure_collector_success')})", legend="can read"),
        ),
        graph(
            About(
                title="How long it takes them",
                unit="s",
                width=12,
                text="It must not grow with history; Prometheus waits for ten seconds.",
                levels=(Level(value=2, colour="red"),),
            ),
            Line(expr=f"max({chosen('filesure_collector_duration_seconds')})", legend="slowest pod"),
        ),
    ),
)

_MONGODB = Row(
    title="MongoDB",
    panels=(
        graph(
            About(title="Commands of the workers", unit="ops", text="Commands per second, from the durable totals."),
            Line(expr=per_second("mongodb_commands_total", by="command"), legend="{{command}}"),
            stacked=True,
        ),
        graph(
            About(title="Commands of the web site", unit="ops", text="Commands a second."),
            Line(expr=live_per_second("filesure_web_mongodb_commands_total", by="command"), legend="{{command}}"),
            stacked=True,
        ),
        graph(
            About(
                title="Share of errors",
                unit="percentunit",
                most=1,
                text="Over ten minutes. Dashed: the alert's threshold.",
                levels=(Level(value=0.01, colour="red"),),
            ),
            Line(expr=_errors('component="worker"'), legend="workers"),
            Line(expr=_errors('component="web"'), legend="web site"),
        ),
        graph(
            About(title="Workers' commands", unit="s", text="95 % of the commands took no longer."),
            Line(expr=quantile(0.95, "mongodb_command_duration_seconds", by="command"), legend="{{command}}"),
        ),
        graph(
            About(title="The web site's commands", unit="s", text="95 % of the commands took no longer."),
            Line(
                expr=live_quantile(0.95, "filesure_web_mongodb_command_duration_seconds", by="command"),
                legend="{{command}}",
            ),
        ),
        graph(
            About(
                title="Errors by command",
                unit="ops",
                text="Failed commands per second, of workers and web site.",
                logs="web[.]unavailable|heartbeat[.]missed",
            ),
            Line(
                expr=per_second("mongodb_commands_total", 'outcome="error"', by="command"),
                legend="{{command}}, workers",
            ),
            Line(
                expr=live_per_second("filesure_web_mongodb_commands_total", 'outcome="error"', by="command"),
                legend="{{command}}, web site",
            ),
            stacked=True,
        ),
    ),
)
