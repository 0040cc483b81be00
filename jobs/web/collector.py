"""The metrics about all of Filesure that the web site exports to Prometheus: totals, the queue, and version."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from jobs.bootstrap import Application
from jobs.domain.errors import FilesureError
from jobs.domain.job import PRIORITIES, Job
from jobs.domain.pausing import Pause
from jobs.domain.waiting import waiting_since
from jobs.telemetry.metrics import CATALOGUE, Family, Kind, Origin
from jobs.telemetry.series import parsed, series_key

COUNTED_DUE = 100_000
COUNTED_LEASES = 1_000
SCRAPE_SECONDS, FOLD_SECONDS = 1.0, 0.3  # for a response within 2 s, even on a busy machine
LEASE_AGES = (("under_1m", 60.0), ("1m_to_5m", 300.0), ("5m_to_15m", 900.0), ("over_15m", float("inf")))

Sample = tuple[str, Mapping[str, str], float]


class FilesureCollector(Collector):
    """Reads metrics from MongoDB. The cost does not grow with the number of jobs."""

    def __init__(self, application: Callable[[], Application], *, version: str, revision: str, site_url: str) -> None:
        self._application = application
        self._build = {"version": version, "revision": revision}
        self._site = {"url": site_url}

    def describe(self) -> Iterable[Metric]:
        """Empty, because registering must not read from MongoDB."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read all metrics. While MongoDB is unreachable, export only that fact and constants."""
        began = time.monotonic()
        try:
            metrics = self._read(self._application())
        except FilesureError:
            metrics = []
        yield from metrics
        yield _metric("filesure_collector_success", [("", {}, float(bool(metrics)))])
        yield _metric("filesure_collector_duration_seconds", [("", {}, time.monotonic() - began)])
        yield _metric("filesure_build_info", [("", self._build, 1.0)])
        yield _metric("filesure_site_info", [("", self._site, 1.0)])

    def _read(self, app: Application) -> list[Metric]:
        with app.within(SCRAPE_SECONDS):
            deadline = time.monotonic() + FOLD_SECONDS
            for fold in (app.ledger.fold, app.totals.fold):
                while fold() and time.monotonic() < deadline:
                    pass
            return [*_of_totals({**app.ledger.totals(), **app.totals.read()}), *_of_queue(app)]


def _of_totals(totals: Mapping[str, float]) -> Iterator[Metric]:
    """The metrics stored in MongoDB's totals; those without a value yet are 0."""
    found = [(*parsed(key), value) for key, value in {**_zeros(), **totals}.items()]
    for family in (family for family in CATALOGUE if family.origin in (Origin.JOBS, Origin.WORKERS)):
        suffixes = {family.name + suffix: suffix for suffix, _ in _series(family)}
        own = [(suffixes[name], labels, value) for name, labels, value in found if name in suffixes]
        yield _metric(family.name, sorted(own, key=_place))


def _place(sample: Sample) -> tuple[object, ...]:
    """Sort key: series by series, with a histogram's buckets in order, as parsers expect."""
    suffix, labels, _ = sample
    series = sorted((label, value) for label, value in labels.items() if label != "le")
    return series, suffix, float(labels.get("le", 0))


def _zeros() -> dict[str, float]:
    families = [each for each in CATALOGUE if each.origin in (Origin.JOBS, Origin.WORKERS)]
    return {
        series_key(each.name + suffix, {**dict(zip(each.labels, values, strict=True)), **extra}): 0.0
        for each in families
        for values in (each.known if each.labels else [()])
        for suffix, extra in _series(each)
    }


def _text(bound: float) -> str:
    return str(floatToGoString(bound))  # type: ignore[no-untyped-call]


def _series(family: Family) -> list[tuple[str, dict[str, str]]]:
    if family.kind is not Kind.HISTOGRAM:
        return [("", {})]
    bounds = [{"le": _text(bound)} for bound in (*family.buckets, float("inf"))]
    return [*(("_bucket", bound) for bound in bounds), ("_count", {}), ("_sum", {})]


def _of_queue(app: Application) -> Iterator[Metric]:
    now, held = app.clock(), app.catalogue.running(COUNTED_LEASES)
    pauses = app.pauses.latest()
    waits, paused_until = _waits(app, pauses, now), max([now, *(pause.until for pause in pauses)])
    expired = sum(1 for job in held if job.lease_expires_at and job.lease_expires_at <= now)
    yield _metric("filesure_jobs_due", [("", {}, app.jobs.count_due(COUNTED_DUE))])
    yield _metric("filesure_oldest_due_job_age_seconds", [("", {}, max(waits.values()))])
    by_priority = [("", {"priority": str(each)}, seconds) for each, seconds in waits.items()]
    yield _metric("filesure_oldest_due_job_age_by_priority_seconds", by_priority)
    yield _metric("filesure_leases", [("", {"age": age}, number) for age, number in _ages(held, now).items()])
    yield _metric("filesure_leases_expired", [("", {}, expired)])
    yield _metric("filesure_pause_remaining_seconds", [("", {}, (paused_until - now).total_seconds())])
    yield _metric("filesure_workers_maximum", [("", {}, app.configuration.max_workers)])
    yield _metric("filesure_oldest_due_delivery_age_seconds", [("", {}, _delivery_age(app, now))])
    yield from _of_sources(app)


def _delivery_age(app: Application, now: datetime) -> float:
    due = app.notifications.deliveries.due()
    since = [app.notifications.outbox.oldest(), due and due.next_at]
    return max([0.0, *((now - each).total_seconds() for each in since if each)])


def _waits(app: Application, pauses: Sequence[Pause], now: datetime) -> dict[int, float]:
    """How long the first job of each priority has been waiting for a worker. Pauses do not count."""
    due_since = app.catalogue.oldest_due_by_priority()
    starts = {priority: waiting_since(since, pauses, now) for priority, since in due_since.items()}
    return {each: max(0.0, (now - starts.get(each, now)).total_seconds()) for each in PRIORITIES}


def _of_sources(app: Application) -> Iterator[Metric]:
    now, hosts = app.clock(), app.hosts.in_use()
    down = [(now - each.since).total_seconds() for each in app.breakers.all() if each.since]
    yield _metric("filesure_source_on_hold_seconds", [("", {}, max(0.0, *down, 0.0))])
    yield _metric("filesure_source_requests_in_progress", [("", {}, sum(each.in_use for each in hosts))])
    yield _metric("filesure_source_requests_waiting", [("", {}, sum(each.waiting for each in hosts))])
    yield _metric("filesure_source_requests_limit", [("", {}, sum(each.limits.concurrency for each in hosts))])


def _ages(held: Iterable[Job], now: datetime) -> dict[str, int]:
    ages = {name: 0 for name, _ in LEASE_AGES}
    for job in held:
        seconds = (now - job.locked_at).total_seconds() if job.locked_at else 0.0
        ages[next(name for name, bound in LEASE_AGES if seconds < bound)] += 1
    return ages


def _metric(name: str, samples: Iterable[Sample]) -> Metric:
    """A metric with its samples, which are named by their suffix."""
    family = next(each for each in CATALOGUE if each.name == name)
    metric = Metric(name.removesuffix("_total"), family.about, family.kind)
    for suffix, labels, value in samples:
        metric.add_sample(name + suffix, dict(labels), value)
    return metric
