"""The pods that Prometheus finds. Debian builds it without Kubernetes discovery, so pods are static targets here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.committed import MONITORING
from tests.servers.promtool import Promtool

PORTS = {"web": "5001", "worker": "9100"}


def _configuration() -> dict[str, Any]:
    configuration: dict[str, Any] = yaml.safe_load((MONITORING / "prometheus.yaml").read_text())
    return configuration


def _pod(name: str, port: str, **changes: str) -> dict[str, Any]:
    """One port of one container, as Kubernetes discovery describes it."""
    meta = {
        "pod_name": name,
        "namespace": "filesure",
        "pod_ip": "10.0.0.7",
        "pod_phase": "Running",
        "pod_container_init": "false",
        "pod_annotation_prometheus_io_scrape": "true",
        "pod_annotation_prometheus_io_port": port,
        "pod_annotation_prometheus_io_path": "/metrics",
    } | changes
    labels = {f"__meta_kubernetes_{key}": value for key, value in meta.items()}
    return {"targets": [f"10.0.0.7:{changes.get('seen_at', port)}"], "labels": labels}


@pytest.mark.parametrize("component", PORTS)
def test_pods_are_discovered_in_prometheus_own_namespace(component: str) -> None:
    job = next(each for each in _configuration()["scrape_configs"] if each["job_name"] == f"filesure-{component}")
    label = f"app.kubernetes.io/name=filesure,app.kubernetes.io/component={component}"
    selectors = [{"role": "pod", "label": label}]
    found = {"role": "pod", "namespaces": {"own_namespace": True}, "selectors": selectors}
    assert job["kubernetes_sd_configs"] == [found]


def test_promtool_accepts_the_remaining_configuration(promtool: Promtool, tmp_path: Path) -> None:
    configuration = _configuration()
    for job in configuration["scrape_configs"]:
        job.pop("kubernetes_sd_configs", None)
        job.pop("bearer_token_file", None)  # only a pod has it
    configuration["rule_files"] = [str(MONITORING / name) for name in configuration["rule_files"]]
    path = tmp_path / "prometheus.yaml"
    path.write_text(yaml.safe_dump(configuration))
    assert not promtool.complaint("check", "config", path)


@pytest.mark.parametrize(("component", "port"), PORTS.items())
def test_only_running_pods_become_targets(promtool: Promtool, tmp_path: Path, component: str, port: str) -> None:
    job = next(each for each in _configuration()["scrape_configs"] if each["job_name"] == f"filesure-{component}")
    del job["kubernetes_sd_configs"]
    job["static_configs"] = [
        _pod("runs", port),
        _pod("runs", port, seen_at="8080"),
        _pod("finished", port, pod_phase="Succeeded"),
        _pod("starts", port, pod_container_init="true"),
        _pod("silent", port, pod_annotation_prometheus_io_scrape="false"),
    ]
    path = tmp_path / "prometheus.yaml"
    path.write_text(yaml.safe_dump({"scrape_configs": [job]}))
    answer = json.loads(promtool.output("check", "service-discovery", "--timeout=1s", path, job["job_name"]))
    targets = [each["labels"] for each in answer if each.get("labels")]
    shown = [{key: value for key, value in each.items() if not key.startswith("__scrape_")} for each in targets]
    wanted = {
        "__address__": f"10.0.0.7:{port}",
        "__metrics_path__": "/metrics",
        "__scheme__": "http",
        "instance": f"10.0.0.7:{port}",
        "job": job["job_name"],
        "namespace": "filesure",
        "pod": "runs",
    }
    # Prometheus merges equal targets.
    assert {json.dumps(each, sort_keys=True) for each in shown} == {json.dumps(wanted, sort_keys=True)}
