"""Operations: what the queue and its workers do, and what fails."""

from __future__ import annotations

from .frame import Row, rendered
from .panels import About, Level, Line, bars, graph, numbers
from .queries import SPAN, WINDOW, chosen, durable, gained, live_per_second, now, per_minute, quantile, share

_JOBS = "/jobs/?status=${__field.labels.state}"
_PROCESSING = now("jobs", 'state="processing"')
_MET = chosen("up", 'job="filesure-worker"')
_MEDIAN_AND_95 = ((0.5, "median"), (0.95, "95 %"))
_FAILED = gained("jobs_failed_total", span=WINDOW)
_FAILED_SHARE = share(_FAILED, f"{_FAILED} + {gained('jobs_completed_total', span=WINDOW)}")
_TRIES = f"{gained('documents_downloaded_total', span=WINDOW)} + {gained('documents_failed_total', span=WINDOW)}"
_SECOND_TRIES = share(gained("document_retries_total", span=WINDOW), _TRIES)
_OLDEST = f"max({durable('oldest_due_job_age_seconds')})"
_OLDEST_LINK = "/jobs/?status=pending&order=oldest"


def operations() -> str:
    """The dashboard."""
    text = "The queue, its workers, how fast jobs are done, and what fails."
    rows = (_NOW, _THROUGHPUT, _TIMES, _FAILURES, _WORKERS)
    return rendered("Filesure / Operations", "filesure-operations", text, rows)


_NOW = Row(
    title="Now",
    panels=(
        numbers(
            About(title="Jobs by state", unit="short", width=12,
                  text="Jobs there are, however old. A click opens the list of them.",
                  link=_JOBS, to="Jobs that are ${__field.labels.state}"),
            Line(expr=now("jobs", by="state"), legend="{{state}}"),
        ),
        numbers(
            About(title="Due", unit="short", width=3,
                  text="Jobs that a worker may claim now: what KEDA counts, up to 100,000.",
                  link=_OLDEST_LINK, to="Pending jobs, oldest first",
                  levels=(Level(value=100, colour="orange"), Level(value=1_000, colour="red"))),
            Line(expr=now("jobs_due"), legend="due"),
        ),
        numbers(
            About(title="Oldest due job", unit="s", width=3,
                  text="How long the first due job has been waiting. An alert tells of an hour.",
                  link=_OLDEST_LINK, to="Pending jobs, oldest first",
                  levels=(Level(value=900, colour="orange"), Level(value=3_600, colour="red"))),
            Line(expr=_OLDEST, legend="oldest"),
        ),
        numbers(
            About(title="Workers in use", unit="percentunit", width=3,
                  text="Workers at work, as a share of those that may run. Expired leases are no workers.",
                  link="/workers/", to="Workers",
                  levels=(Level(value=0.8, colour="orange"), Level(value=1, colour="red"))),
            Line(expr=f"({_PROCESSING} - {now('leases_expired')}) / {now('workers_maximum')}", legend="in use"),
        ),
        numbers(
            About(title="Failed of those that ended", unit="percentunit", width=3,
                  text="Failed jobs, as a share of those completed or failed within the window. The objective allows "
                       "5 %.",
                  link="/failures/", to="Failures by reason",
                  levels=(Level(value=0.05, colour="orange"), Level(value=0.3, colour="red"))),
            Line(expr=_FAILED_SHARE, legend="failed"),
        ),
    ),
)  # fmt: skip

_THROUGHPUT = Row(
    title="Throughput",
    panels=(
        graph(
            About(title="Jobs ordered and ended", unit="suffix: /min",
                  text="Jobs a minute, over the window. Where the line of those ordered stays above the others, the "
                       "queue grows.",
                  link="/jobs/", to="Jobs"),
            Line(expr=per_minute("jobs_created_total"), legend="ordered"),
            Line(expr=per_minute("jobs_completed_total"), legend="completed"),
            Line(expr=per_minute("jobs_failed_total"), legend="failed"),
            Line(expr=per_minute("jobs_cancelled_total"), legend="cancelled"),
        ),
        graph(
            About(title="Active and waiting jobs", unit="short",
                  text="Jobs that are not ended, and those of them that are due.",
                  link="/jobs/?status=pending&status=processing", to="Jobs that are not ended"),
            Line(expr=now("jobs", 'state=~"pending|processing"', by="state"), legend="{{state}}"),
            Line(expr=now("jobs_due"), legend="due"),
        ),
        graph(
            About(title="Runs by outcome", unit="suffix: /min",
                  text="Runs that ended a minute. A job takes about three that advanced it or completed it.",
                  link="/workers/", to="Workers"),
            Line(expr=per_minute("runs_total", by="outcome"), legend="{{outcome}}"),
            stacked=True,
        ),
    ),
)  # fmt: skip

