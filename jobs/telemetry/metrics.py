"""All metrics of Filesure with name, kind, labels and meaning. ``docs/metrics.md`` is generated from this table.

A metric has the same name everywhere: in the code that counts it, in MongoDB's totals and in scrapes.
``Origin`` states where its value comes from.

Names follow https://prometheus.io/docs/practices/naming/: base units, ``_total`` for counters.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from jobs.domain.channels import Channel
from jobs.domain.document import DocumentStatus
from jobs.domain.filings.reading import Method, ReadingState
from jobs.domain.job import VISIBLE, RunOutcome

PREFIX = "filesure_"


class Kind(StrEnum):
    """Prometheus's metric types."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Origin(StrEnum):
    """The source of a metric's value. ``jobs.adapters.mongo.totals`` describes the first two."""

    JOBS = "jobs"
    """Counted in the write that changes a job, and added to the totals exactly once."""
    WORKERS = "workers"
    """Counted by workers, and added to the totals in parts. A running worker also exports its own part."""
    QUEUE = "queue"
    """Read from the queue when Prometheus scrapes."""
    PROCESS = "process"
    """About the process that answers the scrape."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """A metric."""

    name: str
    kind: Kind
    origin: Origin
    #: The help text.
    about: str
    labels: tuple[str, ...] = ()
    #: Label values exported as 0 from the start, because ``rate`` misses the first value of a new series.
    known: tuple[tuple[str, ...], ...] = ()
    #: A histogram's upper bounds, in its unit.
    buckets: tuple[float, ...] = ()
    #: Whether web processes count it too.
    web: bool = False

    def live_name(self, component: str) -> str:
        """The name under which one process exports its own share; the totals have the plain name."""
        return self.name.replace(PREFIX, f"{PREFIX}{component}_", 1)


_MOMENTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_MINUTES = (1, 5, 15, 30, 60, 120, 300, 900, 1800, 3600, 14_400, 86_400)


def _job_counter(name: str, about: str) -> Family:
    return Family(name=name, kind=Kind.COUNTER, origin=Origin.JOBS, about=about)


def _job_gauge(name: str, about: str, states: Iterable[str]) -> Family:
    known = tuple((str(state),) for state in states)
    return Family(name=name, kind=Kind.GAUGE, origin=Origin.JOBS, about=about, labels=("state",), known=known)


def _counter(name: str, about: str, *labels: str, known: Iterable[Sequence[str]] = (), web: bool = False) -> Family:
    return Family(
        name=name,
        kind=Kind.COUNTER,
        origin=Origin.WORKERS,
        about=about,
        labels=labels,
        web=web,
        known=tuple(map(tuple, known)),
    )


def _histogram(name: str, buckets: tuple[float, ...], about: str, *labels: str, web: bool = False) -> Family:
    return Family(
        name=name, kind=Kind.HISTOGRAM, origin=Origin.WORKERS, about=about, labels=labels, buckets=buckets, web=web
    )


def _gauge(name: str, about: str, *labels: str, origin: Origin = Origin.QUEUE) -> Family:
    return Family(name=name, kind=Kind.GAUGE, origin=origin, about=about, labels=labels)


CATALOGUE: tuple[Family, ...] = (
    _job_counter("filesure_jobs_created_total", "Jobs ordered."),
    _job_counter("filesure_jobs_claimed_total", "Claims of jobs by workers; a job with three runs counts three times."),
    _job_counter(
        "filesure_jobs_completed_total", "Jobs that ended without a failure: completed, partial or no_filings."
    ),
    _job_counter("filesure_jobs_partial_total", "Completed jobs with documents that could not be retrieved."),
    _job_counter("filesure_jobs_no_filings_total", "Completed jobs of companies without filings at the source."),
    _job_counter("filesure_jobs_failed_total", "Jobs failed; a job that fails again after a retry counts twice."),
    _job_counter("filesure_jobs_cancelled_total", "Jobs cancelled."),
    _job_counter("filesure_jobs_retried_total", "Retries of failed, partial or cancelled jobs by staff."),
    _job_counter("filesure_documents_listed_total", "Documents listed by sources."),
    _job_counter("filesure_documents_stored_total", "Documents stored with their metadata."),
    _job_gauge("filesure_jobs", "Jobs by state.", VISIBLE),
    _job_gauge("filesure_documents", "Documents by state: listed, stored or failed.", DocumentStatus),
    _counter("filesure_runs_total", "Runs ended, by outcome.", "outcome", known=[(each,) for each in RunOutcome]),
    _histogram("filesure_run_duration_seconds", _SECONDS, "Duration of runs."),
    _histogram("filesure_job_completion_duration_seconds", _MINUTES, "Time from the order of a job to its completion."),
    _counter(
        "filesure_estimates_total",
        "Completed jobs with an estimate, by whether they took at most a quarter or a minute longer than estimated.",
        "met",
        known=[("yes",), ("no",)],
    ),
    _histogram("filesure_claim_duration_seconds", _MOMENTS, "Duration of claims, including those that find no job."),
    _histogram(
        "filesure_job_queue_wait_seconds",
        _MINUTES,
        "Time that jobs waited for their claim since they were due or their earlier lease expired, without pauses.",
    ),
    _counter("filesure_documents_downloaded_total", "Documents downloaded; a killed worker's may be downloaded again."),
    _counter(
        "filesure_readings_total",
        "Documents read, by the state of the reading and its method.",
        "state",
        "method",
        known=[(ReadingState.READ, each) for each in Method] + [(each, Method.NONE) for each in ReadingState],
    ),
    _counter("filesure_documents_uploaded_total", "Documents uploaded, counting every attempt."),
    _counter(
        "filesure_documents_linked_total",
        "Documents linked to a stored copy of their company: by filing, not downloaded; by content, not uploaded.",
        "by",
        known=[("filing",), ("content",)],
    ),
    _counter(
        "filesure_documents_failed_total",
        "Failed document attempts, by reason.",
        "reason",
        known=[("document_unavailable",), ("document_unreadable",), ("unexpected",)],
    ),
    _counter("filesure_document_retries_total", "Document attempts after the first."),
    _counter(
        "filesure_source_requests_total",
        "Requests to a portal, by outcome: the class of the status, or error without an answer.",
        "outcome",
        known=[("2xx",), ("3xx",), ("4xx",), ("5xx",), ("error",)],
    ),
    _histogram("filesure_source_permit_wait_seconds", _SECONDS, "Time that requests to a portal waited for a permit."),
    _counter("filesure_downloaded_bytes_total", "Bytes downloaded from sources."),
    _counter("filesure_uploaded_bytes_total", "Bytes of documents uploaded, without their texts."),
    _histogram("filesure_document_download_duration_seconds", _SECONDS, "Duration of document downloads."),
    _histogram("filesure_reading_duration_seconds", _SECONDS, "Duration of reading a document, by method.", "method"),
    _histogram("filesure_document_upload_duration_seconds", _SECONDS, "Duration of uploads of originals."),
    _counter(
        "filesure_blob_operations_total",
        "Blob store operations, by outcome: ok or the kind of error.",
        "operation",
        "outcome",
        known=[("put", "ok"), ("put", "blob_store_unavailable"), ("open", "ok")],
        web=True,
    ),
    _counter(
        "filesure_blob_retries_total",
        "Retries by Azure's client within operations, by reason.",
        "reason",
        known=[(each,) for each in ("throttled", "timeout", "server_error", "connection", "other")],
        web=True,
    ),
    _histogram(
        "filesure_blob_operation_duration_seconds",
        _MOMENTS,
        "Blob store operation duration.",
        "operation",
        web=True,
    ),
    _counter(
        "filesure_mongodb_commands_total",
        "MongoDB commands, by outcome: ok or error.",
        "command",
        "outcome",
        known=[
            (command, outcome)
            for command in ("find", "findAndModify", "insert", "update")
            for outcome in ("ok", "error")
        ],
        web=True,
    ),
    _histogram(
        "filesure_mongodb_command_duration_seconds", _MOMENTS, "Duration of MongoDB commands.", "command", web=True
    ),
    _counter(
        "filesure_lease_renewals_total",
        "Heartbeats, by outcome: ok, missed (MongoDB did not answer) or lost.",
        "outcome",
        known=[("ok",), ("missed",), ("lost",)],
    ),
    _counter("filesure_leases_lost_total", "Runs that lost their lease to another worker."),
    _counter("filesure_leases_taken_over_total", "Runs of dead workers that another worker took over."),
    _counter(
        "filesure_deliveries_total",
        "Attempts to deliver events, by outcome: delivered, retried (failed, tried again later), failed, dropped.",
        "channel",
        "outcome",
        known=[(channel, outcome) for channel in Channel for outcome in ("delivered", "retried", "failed", "dropped")],
    ),
    _gauge(
        "filesure_oldest_due_delivery_age_seconds",
        "Time since the oldest due delivery became due, or the oldest event was noted that has no deliveries yet.",
    ),
    _gauge("filesure_jobs_due", "Jobs that a worker may claim now, up to 100,000; 0 during a pause."),
    _gauge(
        "filesure_oldest_due_job_age_seconds",
        "Time since the oldest due job became due, or the last pause ended; 0 if no job is due or during a pause.",
    ),
    _gauge("filesure_oldest_due_job_age_by_priority_seconds", "The same for each priority.", "priority"),
    _gauge("filesure_leases", "Jobs held by workers, by the age of the claim.", "age"),
    _gauge("filesure_leases_expired", "Jobs whose lease has expired."),
    _gauge("filesure_source_on_hold_seconds", "Time since a failing source began to hold its jobs; 0 if it works."),
    _gauge(
        "filesure_pause_remaining_seconds", "Time until the pause of the queue or its source ends; 0 without a pause."
    ),
    _gauge("filesure_source_requests_in_progress", "Requests to portals that hold a permit."),
    _gauge("filesure_source_requests_waiting", "Requests to portals that wait for a permit."),
    _gauge("filesure_source_requests_limit", "Requests to portals that may be in progress at the same time."),
    _gauge("filesure_workers_maximum", "MAX_WORKERS: the largest number of workers."),
    _gauge("filesure_collector_success", "1 if MongoDB responded to this scrape, otherwise 0.", origin=Origin.PROCESS),
    _gauge(
        "filesure_collector_duration_seconds", "Duration of the MongoDB part of this scrape.", origin=Origin.PROCESS
    ),
    _gauge(
        "filesure_build_info",
        "Always 1; labels name the build.",
        "version",
        "revision",
        origin=Origin.PROCESS,
    ),
    _gauge("filesure_site_info", "Always 1; the label is the address of the web site.", "url", origin=Origin.PROCESS),
)


class Instruments(Protocol):
    """Counters and histograms of ``Origin.WORKERS``, by name."""

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Increase a counter."""

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Add an observation to a histogram."""


@contextmanager
def timed(instruments: Instruments, name: str) -> Iterator[dict[str, str]]:
    """Observe the block's duration unless it raises. The block may add labels to the yielded dictionary."""
    labels: dict[str, str] = {}
    began = time.perf_counter()
    yield labels
    instruments.observe(name, time.perf_counter() - began, **labels)


class Unmeasured:
    """Instruments that discard everything."""

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None: ...

    def observe(self, name: str, value: float, /, **labels: str) -> None: ...
