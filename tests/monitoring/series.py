"""All series that rules and dashboards may use, with their labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django_prometheus.middleware import Metrics
from prometheus_client import Counter, Histogram

from jobs.telemetry.metrics import CATALOGUE, Family, Kind, Origin
from tests.monitoring.committed import RECORDS
from tests.monitoring.promql import named

TARGET = frozenset({"namespace", "pod", "instance", "job"})
_OTHERS = {
    "up": frozenset[str](),
    "ALERTS": frozenset({"alertname", "alertstate", "severity", "component"}),
    # https://cert-manager.io/docs/devops-tips/prometheus-metrics/
    "certmanager_certificate_expiration_timestamp_seconds": frozenset({"name"}),
    # https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics
    "kube_cronjob_status_last_successful_time": frozenset({"cronjob"}),
    "kube_cronjob_spec_suspend": frozenset({"cronjob"}),
    "kube_job_status_failed": frozenset({"job_name"}),
    "kube_job_status_start_time": frozenset({"job_name"}),
    "kube_pod_status_phase": frozenset({"phase"}),
    "kube_pod_container_status_restarts_total": frozenset({"container"}),
    "kube_pod_container_status_terminated_reason": frozenset({"container", "reason"}),
    "kube_pod_container_status_last_terminated_reason": frozenset({"container", "reason"}),
    # k8s/base/monitoring/kube-state-metrics.yaml
    "kube_customresource_scaledjob_condition": frozenset({"name", "type"}),
    # From the kubelet and cAdvisor.
    "kubelet_volume_stats_available_bytes": frozenset({"persistentvolumeclaim"}),
    "kubelet_volume_stats_capacity_bytes": frozenset({"persistentvolumeclaim"}),
    "container_cpu_usage_seconds_total": frozenset({"container"}),
    "container_memory_working_set_bytes": frozenset({"container"}),
    # https://keda.sh/docs/2.20/integrations/prometheus/
    "keda_scaled_job_errors_total": frozenset({"scaledJob"}),
    "keda_scaler_metrics_value": frozenset({"scaler"}),
    "keda_scaler_metrics_latency_seconds": frozenset({"scaler"}),
    # https://github.com/percona/mongodb_exporter
    "mongodb_up": frozenset[str](),
    "mongodb_ss_connections": frozenset({"conn_type"}),
    "mongodb_ss_opcounters": frozenset({"legacy_op_type"}),
    "mongodb_ss_wt_cache_bytes_currently_in_the_cache": frozenset[str](),
    # From Prometheus and Alertmanager themselves.
    "prometheus_rule_evaluation_failures_total": frozenset({"rule_group"}),
    "prometheus_notifications_dropped_total": frozenset[str](),
    "alertmanager_notifications_failed_total": frozenset({"integration"}),
    # https://github.com/prometheus/blackbox_exporter
    "probe_ssl_earliest_cert_expiry": frozenset[str](),
}


def known() -> dict[str, frozenset[str]]:
    """Name to labels, including those of the target."""
    ours = {name: labels | TARGET for family in CATALOGUE for name, labels in exported(family)}
    others = {name: labels | TARGET for name, labels in _OTHERS.items()}
    return ours | others | _DjangoMetrics().series | dict(_recorded())


def merged() -> set[str]:
    """Series that all web replicas export alike; only totals.yaml may read them."""
    families = [family for family in CATALOGUE if family.origin is not Origin.PROCESS]
    return {name for family in families for name, _ in _parts(family.name, family)}


def exported(family: Family) -> Iterator[tuple[str, frozenset[str]]]:
    """The durable and live series of a family."""
    yield from _parts(family.name, family)
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
    """Records django-prometheus's metrics instead of registering them."""

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
