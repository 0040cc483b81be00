"""The manifests fit together, and pods meet Kubernetes's "restricted" standard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.committed import MONITORING, ROOT

KUSTOMIZATION: dict[str, Any] = yaml.safe_load((MONITORING / "kustomization.yaml").read_text())
RESOURCES = {path: yaml.safe_load((MONITORING / path).read_text()) for path in KUSTOMIZATION["resources"]}
DEPLOYMENTS = [each for each in RESOURCES.values() if each["kind"] == "Deployment"]
OPERATOR = ROOT / "k8s/components/prometheus-operator"


def test_files_are_used_and_named_by_kind() -> None:
    folders = ("alertmanager", "grafana", "kube-state-metrics", "prometheus")
    there = {str(path.relative_to(MONITORING)) for folder in folders for path in (MONITORING / folder).glob("*.yaml")}
    assert set(RESOURCES) == there
    assert all(Path(path).stem == resource["kind"].lower() for path, resource in RESOURCES.items())
    configured = {file for generator in KUSTOMIZATION["configMapGenerator"] for file in generator["files"]}
    others = {
        str(path.relative_to(MONITORING))
        for path in MONITORING.rglob("*.*")
        if path.suffix in {".yaml", ".json", ".sh"}
    }
    assert configured == others - there - {"kustomization.yaml"}


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: each["metadata"]["name"])
def test_pods_are_restricted(deployment: dict[str, Any]) -> None:
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert re.search(r":v?\d+\.\d+\.\d+$", container["image"])
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert container.keys() >= {"startupProbe", "readinessProbe", "livenessProbe"}
        declared = {port["name"] for port in container["ports"]}
        assert {
            container[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "readiness", "liveness")
        } <= declared


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: each["metadata"]["name"])
def test_mounted_volumes_exist(deployment: dict[str, Any]) -> None:
    pod = deployment["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {mount["name"] for container in _containers(pod) for mount in container["volumeMounts"]} == set(volumes)
    generated = {generator["name"] for generator in KUSTOMIZATION["configMapGenerator"]}
    sources = [source for volume in volumes.values() for source in volume.get("projected", {}).get("sources", [volume])]
    assert {source["configMap"]["name"] for source in sources if "configMap" in source} <= generated
    claims = {each["metadata"]["name"] for each in RESOURCES.values() if each["kind"] == "PersistentVolumeClaim"}
    mine = {each["persistentVolumeClaim"]["claimName"] for each in sources if "persistentVolumeClaim" in each}
    assert mine <= {deployment["metadata"]["name"]} & claims


def test_selectors_match_the_pods() -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in DEPLOYMENTS]
    assert [each["spec"]["selector"]["matchLabels"] for each in DEPLOYMENTS] == labels
    services = [each["spec"]["selector"] for each in RESOURCES.values() if each["kind"] == "Service"]
    policies = [
        each["spec"]["podSelector"]["matchLabels"] for each in RESOURCES.values() if each["kind"] == "NetworkPolicy"
    ]
    assert services == policies == labels


def test_operator_scrapes_the_same_pods() -> None:
    for name, kind, component, endpoints in (
        ("servicemonitor", "ServiceMonitor", "web", "endpoints"),
        ("podmonitor", "PodMonitor", "worker", "podMetricsEndpoints"),
    ):
        monitor = yaml.safe_load((OPERATOR / f"monitors/{name}.yaml").read_text())
        labels = {"app.kubernetes.io/name": "filesure", "app.kubernetes.io/component": component}
        assert monitor["kind"] == kind
        assert monitor["spec"]["selector"] == {"matchLabels": labels}
        relabelings = monitor["spec"][endpoints][0]["relabelings"]
        assert relabelings == [{"targetLabel": "job", "replacement": f"filesure-{component}"}]
