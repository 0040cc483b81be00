"""Components render on top of Azure's overlay, and do what they are for."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from tests.manifests.conftest import K8S, objects_of
from tests.manifests.policies import pods
from tests.manifests.test_overlays import POLICIES
from tests.processes import ROOT
from tests.servers.kustomize import rendered

COMPONENTS = sorted(path.name for path in (K8S / "components").iterdir())


@cache
def with_component(*names: str) -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        written = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": "filesure",
            "resources": [os.path.relpath(K8S / "overlays/azure", Path(folder).resolve())],
            "components": [os.path.relpath(K8S / "components" / name, Path(folder).resolve()) for name in names],
            "labels": [{"pairs": {"app.kubernetes.io/part-of": "filesure"}}],
        }
        Path(folder, "kustomization.yaml").write_text(yaml.safe_dump(written))
        return [each for each in yaml.load_all(rendered(Path(folder)), yaml.CSafeLoader) if each]


@pytest.mark.parametrize("name", COMPONENTS)
def test_policies_hold_with_every_component(name):
    skipped = {"backends"} if name == "ingress" else set()
    problems = {policy.__name__: policy(with_component(name)) for policy in POLICIES if policy.__name__ not in skipped}
    assert {name: found for name, found in problems.items() if found} == {}


def _worker_egress(objects: list[dict[str, Any]]) -> list[Any]:
    """Every rule that lets workers out, except those to DNS."""
    (labels,) = (pod["metadata"]["labels"] for name, pod in pods(objects) if name == "ScaledJob/worker")
    policies = [thing for thing in objects if thing["kind"] in ("NetworkPolicy", "CiliumNetworkPolicy")]
    rules = []
    for thing in policies:
        selector = thing["spec"].get("podSelector", thing["spec"].get("endpointSelector"))
        if selector.get("matchLabels", {}).items() <= labels.items():
            rules += thing["spec"].get("egress", [])
    return [rule for rule in rules if "53" not in str(rule)]


def test_workers_reach_named_hosts_only():
    assert not any("to" in rule for rule in _worker_egress(objects_of("azure")))
    rules = _worker_egress(with_component("egress-by-name"))
    assert rules
    assert all(rule.get("toFQDNs") and rule.get("toPorts") for rule in rules)
    hosts = [host for rule in rules for name in rule["toFQDNs"] for host in name.values()]
    (settings,) = (thing["data"] for thing in objects_of("azure") if "SITE_URL" in (thing.get("data") or {}))
    assert settings["AZURE_STORAGE_ACCOUNT_URL"].removeprefix("https://") in hosts
    assert "*" not in hosts


@pytest.mark.parametrize(
    ("component", "group", "kinds"),
    [
        ("prometheus-operator", "monitoring.coreos.com", {"PodMonitor", "ServiceMonitor", "PrometheusRule"}),
        ("azure-managed-prometheus", "azmonitoring.coreos.com", {"PodMonitor", "ServiceMonitor"}),
    ],
)
def test_monitors_are_found_by_their_operator(component, group, kinds):
    """kube-prometheus-stack selects by ``release``; Azure's agent reads its own group."""
    found = [thing for thing in with_component(component) if "monitoring.coreos.com" in thing["apiVersion"]]
    assert {thing["kind"] for thing in found} == kinds
    assert {thing["apiVersion"] for thing in found} == {f"{group}/v1"}
    assert {thing["metadata"]["labels"]["release"] for thing in found} == {"kube-prometheus-stack"}


def test_worker_finds_the_portals_mapping():
    objects = with_component("portal")
    (settings,) = (thing["data"] for thing in objects if "SITE_URL" in (thing.get("data") or {}))
    (mapping,) = (thing for thing in objects if thing["metadata"]["name"].startswith("portal-"))
    assert settings["SOURCE"] == "portal"
    folder, _, name = settings["PORTAL_MAPPING"].rpartition("/")
    assert mapping["data"] == {name: (ROOT / "worker/sources/portal/example.toml").read_text()}
    (pod,) = (pod["spec"] for name, pod in pods(objects) if name == "ScaledJob/worker")
    (volume,) = (each["name"] for each in pod["volumes"] if "configMap" in each)
    assert [each["configMap"]["name"] for each in pod["volumes"] if each["name"] == volume] == [
        mapping["metadata"]["name"]
    ]
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert [each["mountPath"] for each in container["volumeMounts"] if each["name"] == volume] == [folder]


def test_workers_reach_the_portal_by_name():
    rules = _worker_egress(with_component("egress-by-name", "portal", "portal-by-name"))
    assert all(rule.get("toFQDNs") and rule.get("toPorts") for rule in rules)
    hosts = [host for rule in rules for name in rule["toFQDNs"] for host in name.values()]
    mapping = tomllib.loads((K8S / "components/portal/portal.toml").read_text())
    assert mapping["portal"]["address"].removeprefix("https://") in hosts
