"""Operations: the queue, its workers and its failures."""

from __future__ import annotations

from .deliveries import DELIVERIES
from .frame import Row, rendered
from .operations_workers import WORKERS
from .panels import About, Level, Line, bars, graph, numbers
from .queries import SPAN, WINDOW, durable, gained, now, per_minute, quantile, share

_JOBS = "/jobs/?status=${__field.labels.state}"
_PROCESSING = now("jobs", 'state="processing"')
_MEDIAN_AND_95 = ((0.5, "median"), (0.95, "95 %"))
_FAILED = gained("jobs_failed_total", span=WINDOW)
_FAILED_SHARE = share(_FAILED, f"{_FAILED} + {gained('jobs_completed_total', span=WINDOW)}")
_TRIES = f"{gained('documents_downloaded_total', span=WINDOW)} + {gained('documents_failed_total', span=WINDOW)}"
_SECOND_TRIES = share(gained("document_retries_total", span=WINDOW), _TRIES)
_ESTIMATES_MET = share(
    gained("estimates_total", 'met="yes"', span=WINDOW),
    gained("estimates_total", span=WINDOW),
)
_OLDEST = f"max({durable('oldest_due_job_age_seconds')})"


def operations() -> str:
    rows = (_NOW, _THROUGHPUT, _TIMES, _FAILURES, WORKERS, DELIVERIES)
    return rendered("Filesure / Operations", "filesure-operations", "Queue, workers, throughput and failures.", rows)


_NOW = Row(
    title="Now",
    panels=(
        numbers(
            About(
                title="Jobs by state",
                unit="short",
                width=12,
                text="All jobs by state. A click opens their list.",
                link=_JOBS,
                to="Jobs in state ${__field.labels.state}",
            ),
            Line(expr=now("jobs", by="state"), legend="{{state}}"),
        ),
        numbers(
            About(
                title="Due",
                unit="short",
                width=3,
                text="Jobs that a worker can claim now, as KEDA counts them, up to 100,000.",
                link="/jobs/?status=pending&order=oldest",
                to="Pending jobs, oldest first",
                levels=(Level(value=100, colour="orange"), Level(value=1_000, colour="red")),
            ),
            Line(expr=now("jobs_due"), legend="due"),
        ),
        numbers(
            About(
                title="Oldest due job",
                unit="s",
                width=3,
                text="How long the first due job has been waiting. An alert fires after an hour.",
                link="/jobs/?status=pending&order=oldest",
                to="Pending jobs, oldest first",
                levels=(Level(value=900, colour="orange"), Level(value=3_600, colour="red")),
            ),
            Line(expr=_OLDEST, legend="oldest"),
        ),
        numbers(
            About(
                title="Workers in use",
                unit="percentunit",
                width=3,
                text="Working workers as a share of the maximum, without expired leases.",
                link="/workers/",
                to="Workers",
                levels=(Level(value=0.8, colour="orange"), Level(value=1, colour="red")),
            ),
            Line(expr=f"({_PROCESSING} - {now('leases_expired')}) / {now('workers_maximum')}", legend="in use"),
        ),
        numbers(
            About(
                title="Failed share of ended jobs",
                unit="percentunit",
                width=3,
                text="Failed jobs, as a share of those completed or failed within the window. The objective allows "
                "5 %.",
                link="/failures/",
                to="Failures by reason",
                levels=(Level(value=0.05, colour="orange"), Level(value=0.3, colour="red")),
            ),
            Line(expr=_FAILED_SHARE, legend="failed"),
        ),
    ),
)

_THROUGHPUT = Row(
    title="Throughput",
    panels=(
        graph(
            About(
                title="Jobs ordered and ended",
                unit="suffix: /min",
                text="Jobs per minute, over the window. The queue grows while the line of ordered jobs is above the "
                "others.",
                link="/jobs/",
                to="Jobs",
            ),
            Line(expr=per_minute("jobs_created_total"), legend="ordered"),
            Line(expr=per_minute("jobs_completed_total"), legend="completed"),
            Line(expr=per_minute("jobs_failed_total"), legend="failed"),
            Line(expr=per_minute("jobs_cancelled_total"), legend="cancelled"),
        ),
        graph(
            About(
                title="Active and waiting jobs",
                unit="short",
                text="Unfinished jobs, and how many of them are due.",
                link="/jobs/?status=pending&status=processing",
                to="Unfinished jobs",
            ),
            Line(expr=now("jobs", 'state=~"pending|processing"', by="state"), legend="{{state}}"),
            Line(expr=now("jobs_due"), legend="due"),
        ),
        graph(
            About(
                title="Runs by outcome",
                logs="run[.].+|worker[.]killed",
                unit="suffix: /min",
                text="Ended runs per minute. A job takes about three runs that advance or complete it.",
                link="/workers/",
                to="Workers",
            ),
            Line(expr=per_minute("runs_total", by="outcome"), legend="{{outcome}}"),
            stacked=True,
        ),
    ),
)

