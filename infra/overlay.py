"""Writes the overlay of one environment: what `azure` marks as "# yours", taken from the deployment's outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

OVERLAYS = Path(__file__).resolve().parent.parent / "k8s/overlays"
_CLIENT = "azure.workload.identity/client-id"
_ACCOUNTS = {"web": "web", "worker": "worker", "prepare": "worker", "backup": "backup", "secrets": "secrets"}


def write_overlay(stage: str, host: str, outputs: dict[str, Any], overlays: Path = OVERLAYS) -> str:
    """Returns the overlay's name. It contains no secret and belongs into the repository."""
    name = f"azure-{stage}"
    folder = overlays / name
    folder.mkdir(exist_ok=True)
    # JSON is valid YAML.
    text = json.dumps(kustomization(host, outputs), indent=2)
    (folder / "kustomization.yaml").write_text(f"# Written by infra/azure.py.\n{text}\n", encoding="utf-8")
    return name


def kustomization(host: str, outputs: dict[str, Any]) -> dict[str, Any]:
    settings = {
        "ALLOWED_HOSTS": host,
        "SITE_URL": f"https://{host}",
        "AZURE_STORAGE_ACCOUNT_URL": outputs["accountUrl"],
    }
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "filesure",
        "resources": ["../azure"],
        "configMapGenerator": [
            {"name": "settings", "behavior": "merge", "literals": [f"{key}={each}" for key, each in settings.items()]}
        ],
        "patches": [
            *(_account(name, outputs["clientIds"][of]) for name, of in _ACCOUNTS.items()),
            _replaced({"kind": "SecretStore"}, "/spec/provider/azurekv/tenantId", outputs["tenantId"]),
            _replaced({"kind": "SecretStore"}, "/spec/provider/azurekv/vaultUrl", outputs["vaultUrl"]),
            _replaced({"kind": "Gateway", "name": "web"}, "/spec/listeners/1/hostname", host),
            _replaced({"kind": "HTTPRoute"}, "/spec/hostnames/0", host),
        ],
    }


def _account(name: str, client: str) -> dict[str, Any]:
    path = f"/metadata/annotations/{_CLIENT.replace('/', '~1')}"
    return _replaced({"kind": "ServiceAccount", "name": name}, path, client)


def _replaced(target: dict[str, str], path: str, value: str) -> dict[str, Any]:
    return {"target": target, "patch": json.dumps([{"op": "replace", "path": path, "value": value}])}
