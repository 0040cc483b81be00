"""Error budget: the failures allowed this month, and how fast they are used up."""

from __future__ import annotations

from .frame import Row, rendered
from .objectives import OBJECTIVES
from .panels import About, Level, Line, bars, graph, numbers
from .queries import added, chosen, gained, now

_BUDGET = "scalar(filesure:job_failure_budget:ratio)"
_MONTH = "30d"
_FAILED = gained("jobs_failed_total", span=_MONTH)
_ENDED = f"({_FAILED} + {gained('jobs_completed_total', span=_MONTH)})"
_FAST = (Level(value=1, colour="yellow"), Level(value=6, colour="orange"), Level(value=14.4, colour="red"))


def budget() -> str:
    text = "The objective: over 30 days, 95 % of the jobs that end are completed. Cancelled jobs do not count."
    rows = (_NOW, _BURNING, _WHERE, OBJECTIVES)
    return rendered("Filesure / Error budget", "filesure-budget", text, rows, since="now-7d")


def _ratio(window: str) -> str:
    return f"max({chosen(f'filesure:jobs_failed:ratio_rate{window}')})"


_NOW = Row(
    title="The last 30 days",
    panels=(
        numbers(
            About(
                title="Budget left",
                unit="percentunit",
                width=6,
                text="The unused share of the failures that are allowed in 30 days. Below 0 the objective is missed.",
                levels=(Level(value=0, colour="orange"), Level(value=0.25, colour="green")),
            ),
            Line(expr=f"1 - {_ratio(_MONTH)} / {_BUDGET}", legend="left"),
            first="red",
        ),
        numbers(
            About(
                title="Completed share of ended jobs",
                unit="percentunit",
                width=6,
                text="The objective is 95 %.",
                link="/jobs/?status=failed",
                to="Failed jobs",
                levels=(Level(value=0.95, colour="green"),),
            ),
            Line(expr=f"1 - {_ratio(_MONTH)}", legend="completed"),
            first="red",
        ),
        numbers(
            About(
                title="Failures left",
                unit="short",
                width=6,
                text="How many more of the jobs that ended in 30 days could have failed.",
                link="/failures/",
                to="Failures by reason",
                levels=(Level(value=0, colour="orange"), Level(value=10, colour="green")),
            ),
            Line(expr=f"{_BUDGET} * {_ENDED} - {_FAILED}", legend="left"),
            first="red",
            instant=True,
        ),
        numbers(
            About(
                title="Burn rate of the last hour",
                unit="suffix: x",
                width=6,
                text="1 uses up the budget in exactly 30 days. Alerts fire at 14.4 (one hour) and 6 (six hours).",
                levels=_FAST,
            ),
            Line(expr=f"{_ratio('1h')} / {_BUDGET}", legend="burn rate"),
        ),
    ),
)

_BURNING = Row(
    title="Burning",
    panels=(
        graph(
            About(
                title="Burn rates",
                unit="suffix: x",
                width=12,
                text="How many times as fast as allowed. Dashed: the thresholds of the slow alert, 6, and of the "
                "fast one, 14.4; each needs both of its windows above it.",
                link="/jobs/?status=failed",
                to="Failed jobs",
                levels=_FAST[1:],
            ),
            *(
                Line(expr=f"{_ratio(window)} / {_BUDGET}", legend=f"{window}, {alert} alert")
                for window, alert in (("5m", "fast"), ("1h", "fast"), ("30m", "slow"), ("6h", "slow"))
            ),
        ),
        graph(
            About(
                title="Budget left",
                unit="percentunit",
                width=12,
                least=None,
                most=1,
                text="Of the 30 days before each point. It recovers as failures age.",
            ),
            Line(expr=f"1 - {_ratio(_MONTH)} / {_BUDGET}", legend="left"),
        ),
        graph(
            About(
                title="Jobs that ended within a day",
                unit="short",
                width=12,
                text="Of the 24 hours before each point.",
                link="/jobs/?status=failed",
                to="Failed jobs",
            ),
            Line(expr=gained("jobs_completed_total", span="1d"), legend="completed"),
            Line(expr=gained("jobs_failed_total", span="1d"), legend="failed"),
            stacked=True,
        ),
        graph(
            About(title="Alerts", unit="short", width=12, text="Firing alerts by name."),
            Line(
                expr=added(chosen("ALERTS", 'alertstate="firing"'), "alertname, severity"),
                legend="{{alertname}}, {{severity}}",
            ),
            stacked=True,
        ),
    ),
)

_WHERE = Row(
    title="Causes",
    panels=(
        bars(
            About(
                title="Reasons of failed document attempts, in the time shown",
                unit="short",
                width=12,
                text="Failed document attempts by reason. Fixing the most frequent reason saves the most budget.",
                link="/jobs/?status=failed&reason=${__field.labels.reason}",
                to="Failed jobs with this reason",
            ),
            Line(expr=f"sort_desc({gained('documents_failed_total', by='reason')} > 0)", legend="{{reason}}"),
        ),
        graph(
            About(
                title="Failed jobs",
                unit="short",
                width=12,
                text="Jobs that stay failed until staff retry them. Retrying does not restore budget.",
                link="/failures/",
                to="Failures by reason",
            ),
            Line(expr=now("jobs", 'state="failed"'), legend="failed"),
        ),
    ),
)