_TIMES = Row(
    title="Times",
    panels=(
        graph(
            About(
                title="From order to completion",
                unit="s",
                width=5,
                text="Of the jobs completed within the window; half of them took no longer than the median.",
                link="/jobs/?status=completed",
                to="Completed jobs",
            ),
            *(
                Line(expr=quantile(q, "job_completion_duration_seconds"), legend=name)
                for q, name in ((0.5, "median"), (0.9, "90 %"), (0.99, "99 %"))
            ),
        ),
        graph(
            About(
                title="Wait in the queue",
                unit="s",
                width=5,
                text="From becoming due to the claim. It grows if there are too few workers.",
            ),
            *(Line(expr=quantile(q, "job_queue_wait_seconds"), legend=name) for q, name in _MEDIAN_AND_95),
        ),
        graph(
            About(
                title="Runs", unit="s", width=5, text="Duration of runs. They are stopped after RUN_TIMEOUT_SECONDS."
            ),
            *(Line(expr=quantile(q, "run_duration_seconds"), legend=name) for q, name in _MEDIAN_AND_95),
        ),
        graph(
            About(
                title="Claims",
                unit="s",
                width=5,
                text="Duration of claims in MongoDB. It must not grow with history.",
            ),
            *(Line(expr=quantile(q, "claim_duration_seconds"), legend=name) for q, name in _MEDIAN_AND_95),
        ),
        graph(
            About(
                title="Estimates met",
                unit="percentunit",
                width=4,
                most=1,
                text="Completed jobs that took no longer than estimated, as a share of those with an estimate.",
            ),
            Line(expr=_ESTIMATES_MET, legend="met"),
        ),
    ),
)

_FAILURES = Row(
    title="Failures",
    panels=(
        graph(
            About(
                title="Failed share of ended jobs",
                unit="percentunit",
                most=1,
                text="As above, over time. Dashed: the objective.",
                link="/jobs/?status=failed",
                to="Failed jobs",
                levels=(Level(value=0.05, colour="red"),),
            ),
            Line(expr=_FAILED_SHARE, legend="failed"),
        ),
        graph(
            About(
                title="Failed document attempts by reason",
                logs="document[.].+|blob[.]failed|source[.].+",
                unit="suffix: /min",
                text="Failed attempts are repeated; a document without attempts left fails its job. Per minute, over "
                "the window.",
                link="/documents/?status=failed&reason=${__field.labels.reason}",
                to="Documents with this reason",
            ),
            Line(expr=per_minute("documents_failed_total", by="reason"), legend="{{reason}}"),
            stacked=True,
        ),
        bars(
            About(
                title="Reasons in the time shown",
                unit="short",
                text="Failed document attempts in the whole time shown, the most frequent reason first.",
                link="/jobs/?status=failed&reason=${__field.labels.reason}",
                to="Failed jobs with this reason",
            ),
            Line(
                expr=f"sort_desc({gained('documents_failed_total', by='reason', span=SPAN)} > 0)", legend="{{reason}}"
            ),
        ),
        graph(
            About(
                title="Failed and retried jobs",
                unit="suffix: /min",
                width=12,
                text="Failures per minute, and jobs that staff retried.",
                link="/failures/",
                to="Failures by reason",
            ),
            Line(expr=per_minute("jobs_failed_total"), legend="failed"),
            Line(expr=per_minute("jobs_retried_total"), legend="tried again"),
        ),
        graph(
            About(
                title="Repeated document attempts",
                unit="percentunit",
                width=12,
                text="Attempts after the first one, as a share of all. It rises before jobs fail.",
            ),
            Line(expr=_SECOND_TRIES, legend="second tries"),
        ),
    ),
)
