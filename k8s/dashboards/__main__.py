"""``make dashboards``: writes every file that this package generates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from .budget import budget
from .cluster import cluster
from .documents import documents
from .operations import operations
from .totals import totals
from .web import web

K8S = Path(__file__).resolve().parent.parent
MONITORING = K8S / "base/monitoring"
RULES = MONITORING / "rules"
OPERATOR_RULES = K8S / "components/prometheus-operator/prometheusrule.yaml"
DASHBOARDS = {"operations": operations, "documents": documents, "web": web, "budget": budget, "cluster": cluster}


def files() -> Mapping[Path, str]:
    """Path → content of all generated files."""
    boards = {MONITORING / f"grafana/dashboards/{name}.json": board() for name, board in DASHBOARDS.items()}
    return {RULES / "totals.yaml": totals(), **boards, OPERATOR_RULES: operator_rules()}


def operator_rules() -> str:
    """The rule files as the Prometheus operator's resource."""
    texts = [totals(), *((RULES / name).read_text() for name in ("recording.yaml", "alerts.yaml"))]
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": "filesure",
            "labels": {
                "app.kubernetes.io/name": "filesure",
                "app.kubernetes.io/component": "prometheus",
                "release": "kube-prometheus-stack",
            },
        },
        "spec": {"groups": [group for text in texts for group in yaml.safe_load(text)["groups"]]},
    }
    return "# Written by `make dashboards` from k8s/base/monitoring/rules.\n" + yaml.safe_dump(
        resource, sort_keys=False, width=120, allow_unicode=True
    )


def main() -> None:
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
