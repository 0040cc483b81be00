"""The row of workers among the operations."""

from __future__ import annotations

from .frame import Row
from .panels import About, Level, Line, graph
from .queries import chosen, durable, live_per_second, now, per_minute

_PROCESSING = now("jobs", 'state="processing"')
_MET = chosen("up", 'job="filesure-worker"')
_OLDEST = f"max({durable('oldest_due_job_age_seconds')})"

WORKERS = Row(
    title="Workers",
    panels=(
        graph(
            About(
                title="Workers and their maximum",
                unit="short",
                text="Jobs in processing, claimed by living or dead workers; Prometheus scrapes only workers that "
                "live for some seconds.",
                link="/workers/",
                to="Workers",
            ),
            Line(expr=_PROCESSING, legend="processing"),
            Line(expr=now("workers_maximum"), legend="maximum"),
            Line(expr=f"count({_MET} == 1)", legend="scraped by Prometheus"),
        ),
        graph(
            About(
                title="Leases by the age of the claim",
                unit="short",
                text="Old claims are long runs; none should exceed RUN_TIMEOUT_SECONDS.",
                link="/workers/",
                to="Workers",
            ),
            Line(expr=now("leases", by="age"), legend="{{age}}"),
            stacked=True,
        ),
        graph(
            About(
                title="Oldest due job",
                unit="s",
                text="How long the first due job has been waiting. Dashed: the alert's threshold.",
                link="/jobs/?status=pending&order=oldest",
                to="Pending jobs, oldest first",
                levels=(Level(value=3_600, colour="red"),),
            ),
            Line(expr=_OLDEST, legend="oldest"),
        ),
        graph(
            About(
                title="Claims and dead workers",
                logs="job[.].+|run[.]lost|worker[.]killed",
                unit="short",
                width=12,
                text="Claims per minute, takeovers among them, and currently expired leases.",
            ),
            Line(expr=now("leases_expired"), legend="expired now"),
            Line(expr=per_minute("jobs_claimed_total"), legend="claimed /min"),
            Line(expr=per_minute("leases_taken_over_total"), legend="taken over /min"),
            Line(expr=per_minute("leases_lost_total"), legend="lost /min"),
        ),
        graph(
            About(
                title="Heartbeats",
                logs="heartbeat[.].+",
                unit="suffix: /s",
                width=12,
                text="Heartbeats per second. Missed: MongoDB did not respond. Lost: another worker has the job.",
            ),
            Line(expr=live_per_second("filesure_worker_lease_renewals_total", by="outcome"), legend="{{outcome}}"),
        ),
    ),
)