_TIMES = Row(
    title="Times",
    panels=(
        graph(
            About(title="From the order to the completion", unit="s", width=6,
                  text="Of the jobs completed within the window: half of them took no longer than the median.",
                  link="/jobs/?status=completed", to="Completed jobs"),
            *(Line(expr=quantile(q, "job_completion_duration_seconds"), legend=name)
              for q, name in ((0.5, "median"), (0.9, "90 %"), (0.99, "99 %"))),
        ),
        graph(
            About(title="Wait in the queue", unit="s", width=6,
                  text="From the moment that a job is due to its claim. It grows when there are too few workers."),
            *(Line(expr=quantile(q, "job_queue_wait_seconds"), legend=name) for q, name in _MEDIAN_AND_95),
        ),
        graph(
            About(title="Runs", unit="s", width=6,
                  text="How long runs took. They are stopped at RUN_TIMEOUT_SECONDS."),
            *(Line(expr=quantile(q, "run_duration_seconds"), legend=name) for q, name in _MEDIAN_AND_95),
        ),
        graph(
            About(title="Claims", unit="s", width=6,
                  text="How long MongoDB took to hand out a job. It must not grow with history."),
            *(Line(expr=quantile(q, "claim_duration_seconds"), legend=name) for q, name in _MEDIAN_AND_95),
        ),
    ),
)  # fmt: skip

_FAILURES = Row(
    title="Failures",
    panels=(
        graph(
            About(title="Failed of those that ended", unit="percentunit", most=1,
                  text="As above, over time. Dashed: the objective.",
                  link="/jobs/?status=failed", to="Failed jobs",
                  levels=(Level(value=0.05, colour="red"),)),
            Line(expr=_FAILED_SHARE, legend="failed"),
        ),
        graph(
            About(title="Failed tries of documents by reason", unit="suffix: /min",
                  text="A try that fails is repeated; a document whose tries are used up fails its job. A minute, "
                       "over the window.",
                  link="/documents/?status=failed&reason=${__field.labels.reason}", to="Documents with this reason"),
            Line(expr=per_minute("documents_failed_total", by="reason"), legend="{{reason}}"),
            stacked=True,
        ),
        bars(
            About(title="Reasons, in the time shown", unit="short",
                  text="Failed tries of documents in the whole time that this dashboard shows, the most frequent "
                       "first.",
                  link="/jobs/?status=failed&reason=${__field.labels.reason}", to="Failed jobs with this reason"),
            Line(expr=f"sort_desc({gained('documents_failed_total', by='reason', span=SPAN)} > 0)",
                  legend="{{reason}}"),
        ),
        graph(
            About(title="Jobs failed and tried again", unit="suffix: /min", width=12,
                  text="Failures a minute, and the jobs that staff had tried again.",
                  link="/failures/", to="Failures by reason"),
            Line(expr=per_minute("jobs_failed_total"), legend="failed"),
            Line(expr=per_minute("jobs_retried_total"), legend="tried again"),
        ),
        graph(
            About(title="Second tries of documents", unit="percentunit", width=12,
                  text="Tries after the first one, as a share of all. It rises before jobs fail."),
            Line(expr=_SECOND_TRIES, legend="second tries"),
        ),
    ),
)  # fmt: skip

_WORKERS = Row(
    title="Workers",
    panels=(
        graph(
            About(title="Workers against the maximum", unit="short",
                  text="Jobs in processing are claimed by a worker, alive or not; Prometheus meets only those that "
                       "live for some seconds.",
                  link="/workers/", to="Workers"),
            Line(expr=_PROCESSING, legend="processing"),
            Line(expr=now("workers_maximum"), legend="maximum"),
            Line(expr=f"count({_MET} == 1)", legend="met by Prometheus"),
        ),
        graph(
            About(title="Leases by the age of the claim", unit="short",
                  text="Old claims are long runs; none should be older than RUN_TIMEOUT_SECONDS.",
                  link="/workers/", to="Workers"),
            Line(expr=now("leases", by="age"), legend="{{age}}"),
            stacked=True,
        ),
        graph(
            About(title="Oldest due job", unit="s",
                  text="How long the first due job has been waiting. Dashed: where the alert is.",
                  link=_OLDEST_LINK, to="Pending jobs, oldest first",
                  levels=(Level(value=3_600, colour="red"),)),
            Line(expr=_OLDEST, legend="oldest"),
        ),
        graph(
            About(title="Claims and workers that died", unit="short", width=12,
                  text="Claims a minute, those of jobs whose worker died among them, and leases that are expired now."),
            Line(expr=now("leases_expired"), legend="expired now"),
            Line(expr=per_minute("jobs_claimed_total"), legend="claimed /min"),
            Line(expr=per_minute("leases_taken_over_total"), legend="taken over /min"),
            Line(expr=per_minute("leases_lost_total"), legend="lost /min"),
        ),
        graph(
            About(title="Heartbeats", unit="suffix: /s", width=12,
                  text="Heartbeats of running workers a second: missed is MongoDB away, lost is another worker's job."),
            Line(expr=live_per_second("filesure_worker_lease_renewals_total", by="outcome"), legend="{{outcome}}"),
        ),
    ),
)  # fmt: skip
