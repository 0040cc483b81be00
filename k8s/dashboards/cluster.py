"""Cluster: pods, KEDA, volumes, and monitoring itself."""

from __future__ import annotations

from .frame import Row, rendered
from .panels import About, Level, Line, graph, numbers
from .queries import WINDOW, added, chosen

_FAILED = chosen("kube_job_status_failed", 'job_name=~"worker-.+"')
_STARTED = chosen("kube_job_status_start_time", 'job_name=~"worker-.+"')
_NIGHTLY = chosen("kube_cronjob_status_last_successful_time", 'cronjob=~"backup|prune"')
_READY = chosen("kube_customresource_scaledjob_condition", 'type="Ready"')
_MEMORY = chosen("container_memory_working_set_bytes", 'container!=""')
_KILLED = chosen("kube_pod_container_status_terminated_reason", 'reason="OOMKilled"')
_KILLED_BEFORE = chosen("kube_pod_container_status_last_terminated_reason", 'reason="OOMKilled"')
_SUSPENDED = chosen("kube_cronjob_spec_suspend")


def cluster() -> str:
    text = "Pods, KEDA, volumes and monitoring itself."
    return rendered("Filesure / Cluster", "filesure-cluster", text, (_NOW, _PODS, _KEDA, _MONGODB, _MONITORING))


def _rate(series: str, *matchers: str, by: str) -> str:
    return added(f"rate({chosen(series, *matchers)}[{WINDOW}])", by)


def _increase(series: str, by: str) -> str:
    return f"sum by ({by}) (increase({series}[{WINDOW}]))"


_NOW = Row(
    title="Now",
    panels=(
        numbers(
            About(
                title="Pods by phase",
                unit="short",
                width=12,
                text="Pods of this namespace; those of ended workers stay for ten minutes.",
            ),
            Line(expr=f"{added(chosen('kube_pod_status_phase'), 'phase')} > 0", legend="{{phase}}"),
        ),
        numbers(
            About(
                title="ScaledJob Ready",
                unit="short",
                width=4,
                text="Whether KEDA can count the due jobs.",
                levels=(Level(value=1, colour="green"),),
            ),
            Line(
                expr=f"min({_READY})",
                legend="ready",
            ),
            first="red",
        ),
        numbers(
            About(
                title="Since the last backup and prune",
                unit="s",
                width=8,
                text="Without suspended CronJobs.",
                levels=(Level(value=36 * 3600, colour="red"),),
            ),
            Line(
                expr=f"time() - max by (cronjob) ({_NIGHTLY} unless on (namespace, cronjob) {_SUSPENDED} == 1)",
                legend="{{cronjob}}",
            ),
        ),
    ),
)

_PODS = Row(
    title="Pods",
    panels=(
        graph(
            About(title="CPU by container", unit="short", text="Cores in use."),
            Line(
                expr=_rate("container_cpu_usage_seconds_total", 'container!=""', by="container"), legend="{{container}}"
            ),
            stacked=True,
        ),
        graph(
            About(title="Memory by container", unit="bytes", text="Working sets, the largest pod of each kind."),
            Line(
                expr=f"max by (container) ({_MEMORY})",
                legend="{{container}}",
            ),
        ),
        graph(
            About(
                title="Restarts and out-of-memory kills",
                logs="process[.].+|run[.].+",
                unit="short",
                text="Restarted containers over the window, and pods whose container was killed.",
            ),
            Line(
                expr=_increase(chosen("kube_pod_container_status_restarts_total"), "container"),
                legend="{{container}} restarted",
            ),
            Line(
                expr=f"count by (container) ({_KILLED} == 1)",
                legend="{{container}} killed",
            ),
            Line(
                expr=f"count by (container) ({_KILLED_BEFORE} == 1)",
                legend="{{container}} killed before its restart",
            ),
        ),
        graph(
            About(
                title="Pending pods", unit="short", text="Pods that wait for a node, an image or a volume, by owner."
            ),
            Line(
                expr=added(chosen("kube_pod_status_phase", 'phase="Pending"'), "pod") + " > 0",
                legend="{{pod}}",
            ),
            stacked=True,
        ),
        graph(
            About(
                title="Volumes in use",
                unit="percentunit",
                most=1,
                text="An alert reports a volume with less than 15 % free.",
                levels=(Level(value=0.85, colour="red"),),
            ),
            Line(
                expr="1 - max by (persistentvolumeclaim) "
                f"({chosen('kubelet_volume_stats_available_bytes')} / {chosen('kubelet_volume_stats_capacity_bytes')})",
                legend="{{persistentvolumeclaim}}",
            ),
        ),
    ),
)

_KEDA = Row(
    title="KEDA",
    panels=(
        graph(
            About(
                title="Errors of the ScaledJob",
                unit="short",
                width=12,
                text="Failed counts of due jobs by KEDA, over the window.",
            ),
            Line(expr=_increase(chosen("keda_scaled_job_errors_total"), "scaledJob"), legend="{{scaledJob}}"),
        ),
        graph(
            About(
                title="Due jobs as KEDA counts them",
                unit="short",
                width=12,
                text="The value of the scaler. It differs from the queue's own metric by one poll at most.",
            ),
            Line(expr=added(chosen("keda_scaler_metrics_value"), "scaler"), legend="{{scaler}}"),
        ),
        graph(
            About(
                title="Time that KEDA's count takes",
                unit="s",
                width=12,
                text="KEDA gives up after 10 s.",
                levels=(Level(value=10, colour="red"),),
            ),
            Line(expr=f"max by (scaler) ({chosen('keda_scaler_metrics_latency_seconds')})", legend="{{scaler}}"),
        ),
        graph(
            About(
                title="Workers that failed within ten minutes of their start",
                unit="short",
                width=12,
                text="Many at once are a wrong setting or a defect: pause KEDA.",
            ),
            Line(
                expr=f"count({_FAILED} > 0 and on (namespace, job_name) time() - {_STARTED} < 600)",
                legend="failed",
            ),
        ),
    ),
)

_MONGODB = Row(
    title="MongoDB itself (component mongodb-exporter)",
    panels=(
        graph(
            About(title="Connections", unit="short", text="Open connections, and those that MongoDB can still accept."),
            Line(expr=added(chosen("mongodb_ss_connections"), "conn_type"), legend="{{conn_type}}"),
        ),
        graph(
            About(title="Operations by kind", unit="ops", text="Operations per second of all clients."),
            Line(expr=_rate("mongodb_ss_opcounters", by="legacy_op_type"), legend="{{legacy_op_type}}"),
            stacked=True,
        ),
        graph(
            About(title="Cache in use", unit="bytes", text="WiredTiger's cache; at its maximum, reads wait for disks."),
            Line(expr=f"max({chosen('mongodb_ss_wt_cache_bytes_currently_in_the_cache')})", legend="in use"),
        ),
    ),
)

_MONITORING = Row(
    title="Monitoring",
    panels=(
        graph(
            About(
                title="Rules that cannot be evaluated",
                unit="short",
                width=12,
                text="Failed evaluations over the window.",
            ),
            Line(expr=_increase("prometheus_rule_evaluation_failures_total", "rule_group"), legend="{{rule_group}}"),
        ),
        graph(
            About(title="Notifications that failed", unit="short", width=12, text="Over the window, by receiver."),
            Line(expr=_increase("alertmanager_notifications_failed_total", "integration"), legend="{{integration}}"),
            Line(expr=f"sum(increase(prometheus_notifications_dropped_total[{WINDOW}]))", legend="dropped"),
        ),
    ),
)
