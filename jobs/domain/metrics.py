"""Every metric of Filesure, once: its name, kind, labels and meaning. ``docs/metrics.md`` is written from this table.

Where a metric comes from decides its name:

- ``JOBS``: counted in the same write that changes a job, and brought to the totals exactly once. Exact.
- ``WORKERS``: counted by workers, and added to MongoDB's totals with each heartbeat. The web site shows the
  totals as ``filesure_<name>``; while a worker runs, it shows its own part as ``filesure_worker_<name>``.
- ``QUEUE``: read when somebody scrapes.
- ``PROCESS``: of the process that is asked.

Names follow https://prometheus.io/docs/practices/naming/: base units, ``_total`` for what only rises.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from jobs.domain.job import RunOutcome

PREFIX = "filesure_"


class Kind(StrEnum):
    """Prometheus's kinds."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Origin(StrEnum):
    """See the module."""

    JOBS = "jobs"
    WORKERS = "workers"
    QUEUE = "queue"
    PROCESS = "process"


@dataclass(frozen=True, kw_only=True)
class Family:
    """A metric. ``name`` lacks the prefix; ``buckets`` are a histogram's upper bounds, in its unit.

    ``known`` are label values that are shown from the start: a series that is born at 7 has no rate.
    ``web``: the web site counts it for itself as well, as ``filesure_web_<name>``.
    """

    name: str
    kind: Kind
    origin: Origin
    about: str
    labels: tuple[str, ...] = ()
    known: tuple[tuple[str, ...], ...] = ()
    buckets: tuple[float, ...] = ()
    web: bool = False

    @property
    def full_name(self) -> str:
        """As it is exported."""
        return PREFIX + self.name

    def live_name(self, component: str) -> str:
        """As one running process exports its own part."""
        return f"{PREFIX}{component}_{self.name}"


_MOMENTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_MINUTES = (1, 5, 15, 30, 60, 120, 300, 900, 1800, 3600, 14_400, 86_400)


def _jobs(name: str, about: str, *labels: str, kind: Kind = Kind.COUNTER) -> Family:
    return Family(name=name, kind=kind, origin=Origin.JOBS, about=about, labels=labels)


def _count(name: str, about: str, *labels: str, known: Iterable[Sequence[str]] = (), web: bool = False) -> Family:
    return Family(
        name=name, kind=Kind.COUNTER, origin=Origin.WORKERS, about=about, labels=labels, web=web,
        known=tuple(map(tuple, known)),
    )  # fmt: skip


def _time(name: str, buckets: tuple[float, ...], about: str, *labels: str, web: bool = False) -> Family:
    return Family(
        name=name, kind=Kind.HISTOGRAM, origin=Origin.WORKERS, about=about, labels=labels, buckets=buckets, web=web
    )  # fmt: skip


def _now(name: str, about: str, *labels: str, origin: Origin = Origin.QUEUE) -> Family:
    return Family(name=name, kind=Kind.GAUGE, origin=origin, about=about, labels=labels)


