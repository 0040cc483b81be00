"""Instruments based on prometheus_client."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from jobs.telemetry.metrics import CATALOGUE, Family, Kind, Origin
from jobs.telemetry.series import series_key

disable_created_metrics()  # type: ignore[no-untyped-call]  # half of all lines, and never used


class PrometheusInstruments:
    """``jobs.telemetry.metrics.Instruments`` of one process; ``component`` is ``worker`` or ``web``."""

    def __init__(self, component: str, registry: CollectorRegistry) -> None:
        self._component = component
        self._families = {
            each.name: each for each in CATALOGUE if each.origin is Origin.WORKERS and (each.web or component != "web")
        }
        self._counters = {
            name: Counter(each.live_name(component), each.about, each.labels, registry=registry)
            for name, each in self._families.items()
            if each.kind is Kind.COUNTER
        }
        for name, counter in self._counters.items():
            for values in self._families[name].known:
                counter.labels(*values)
        self._histograms = {
            name: _histogram(each, component, registry)
            for name, each in self._families.items()
            if each.kind is Kind.HISTOGRAM
        }

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None:
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        histogram = self._histograms[name]
        (histogram.labels(**labels) if labels else histogram).observe(value)

    def counted(self) -> Mapping[str, float]:
        """The current value of every series, by its key in the totals."""
        return {
            series_key(
                name + sample.name.removeprefix(self._families[name].live_name(self._component)), sample.labels
            ): sample.value
            for name, metric in [*self._counters.items(), *self._histograms.items()]
            for family in metric.collect()
            for sample in family.samples
        }


def _histogram(family: Family, component: str, registry: CollectorRegistry) -> Histogram:
    name = family.live_name(component)
    return Histogram(name, family.about, family.labels, registry=registry, buckets=family.buckets)
