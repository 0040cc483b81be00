"""Instruments that prometheus_client keeps."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from jobs.domain.metrics import CATALOGUE, Family, Kind, Origin

disable_created_metrics()  # type: ignore[no-untyped-call]  # half of all lines, and nobody asks


class PrometheusInstruments:
    """``jobs.domain.metrics.Instruments`` of one process; ``component`` is ``worker`` or ``web``."""

    def __init__(self, component: str, registry: CollectorRegistry) -> None:
        families = [each for each in CATALOGUE if each.origin is Origin.WORKERS and (each.web or component != "web")]
        self._counters = {
            each.name: Counter(each.live_name(component), each.about, each.labels, registry=registry)
            for each in families if each.kind is Kind.COUNTER
        }  # fmt: skip
        for each in families:
            for values in each.known:
                self._counters[each.name].labels(*values)
        self._histograms = {
            each.name: _histogram(each, component, registry) for each in families if each.kind is Kind.HISTOGRAM
        }

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """See the protocol."""
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """See the protocol."""
        histogram = self._histograms[name]
        (histogram.labels(**labels) if labels else histogram).observe(value)


def _histogram(family: Family, component: str, registry: CollectorRegistry) -> Histogram:
    name = family.live_name(component)
    return Histogram(name, family.about, family.labels, registry=registry, buckets=family.buckets)