CATALOGUE: tuple[Family, ...] = (
    _jobs("jobs_created_total", "Jobs ordered."),
    _jobs("jobs_claimed_total", "Claims of jobs by workers; a job of three runs is claimed three times."),
    _jobs("jobs_completed_total", "Jobs that were completed."),
    _jobs("jobs_failed_total", "Jobs that failed; one that is retried and fails again counts twice."),
    _jobs("jobs_cancelled_total", "Jobs that were cancelled."),
    _jobs("jobs_retried_total", "Failed or cancelled jobs that staff had tried again."),
    _jobs("documents_listed_total", "Documents that sources listed for jobs."),
    _jobs("documents_stored_total", "Documents uploaded to the blob store and recorded."),
    _jobs("jobs", "Jobs there are, by state.", "state", kind=Kind.GAUGE),
    _jobs("documents", "Documents there are, by state: listed, stored or failed.", "state", kind=Kind.GAUGE),
    _count("runs_total", "Runs that ended, by outcome.", "outcome", known=[(outcome,) for outcome in RunOutcome]),
    _time("run_duration_seconds", _SECONDS, "How long runs took."),
    _time("job_completion_duration_seconds", _MINUTES, "From the order to the completion of a job."),
    _time("claim_duration_seconds", _MOMENTS, "How long it took to claim a job, or to learn that none is due."),
    _time("job_queue_wait_seconds", _MINUTES, "From the moment that a job is due to its claim; no takeovers."),
    _count("documents_downloaded_total", "Documents downloaded; with kill -9, some of them again."),
    _count("documents_extracted_total", "Documents whose text was read, by method.", "method",
           known=[("pdfium",)]),
    _count("documents_uploaded_total", "Documents uploaded, at every try."),
    _count("documents_failed_total", "Tries of documents that failed, by reason.", "reason",
           known=[("document_unavailable",), ("document_unreadable",), ("unexpected",)]),
    _count("document_retries_total", "Tries of documents after the first one."),
    _count("downloaded_bytes_total", "Bytes that sources delivered."),
    _count("uploaded_bytes_total", "Bytes of documents uploaded, without their texts."),
    _time("document_download_duration_seconds", _SECONDS, "How long documents took to download."),
    _time("document_extraction_duration_seconds", _SECONDS, "How long documents took to read, by method.", "method"),
    _time("document_upload_duration_seconds", _SECONDS, "How long documents and their texts took to upload."),
    _count("blob_operations_total", "Operations on the blob store: ok, or the kind of error.", "operation", "outcome",
           known=[("put", "ok"), ("put", "blob_store_unavailable"), ("open", "ok")], web=True),
    _time("blob_operation_duration_seconds", _MOMENTS, "How long the blob store took.", "operation", web=True),
    _count("mongodb_commands_total", "MongoDB commands: ok or error.", "command", "outcome",
           known=[(command, outcome) for command in ("find", "findAndModify", "insert", "update")
                  for outcome in ("ok", "error")], web=True),
    _time("mongodb_command_duration_seconds", _MOMENTS, "How long MongoDB took.", "command", web=True),
    _count("lease_renewals_total", "Heartbeats: ok, missed (MongoDB was away) or lost.", "outcome",
           known=[("ok",), ("missed",), ("lost",)]),
    _count("leases_lost_total", "Runs that lost their lease to another worker."),
    _count("leases_taken_over_total", "Runs that never ended and whose jobs another worker took over."),
    _now("jobs_due", "Jobs that a worker may claim now, as KEDA counts them; up to 100,000."),
    _now("oldest_due_job_age_seconds", "How long the first of them has been due; 0 if none is."),
    _now("leases", "Jobs that workers hold, by the age of the claim.", "age"),
    _now("leases_expired", "Jobs whose worker has been silent for longer than its lease."),
    _now("workers_maximum", "MAX_WORKERS: how many workers there may be."),
    _now("collector_success", "1 if MongoDB answered this scrape, else 0.", origin=Origin.PROCESS),
    _now("collector_duration_seconds", "How long MongoDB's part of this scrape took.", origin=Origin.PROCESS),
    _now("build_info", "Always 1; the labels say what runs.", "version", "revision", origin=Origin.PROCESS),
    _now("site_info", "Always 1; the label says where staff reach the web site.", "url", origin=Origin.PROCESS),
)  # fmt: skip


class Instruments(Protocol):
    """Where code tells what it counts. A name is that of a family of WORKERS, without the prefix."""

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Raise a counter."""

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Add a value to a histogram."""


@contextmanager
def timed(instruments: Instruments, name: str) -> Iterator[dict[str, str]]:
    """Observe how long the block takes, if it ends well. It may put labels into what it is given."""
    labels: dict[str, str] = {}
    began = time.perf_counter()
    yield labels
    instruments.observe(name, time.perf_counter() - began, **labels)


class Unmeasured:
    """Instruments that nobody reads."""

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """See the protocol."""

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """See the protocol."""


_INTRO = """# Metrics

Prometheus reads the web site (`:5001/metrics`) and each worker while it runs (`:9100/metrics`, `METRICS_PORT`).

A worker lives for seconds: a scrape meets few of them, and a counter that is born at 7 and gone a minute later has no
rate. So what workers count is also added to totals in MongoDB, which the web site shows:

- **jobs** are counted in the same write that changes a job and brought to the totals exactly once
  (`jobs/adapters/mongo/ledger.py`). They are exact, whoever dies when.
- **workers** add what they counted with each heartbeat and at their end, each part at most once
  (`worker/metrics.py`). A worker that is killed takes along what it counted since its last heartbeat.
- **queue** is read when somebody scrapes, **process** is of the process that answers.

Every replica of the web site shows the same totals: aggregate with `max`, never with `sum`, for example
`max(rate(filesure_jobs_completed_total[5m]))`. For what runs right now, a worker shows its own part of each metric of
*workers* as `filesure_worker_…`, and the web site its own part of some as `filesure_web_…`: these are summed. HTTP
requests are counted by django-prometheus as `django_http_…`.

The dashboards are JSON files in `k8s/base/monitoring/grafana/dashboards/`, which `k8s/base/monitoring` provisions. For
another Grafana, from 11 on: *Dashboards*, *New*, *Import*, one file after the other, and choose the Prometheus that
reads Filesure. It needs the rules in `k8s/base/monitoring/rules/`, since panels ask for recorded series. What
*Operations* shows, drawn from its queries for [the film](demo.md), not by Grafana:

![Panels of Operations: jobs by state, throughput, times, failures, workers](images/panels-operations.png)

Likewise the panels of [Documents and storage](images/panels-documents.png), of
[Web and MongoDB with its commands](images/panels-web.png), and of the [Error budget and its burn
rates](images/panels-budget.png).

## All of them
"""


def page() -> str:
    """The text of ``docs/metrics.md``."""
    rows = [
        f"| `{each.full_name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} | {each.origin}"
        f"{', web' if each.web else ''} | {each.about} |"
        for each in CATALOGUE
    ]
    head = ["| name | kind | labels | from | meaning |", "|---|---|---|---|---|"]
    return "\n".join([_INTRO, *head, *rows]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
