"""What the web site shows of all of Filesure when Prometheus asks: totals, the queue, and itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from urllib.parse import quote, unquote

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from jobs.bootstrap import Application
from jobs.domain.document import DocumentStatus
from jobs.domain.errors import FilesureError
from jobs.domain.job import Job, JobStatus
from jobs.domain.metrics import CATALOGUE, PREFIX, Family, Kind, Origin

COUNTED_DUE = 100_000
COUNTED_LEASES = 1_000
SCRAPE_SECONDS, FOLD_SECONDS = 1.0, 0.3  # an answer within 2 s, on a busy machine too
LEASE_AGES = (("under_1m", 60.0), ("1m_to_5m", 300.0), ("5m_to_15m", 900.0), ("over_15m", float("inf")))

Sample = tuple[str, Mapping[str, str], float]


def key(name: str, labels: Mapping[str, str]) -> str:
    """How a sample is called among the totals: ``runs_total?outcome=completed``."""
    shown = "&".join(f"{quote(label)}={quote(labels[label])}" for label in sorted(labels))
    return f"{name}?{shown}" if shown else name


def _parsed(key: str) -> tuple[str, dict[str, str]]:
    name, _, shown = key.partition("?")
    pairs = (pair.split("=", 1) for pair in shown.split("&") if pair)
    return name, {unquote(label): unquote(value) for label, value in pairs}


class FilesureCollector(Collector):
    """Everything that is read from MongoDB. Its cost does not depend on how much has been."""

    def __init__(self, application: Callable[[], Application], *, version: str, revision: str, site_url: str) -> None:
        self._application = application
        self._build = {"version": version, "revision": revision}
        self._site = {"url": site_url}

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: registering must not read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """One look. With MongoDB away only that is told."""
        began = time.monotonic()
        try:
            metrics = self._read(self._application())
        except FilesureError:
            metrics = []
        yield from metrics
        yield _metric("collector_success", [("", {}, float(bool(metrics)))])
        yield _metric("collector_duration_seconds", [("", {}, time.monotonic() - began)])
        yield _metric("build_info", [("", self._build, 1.0)])
        yield _metric("site_info", [("", self._site, 1.0)])

    def _read(self, app: Application) -> list[Metric]:
        with app.within(SCRAPE_SECONDS):
            deadline = time.monotonic() + FOLD_SECONDS
            while app.ledger.fold() and time.monotonic() < deadline:
                pass
            totals, counted = app.ledger.totals(), app.totals.read()
            return [*_of_jobs(totals), *_of_workers(counted), *_of_queue(app)]


def _of_jobs(totals: Mapping[str, int]) -> Iterator[Metric]:
    states = [str(status) for status in JobStatus]
    yield _by_state("jobs", states, totals)
    yield _by_state("documents", [str(status) for status in DocumentStatus], totals)
    for family in CATALOGUE:
        if family.origin is Origin.JOBS and family.kind is Kind.COUNTER:
            yield _metric(family.name, [("", {}, totals.get(family.name.removesuffix("_total"), 0))])


def _by_state(name: str, states: Iterable[str], totals: Mapping[str, int]) -> Metric:
    return _metric(name, [("", {"state": state}, totals.get(f"{name}_by_{state}", 0)) for state in states])


def _of_workers(totals: Mapping[str, float]) -> Iterator[Metric]:
    """The sums of what all workers counted; from the start 0 for what may be counted."""
    samples: dict[str, float] = {**_zeros(), **totals}
    for family in (family for family in CATALOGUE if family.origin is Origin.WORKERS):
        names = {family.name + suffix: suffix for suffix, _ in _series(family)}
        found = [(*_parsed(each), value) for each, value in samples.items()]
        own = [(names[name], labels, value) for name, labels, value in found if name in names]
        yield _metric(family.name, sorted(own, key=_place))


def _place(sample: Sample) -> tuple[object, ...]:
    """Series by series, and a histogram's buckets in order, as its readers expect."""
    suffix, labels, _ = sample
    series = sorted((label, value) for label, value in labels.items() if label != "le")
    return series, suffix, float(labels.get("le", 0))


def _zeros() -> dict[str, float]:
    families = [each for each in CATALOGUE if each.origin is Origin.WORKERS]
    return {
        key(each.name + suffix, {**dict(zip(each.labels, values, strict=True)), **extra}): 0.0
        for each in families for values in (each.known if each.labels else [()]) for suffix, extra in _series(each)
    }  # fmt: skip


def _text(bound: float) -> str:
    return str(floatToGoString(bound))  # type: ignore[no-untyped-call]


def _series(family: Family) -> list[tuple[str, dict[str, str]]]:
    if family.kind is not Kind.HISTOGRAM:
        return [("", {})]
    bounds = [{"le": _text(bound)} for bound in (*family.buckets, float("inf"))]
    return [*(("_bucket", bound) for bound in bounds), ("_count", {}), ("_sum", {})]


def _of_queue(app: Application) -> Iterator[Metric]:
    now, oldest = app.clock(), app.catalogue.oldest_due()
    held = app.catalogue.running(COUNTED_LEASES)
    waits = (now - oldest).total_seconds() if oldest else 0.0
    expired = sum(1 for job in held if job.lease_expires_at and job.lease_expires_at <= now)
    yield _metric("jobs_due", [("", {}, app.jobs.count_due(COUNTED_DUE))])
    yield _metric("oldest_due_job_age_seconds", [("", {}, waits)])
    yield _metric("leases", [("", {"age": age}, number) for age, number in _ages(held, now).items()])
    yield _metric("leases_expired", [("", {}, expired)])
    yield _metric("workers_maximum", [("", {}, app.configuration.max_workers)])


def _ages(held: Iterable[Job], now: datetime) -> dict[str, int]:
    ages = {name: 0 for name, _ in LEASE_AGES}
    for job in held:
        seconds = (now - job.locked_at).total_seconds() if job.locked_at else 0.0
        ages[next(name for name, bound in LEASE_AGES if seconds < bound)] += 1
    return ages


def _metric(name: str, samples: Iterable[Sample]) -> Metric:
    """A family with its samples; their names are given as what follows the family's."""
    family = next(each for each in CATALOGUE if each.name == name)
    metric = Metric(PREFIX + name.removesuffix("_total"), family.about, family.kind)
    for suffix, labels, value in samples:
        metric.add_sample(PREFIX + name + suffix, dict(labels), value)
    return metric
