"""Two more objectives: the web site's answers, and the wait of due jobs."""

from __future__ import annotations

from .frame import Row
from .panels import About, Level, Line, Panel, graph
from .queries import chosen, durable

#: 99.5 % of the web site's answers are no server errors; 95 % of the jobs are claimed within five minutes.
WEB, WAIT, WAIT_SECONDS = 0.005, 0.05, 300

_ANSWERS = "django_http_responses_total_by_status_view_method_total"
_WINDOWS = ("5m", "1h", "30m", "6h")
_LEVELS = (Level(value=6, colour="orange"), Level(value=14.4, colour="red"))


def web_burn_rate(window: str) -> str:
    """How many times as fast as allowed the web site's budget is used up."""
    errors, whole = (f"sum(increase({chosen(_ANSWERS, *matchers)}[{window}]))" for matchers in (('status=~"5.."',), ()))
    return f"(({errors}) or 0 * ({whole})) / ({whole} > 0) / {WEB}"


def wait_burn_rate(window: str) -> str:
    """How many times as fast as allowed the budget of late claims is used up."""
    name = "job_queue_wait_seconds"
    in_time = durable(f"{name}_bucket", f'le=~"{WAIT_SECONDS}([.]0)?"')
    whole = f"sum(increase({durable(f'{name}_count')}[{window}]))"
    return f"(1 - sum(increase({in_time}[{window}])) / ({whole} > 0)) / {WAIT}"


def _burning(title: str, text: str, lines: tuple[Line, ...]) -> Panel:
    return graph(About(title=title, unit="suffix: x", width=12, text=text, levels=_LEVELS), *lines)


OBJECTIVES = Row(
    title="Other objectives",
    panels=(
        _burning(
            "Web site: burn rates",
            "99.5 % of the answers are no server errors (5xx). 1 uses up the budget in exactly 30 days.",
            tuple(Line(expr=web_burn_rate(window), legend=window) for window in _WINDOWS),
        ),
        _burning(
            "Queue wait: burn rates",
            "95 % of the jobs are claimed within five minutes after they become due.",
            tuple(Line(expr=wait_burn_rate(window), legend=window) for window in _WINDOWS),
        ),
    ),
)
