"""Stores the running version's manifests in the cluster, and deletes objects that a new version leaves out."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubectl import NAMESPACE, SERVER_SIDE, kubectl

_PACKED = "manifests.yaml.gz"  # in the Secret "deployed"
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KEPT = {"Namespace", "PersistentVolumeClaim", "StatefulSet"}  # these hold data and must be deleted by hand
_RECENT = {"ConfigMap", "Secret"}  # pods that started before the deploy may still read them
_GENERATED = re.compile(
    r".+-[2456789bcdfghkmt]{10}"
)  # kustomize's hash, since others create ConfigMaps and Secrets too


def objects(manifests: str) -> Iterator[tuple[str, str, str]]:
    """Kind, name and text of each object in the output of `kubectl kustomize`. Python's library cannot parse YAML."""
    for text in re.split(r"^---\n", manifests, flags=re.MULTILINE):
        kind = re.search(r"^kind: (\S+)$", text, re.MULTILINE)
        name = re.search(r"^metadata:\n(?: .*\n)*?  name: (\S+)$", text, re.MULTILINE)
        if kind and name:
            yield kind[1], name[1], text.strip("\n")


def applied_before(new: Path) -> str:
    """The running version's manifests; empty if there is none."""
    found = kubectl("get", "secret", "deployed", "-n", NAMESPACE, "--ignore-not-found", "-o", "json")
    if found:
        return gzip.decompress(base64.b64decode(json.loads(found)["data"][_PACKED])).decode()
    # After a client-side apply by hand, kubectl has stored the manifest in each object's annotations.
    found = json.loads(kubectl("get", "-f", str(new), "--ignore-not-found", "-o", "json") or "{}")
    items = found.get("items", [found] if found else [])
    applied = [item["metadata"].get("annotations", {}).get(_APPLIED) for item in items]
    return "---\n".join(_as_yaml(json.loads(each)) for each in applied if each)


def _as_yaml(thing: dict[str, Any]) -> str:
    """JSON is valid YAML. Kind and name are on lines of their own, where ``objects`` looks for them."""
    rest = "".join(f"{key}: {json.dumps(thing[key])}\n" for key in thing if key not in {"kind", "metadata"})
    given = thing["metadata"]
    metadata = "".join(f"  {key}: {given[key] if key == 'name' else json.dumps(given[key])}\n" for key in given)
    return f"kind: {thing['kind']}\nmetadata:\n{metadata}{rest}"


def remember(folder: Path, new: Path) -> None:
    """Store the version in the cluster, for a rollback from the next one."""
    packed = base64.b64encode(gzip.compress(new.read_bytes(), mtime=0)).decode()
    secret = folder / "deployed.json"
    secret.touch(mode=0o600)
    labels = {"app.kubernetes.io/name": "filesure", "app.kubernetes.io/component": "namespace"}
    metadata = {"name": "deployed", "namespace": NAMESPACE, "labels": labels}
    secret.write_text(
        json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {_PACKED: packed}})
    )
    kubectl("apply", *SERVER_SIDE, "-f", str(secret))


def prune(before: str, new: str) -> None:
    """Delete objects that this version no longer has. ConfigMaps and Secrets are kept for one more deploy."""
    there = {(kind, name) for kind, name, _ in objects(new)}
    gone = {(kind, name) for kind, name, _ in objects(before)} - there
    for kind, name in sorted(gone):
        if kind not in _KEPT | _RECENT:
            kubectl("delete", kind, name, "-n", NAMESPACE, "--ignore-not-found")
    lately = {name for _, name in gone}
    chosen = ("configmaps,secrets", "-n", NAMESPACE, "-l", "app.kubernetes.io/part-of=filesure")
    for each in json.loads(kubectl("get", *chosen, "-o", "json") or "{}").get("items", []):
        kind, name = each["kind"], each["metadata"]["name"]
        if _GENERATED.fullmatch(name) and (kind, name) not in there and name not in lately:
            kubectl("delete", kind, name, "-n", NAMESPACE, "--ignore-not-found")
