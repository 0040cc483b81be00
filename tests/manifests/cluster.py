"""Rules for manifests in a shared cluster: names, priorities and access."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from tests.manifests.isolation import secrets_of
from tests.manifests.policies import Object, Policy, containers, label, pods

_CLIENT, _USE = "azure.workload.identity/client-id", "azure.workload.identity/use"
_OTHERS = {"keda": 0}  # its chart sets no priority
_HOSTS = re.compile(r"(?:mongodb(?:\+srv)?://(?:[^@/\s]*@)?|BlobEndpoint=https?://)([\w.,:-]+)(?=[/?;\s]|$)")


def names_with_namespaces(objects: list[Object]) -> list[str]:
    """Host names include the namespace, since KEDA resolves them in its own, where ``mongodb-0.mongodb`` is unknown."""
    return [
        f"{where}: {host} has no namespace"
        for where, text in _texts(objects)
        for hosts in _HOSTS.findall(text)
        for host in hosts.split(",")
        if not _resolves_anywhere(host.split(":")[0])
    ]


def _texts(objects: list[Object]) -> Iterator[tuple[str, str]]:
    for thing in objects:
        for key, text in (thing.get("data") or {}).items():
            yield f"{label(thing)} {key}", base64.b64decode(text).decode() if thing["kind"] == "Secret" else text


def _resolves_anywhere(host: str) -> bool:
    """Whether it is like ``mongodb-0.mongodb.filesure.svc`` or a public host name."""
    return host.endswith((".svc", ".svc.cluster.local")) or bool(re.search(r"\.(com|net|example)$", host))


def replica_set_members(objects: list[Object]) -> list[str]:
    """Members have fully qualified names, because drivers in any namespace use them."""
    scripts = "".join(
        text for thing in objects if thing["kind"] == "ConfigMap" for text in (thing.get("data") or {}).values()
    )
    members = set(re.findall(r"mongodb-\d\.mongodb[\w.]*(?=:27017)", scripts))
    return [f"the member {name} has no namespace" for name in sorted(members) if not name.endswith(".filesure.svc")]


def priorities(objects: list[Object]) -> list[str]:
    """A burst of workers evicts no other pods: neither monitoring nor KEDA, whose pods have priority 0."""
    classes = {thing["metadata"]["name"]: thing for thing in objects if thing["kind"] == "PriorityClass"}
    worker = classes["filesure-worker"]
    problems = [] if worker.get("preemptionPolicy") == "Never" else ["workers evict others"]
    for name, template in pods(objects):
        chosen = classes.get(template["spec"].get("priorityClassName"), {"value": 0})
        works = name == "ScaledJob/worker"
        if works and chosen is not worker:
            problems.append(f"{name} does not have the workers' priority")
        if not works and chosen["value"] <= max(worker["value"], -1):
            problems.append(f"{name} is not above workers and pods without a priority")
        if name.startswith(("Deployment/", "StatefulSet/")) and chosen["value"] <= 0:
            problems.append(f"{name} is evicted before pods without a priority")
    return problems + ([] if worker["value"] < min(_OTHERS.values()) else ["workers are above KEDA"])


def database_users(objects: list[Object]) -> list[str]:
    """KEDA may only read, and only the Job ``prepare`` may change the schema, so each has its own Secret."""
    problems = []
    for name, container, pod in containers(objects):
        read = secrets_of(container, pod)
        prepares = any(each.startswith("prepare-secrets") for each in read)
        if prepares != (name == "Job/prepare migrate-documents"):
            problems.append(f"{name}: only the Job prepare may use the user that changes the schema")
        problems += [f"{name} has KEDA's user" for each in read if each.startswith("keda-secrets")]
    for thing in (thing for thing in objects if thing["kind"] == "TriggerAuthentication"):
        used = {each["name"] for each in thing["spec"]["secretTargetRef"]}
        problems += [f"KEDA uses {each}" for each in used if not each.startswith("keda-secrets")]
    return problems


def identities(objects: list[Object]) -> list[str]:
    """On Azure each component has its own identity, and no pod has the one that reads the Key Vault."""
    found = {
        thing["metadata"]["name"]: thing["metadata"].get("annotations", {}).get(_CLIENT)
        for thing in objects
        if thing["kind"] == "ServiceAccount"
    }
    ours = {name: found.get(name) for name in ("web", "worker", "backup")}
    problems = []
    if any(ours.values()) and len(set(ours.values())) < len(ours):
        problems.append("web, worker and backup share an identity")
    readers = {
        thing["spec"]["provider"]["azurekv"]["serviceAccountRef"]["name"]
        for thing in objects
        if thing["kind"] == "SecretStore"
    }
    used = {found.get(template["spec"].get("serviceAccountName", "")) for _, template in pods(objects)} - {None}
    for name, template in pods(objects):
        is_seen = template["metadata"]["labels"].get(_USE) == "true"
        if is_seen != bool(found.get(template["spec"].get("serviceAccountName", ""))):
            problems.append(f"{name}: its label and its account disagree about an identity")
    return problems + [f"pods can read the Key Vault as {name}" for name in readers if found.get(name) in used]


CLUSTER: list[Policy] = [names_with_namespaces, replica_set_members, priorities, database_users, identities]
