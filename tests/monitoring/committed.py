"""The committed files for Prometheus and Grafana."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "k8s/base/monitoring"
RULE_FILES = sorted((MONITORING / "rules").glob("*.yaml"))
UNIT_TESTS = sorted(Path(__file__).parent.glob("*.yaml"))
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted(MONITORING.glob("grafana/dashboards/*.json"))}
# The dashboards that need no cluster.
LOCAL_DASHBOARDS = {name: board for name, board in DASHBOARDS.items() if name != "cluster"}

RULES: list[dict[str, Any]] = [
    rule for path in RULE_FILES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDS = [rule for rule in RULES if "record" in rule]


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels without the row headings."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def dashboard_expressions() -> Iterator[str]:
    """All expressions of the dashboards, with variables filled in."""
    for dashboard in DASHBOARDS.values():
        asked = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
        asked += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
        for expression in asked:
            yield expression.replace("$namespace", ".*").replace("$window", "15m").replace("$__range", "6h")
