"""Every series that rules and dashboards may use, with its labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django_prometheus.middleware import Metrics
from prometheus_client import Counter, Histogram

from jobs.domain.metrics import CATALOGUE, Family, Kind, Origin
from tests.monitoring.committed import RECORDS
from tests.monitoring.promql import named

TARGET = frozenset({"namespace", "pod", "instance", "job"})
_OTHERS = {
    "up": frozenset[str](),
    "ALERTS": frozenset({"alertname", "alertstate", "severity", "component"}),
    # https://cert-manager.io/docs/devops-tips/prometheus-metrics/
    "certmanager_certificate_expiration_timestamp_seconds": frozenset({"name"}),
    # https://github.com/prometheus/blackbox_exporter
    "probe_ssl_earliest_cert_expiry": frozenset[str](),
}


def known() -> dict[str, frozenset[str]]:
    """Name to labels, those of the target included."""
    ours = {name: labels | TARGET for family in CATALOGUE for name, labels in exported(family)}
    others = {name: labels | TARGET for name, labels in _OTHERS.items()}
    return ours | others | _DjangoMetrics().series | dict(_recorded())


def merged() -> set[str]:
    """What every web replica exports alike: to be read in totals.yaml only."""
    families = [family for family in CATALOGUE if family.origin is not Origin.PROCESS]
    return {name for family in families for name, _ in _parts(family.full_name, family)}


def exported(family: Family) -> Iterator[tuple[str, frozenset[str]]]:
    """The series of a family, durable and live ones."""
    yield from _parts(family.full_name, family)
    if family.origin is Origin.WORKERS:
        yield from _parts(family.live_name("worker"), family)
    if family.web:
        yield from _parts(family.live_name("web"), family)


def _parts(name: str, family: Family) -> Iterator[tuple[str, frozenset[str]]]:
    labels = frozenset(family.labels)
    if family.kind is not Kind.HISTOGRAM:
        yield name, labels
        return
    yield f"{name}_bucket", labels | {"le"}
    yield from ((f"{name}_{part}", labels) for part in ("sum", "count"))


def _recorded() -> Iterator[tuple[str, frozenset[str]]]:
    for rule in RECORDS:
        yield rule["record"], frozenset(named(rule["expr"]).grouping | set(rule.get("labels", ())) | {"namespace"})


class _DjangoMetrics(Metrics):
    """django-prometheus's table of metrics, written down instead of registered."""

    def __init__(self) -> None:
        self.series: dict[str, frozenset[str]] = {}
        super().__init__()

    def register_metric(
        self, metric_cls: type[Any], name: str, documentation: str, labelnames: Any = (), **_: Any
    ) -> None:
        labels = TARGET | set(labelnames)
        if metric_cls is Counter:
            self.series[name.removesuffix("_total") + "_total"] = labels
        if metric_cls is Histogram:
            self.series |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
