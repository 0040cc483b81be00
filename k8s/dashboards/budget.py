"""Error budget: how many jobs may fail this month, and how fast that is being used up."""

from __future__ import annotations

from .frame import Row, rendered
from .panels import About, Level, Line, bars, graph, numbers
from .queries import added, chosen, gained, now

_BUDGET = "scalar(filesure:job_failure_budget:ratio)"
_MONTH = "30d"
_FAILED = gained("jobs_failed_total", span=_MONTH)
_ENDED = f"({_FAILED} + {gained('jobs_completed_total', span=_MONTH)})"
_FAST = (Level(value=1, colour="yellow"), Level(value=6, colour="orange"), Level(value=14.4, colour="red"))


def budget() -> str:
    """The dashboard."""
    text = "The objective: 95 % of the jobs that end are completed, over 30 days. Cancelled jobs are no failures."
    rows = (_NOW, _BURNING, _WHERE)
    return rendered("Filesure / Error budget", "filesure-budget", text, rows, since="now-7d")


def _ratio(window: str) -> str:
    return f"max({chosen(f'filesure:jobs_failed:ratio_rate{window}')})"


_NOW = Row(
    title="The last 30 days",
    panels=(
        numbers(
            About(title="Budget left", unit="percentunit", width=6,
                  text="The share of the failures allowed in 30 days that is not used up. Below 0 the objective is "
                       "missed.",
                  levels=(Level(value=0, colour="orange"), Level(value=0.25, colour="green"))),
            Line(expr=f"1 - {_ratio(_MONTH)} / {_BUDGET}", legend="left"),
            first="red",
        ),
        numbers(
            About(title="Completed of those that ended", unit="percentunit", width=6,
                  text="The objective is 95 %.",
                  link="/jobs/?status=failed", to="Failed jobs",
                  levels=(Level(value=0.95, colour="green"),)),
            Line(expr=f"1 - {_ratio(_MONTH)}", legend="completed"),
            first="red",
        ),
        numbers(
            About(title="Failures left", unit="short", width=6,
                  text="How many more of the jobs that ended in 30 days might have failed.",
                  link="/failures/", to="Failures by reason",
                  levels=(Level(value=0, colour="orange"), Level(value=10, colour="green"))),
            Line(expr=f"{_BUDGET} * {_ENDED} - {_FAILED}", legend="left"),
            first="red", instant=True,
        ),
        numbers(
            About(title="Burn rate of the last hour", unit="suffix: x", width=6,
                  text="1 uses the budget up in exactly 30 days. Alerts follow at 14.4 (an hour) and 6 (six hours).",
                  levels=_FAST),
            Line(expr=f"{_ratio('1h')} / {_BUDGET}", legend="burn rate"),
        ),
    ),
)  # fmt: skip

_BURNING = Row(
    title="Burning",
    panels=(
        graph(
            About(title="Burn rates", unit="suffix: x", width=12,
                  text="How many times as fast as allowed. Dashed: 6, where the slow alert is, and 14.4, where the "
                       "fast one is; each needs its two windows above it.",
                  link="/jobs/?status=failed", to="Failed jobs",
                  levels=_FAST[1:]),
            *(Line(expr=f"{_ratio(window)} / {_BUDGET}", legend=f"{window}, {alert} alert")
              for window, alert in (("5m", "fast"), ("1h", "fast"), ("30m", "slow"), ("6h", "slow"))),
        ),
        graph(
            About(title="Budget left", unit="percentunit", width=12, least=None, most=1,
                  text="Of the 30 days before each moment. It comes back as failures grow old."),
            Line(expr=f"1 - {_ratio(_MONTH)} / {_BUDGET}", legend="left"),
        ),
        graph(
            About(title="Jobs that ended within a day", unit="short", width=12,
                  text="Of the 24 hours before each moment.",
                  link="/jobs/?status=failed", to="Failed jobs"),
            Line(expr=gained("jobs_completed_total", span="1d"), legend="completed"),
            Line(expr=gained("jobs_failed_total", span="1d"), legend="failed"),
            stacked=True,
        ),
        graph(
            About(title="Alerts", unit="short", width=12,
                  text="Alerts that fire, by name; nothing here is good news."),
            Line(expr=added(chosen("ALERTS", 'alertstate="firing"'), "alertname, severity"),
                 legend="{{alertname}}, {{severity}}"),
            stacked=True,
        ),
    ),
)  # fmt: skip

_WHERE = Row(
    title="Where it goes",
    panels=(
        bars(
            About(title="Reasons for failed tries, in the time shown", unit="short", width=12,
                  text="Documents' failed tries by reason: repaired first, the most frequent one gives the most back.",
                  link="/jobs/?status=failed&reason=${__field.labels.reason}", to="Failed jobs with this reason"),
            Line(expr=f"sort_desc({gained('documents_failed_total', by='reason')} > 0)", legend="{{reason}}"),
        ),
        graph(
            About(title="Failed jobs there are", unit="short", width=12,
                  text="Jobs that stay failed until staff have them tried again, which gives no budget back.",
                  link="/failures/", to="Failures by reason"),
            Line(expr=now("jobs", 'state="failed"'), legend="failed"),
        ),
    ),
)  # fmt: skip
