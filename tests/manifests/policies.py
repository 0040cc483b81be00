"""Rules for all manifests. A policy takes the objects of an overlay and returns problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from bson import json_util

from jobs.configuration.table import Configuration

Object = dict[str, Any]
Policy = Callable[[list[Object]], list[str]]

_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "ScaledJob": ("spec", "jobTargetRef", "template"),
}
_LABELS = {f"app.kubernetes.io/{name}" for name in ("name", "component", "part-of")}
_EXACT = {"strategy": "accurate", "pendingPodConditions": ["Initialized"]}


def label(thing: Object) -> str:
    """``Deployment/web``."""
    return f"{thing['kind']}/{thing['metadata']['name']}"


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Each pod template with the name of its owner."""
    for thing in objects:
        path = _TEMPLATES.get(thing["kind"])
        if path:
            template: Any = thing
            for key in path:
                template = template[key]
            yield label(thing), template


def containers(objects: list[Object]) -> Iterator[tuple[str, Object, Object]]:
    """Each container with its name, and its pod's spec."""
    for name, template in pods(objects):
        for container in template["spec"].get("initContainers", []) + template["spec"]["containers"]:
            yield f"{name} {container['name']}", container, template["spec"]


def restricted(objects: list[Object]) -> list[str]:
    """Pods meet the Pod Security Standard "restricted", with a read-only root and a numeric user."""
    problems = []
    for name, template in pods(objects):
        spec, context = template["spec"], template["spec"].get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not isinstance(context.get("runAsUser"), int):
            problems.append(f"{name} has no numeric user")
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            problems.append(f"{name} has no seccomp profile")
        if any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
            problems.append(f"{name} shares the host's namespaces")
        problems += [f"{name} mounts the host" for volume in spec.get("volumes", []) if "hostPath" in volume]
    for name, container, _ in containers(objects):
        own = container.get("securityContext", {})
        locked = (own.get("allowPrivilegeEscalation"), own.get("readOnlyRootFilesystem"), own.get("capabilities"))
        if locked != (False, True, {"drop": ["ALL"]}):
            problems.append(f"{name} is not locked down")
    return problems


def resources(objects: list[Object]) -> list[str]:
    """Containers have requests and a memory limit but no CPU limit, which would only slow them down."""
    problems = []
    for name, container, _ in containers(objects):
        asked = container.get("resources", {})
        if {"cpu", "memory"} - set(asked.get("requests", {})) or "memory" not in asked.get("limits", {}):
            problems.append(f"{name} lacks requests or a memory limit")
    return problems


def images(objects: list[Object]) -> list[str]:
    """Images have a full version or a digest; our own have any tag but latest."""
    found = ((name, container["image"]) for name, container, _ in containers(objects))
    return [
        f"{name}: {image}"
        for name, image in found
        if not re.search(r"(:v?\d+\.\d+\.\d+|@sha256:[0-9a-f]{64}|ghcr\.io/filesure/\w+:(?!latest$)[\w.-]+)$", image)
    ]


def probes(objects: list[Object]) -> list[str]:
    """Long-running containers have readiness and liveness probes."""
    return [
        f"{label(thing)} {container['name']} lacks {probe}"
        for thing in objects
        if thing["kind"] in ("Deployment", "StatefulSet")
        for container in thing["spec"]["template"]["spec"]["containers"]
        for probe in ("readinessProbe", "livenessProbe")
        if probe not in container
    ]


def labels(objects: list[Object]) -> list[str]:
    """Objects and pods have the recommended labels."""
    found = [(label(thing), thing["metadata"].get("labels", {})) for thing in objects]
    found += [(f"a pod of {name}", template["metadata"].get("labels", {})) for name, template in pods(objects)]
    ours = [(name, given) for name, given in found if not name.startswith(("ConfigMap/", "Secret/"))]
    return [f"{name} lacks {sorted(_LABELS - set(given))}" for name, given in ours if _LABELS - set(given)]


def selectors(objects: list[Object]) -> list[str]:
    """Services, budgets and controllers select existing pods and ports."""
    all_pods = [template for _, template in pods(objects)]
    problems = []
    for thing in objects:
        spec = thing.get("spec", {})
        wanted = spec.get("selector") or {}
        wanted = wanted.get("matchLabels", wanted)
        if thing["kind"] not in ("Service", "PodDisruptionBudget", "Deployment", "StatefulSet") or not wanted:
            continue
        chosen = [pod for pod in all_pods if wanted.items() <= pod["metadata"]["labels"].items()]
        if not chosen:
            problems.append(f"{label(thing)} selects nothing")
        ports = {port["name"] for pod in chosen for each in pod["spec"]["containers"] for port in each.get("ports", [])}
        if thing["kind"] == "Service":
            missing = {port.get("targetPort", port["port"]) for port in spec["ports"]} - ports
            problems += [f"{label(thing)}: no pod has the port {port}" for port in missing if isinstance(port, str)]
    return problems


def backends(objects: list[Object]) -> list[str]:
    """Routes use TLS and existing Services and ports; /metrics goes to a Service without pods; HTTP goes to HTTPS."""
    services = {thing["metadata"]["name"]: thing["spec"] for thing in objects if thing["kind"] == "Service"}
    (gateway,) = (thing["spec"] for thing in objects if thing["kind"] == "Gateway")
    tls = {each["name"]: each.get("hostname") for each in gateway["listeners"] if each["protocol"] == "HTTPS"}
    problems = []
    for thing in (thing for thing in objects if thing["kind"] == "HTTPRoute"):
        secure = all(tls.get(parent.get("sectionName")) in thing["spec"]["hostnames"] for parent in _parents(thing))
        to = {path: backend for rule in thing["spec"]["rules"] for path, backend in _backends(rule)}
        problems += [] if secure or not to else [f"{label(thing)} has no TLS"]
        for path, backend in to.items():
            ports = {port["port"] for port in services.get(backend["name"], {"ports": []})["ports"]}
            problems += [] if backend["port"] in ports else [f"{path} leads nowhere"]
        if to and "selector" in services.get(to.get("/metrics", to.get("/", {}))["name"], {}):
            problems.append(f"{label(thing)}: /metrics is public")
    return problems


def _parents(route: Object) -> list[Object]:
    return list(route["spec"]["parentRefs"])


def _backends(rule: Object) -> Iterator[tuple[str, Object]]:
    """Each path with its backend; redirects have none."""
    for match in rule.get("matches", []):
        yield from ((match["path"]["value"], backend) for backend in rule.get("backendRefs", []))


def network(objects: list[Object]) -> list[str]:
    """Traffic is denied by default, and every pod has a network policy."""
    policies = [thing["spec"] for thing in objects if thing["kind"] == "NetworkPolicy"]
    everything = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    problems = [] if everything in policies else ["no policy denies everything by default"]
    chosen = [spec["podSelector"]["matchLabels"] for spec in policies if "matchLabels" in spec["podSelector"]]
    for name, template in pods(objects):
        if not any(wanted.items() <= template["metadata"]["labels"].items() for wanted in chosen):
            problems.append(f"{name} has no network policy of its own")
    for thing in (thing for thing in objects if thing["kind"] == "NetworkPolicy"):
        if "http01-solver" in str(thing["spec"]["podSelector"]) or thing["metadata"]["name"] == "gateway":
            continue  # these two accept traffic from the internet
        rules = thing["spec"].get("ingress", [])
        if any(not rule.get("from") or {"namespaceSelector": {}} in rule["from"] for rule in rules):
            problems.append(f"{label(thing)} admits every namespace")
    return problems


def references(objects: list[Object]) -> list[str]:
    """ConfigMaps, Secrets, keys, claims, accounts and priorities that pods refer to exist."""
    there = {label(thing): thing for thing in objects}
    there |= {
        f"Secret/{thing['spec']['target']['name']}": made(thing)
        for thing in objects
        if thing["kind"] == "ExternalSecret"
    }
    problems = []
    for name, template in pods(objects):
        claims = {
            claim["metadata"]["name"]
            for thing in objects
            if label(thing) == name
            for claim in thing.get("spec", {}).get("volumeClaimTemplates", [])
        }
        for kind, wanted, key in _named(template["spec"]):
            found = there.get(f"{kind}/{wanted}")
            if found is None and wanted not in claims:
                problems.append(f"{name}: there is no {kind} {wanted}")
            elif key and found and key not in {**found.get("data", {}), **found.get("stringData", {})}:
                problems.append(f"{name}: {kind} {wanted} has no {key}")
    return problems


def made(external: Object) -> Object:
    """The Secret that an ExternalSecret creates, with unknown values."""
    return {"data": {each["secretKey"]: "" for each in external["spec"]["data"]}}


def _named(spec: Object) -> Iterator[tuple[str, str, str | None]]:
    """Kind, name and key of a pod's required references."""
    for field, kind in (("priorityClassName", "PriorityClass"), ("serviceAccountName", "ServiceAccount")):
        if field in spec:
            yield kind, spec[field], None
    for container in spec.get("initContainers", []) + spec["containers"]:
        yield from _read(container)
    for volume in spec.get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            yield from _mounted(source)


def _read(container: Object) -> Iterator[tuple[str, str, str | None]]:
    sources = [(each, "configMapRef", "secretRef") for each in container.get("envFrom", [])]
    sources += [(each.get("valueFrom", {}), "configMapKeyRef", "secretKeyRef") for each in container.get("env", [])]
    for source, *fields in sources:
        for field, kind in zip(fields, ("ConfigMap", "Secret"), strict=True):
            wanted = source.get(field)
            if wanted and not wanted.get("optional"):
                yield kind, wanted["name"], wanted.get("key")


def _mounted(volume: Object) -> Iterator[tuple[str, str, str | None]]:
    if "persistentVolumeClaim" in volume:
        yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], None
    for field, kind, name in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        wanted = volume.get(field)
        if wanted and not wanted.get("optional"):
            yield from ((kind, wanted.get(name, wanted.get("name")), item["key"]) for item in wanted.get("items", []))
            yield kind, wanted.get(name, wanted.get("name")), None


def tokens(objects: list[Object]) -> list[str]:
    """Only pods with permissions in the cluster mount a token."""
    bound = {
        subject["name"]
        for thing in objects
        if thing["kind"] in ("RoleBinding", "ClusterRoleBinding")
        for subject in thing["subjects"]
    }
    return [
        f"{name} mounts a token that it does not need"
        for name, template in pods(objects)
        if template["spec"].get("serviceAccountName") not in bound
        and template["spec"].get("automountServiceAccountToken") is not False
    ]


def scaled_jobs(objects: list[Object]) -> list[str]:
    """ScaledJobs meet KEDA's constraints: https://keda.sh/docs/2.20/reference/scaledjob-spec/."""
    found = [thing for thing in objects if thing["kind"] == "ScaledJob"]
    problems = [] if len(found) == 1 else [f"there are {len(found)} ScaledJobs"]
    for thing in found:
        spec, job = thing["spec"], thing["spec"]["jobTargetRef"]
        wanted = {
            "accurate by Initialized": spec.get("scalingStrategy") == _EXACT,
            "a gradual rollout": spec.get("rollout", {}).get("strategy") == "gradual",
            "history limits": {"successfulJobsHistoryLimit", "failedJobsHistoryLimit"} <= set(spec),
            "one try": job.get("backoffLimit") == 0 and job["template"]["spec"].get("restartPolicy") == "Never",
            "an end": {"activeDeadlineSeconds", "ttlSecondsAfterFinished"} <= set(job),
            "time for a run": job.get("activeDeadlineSeconds", 0) > Configuration.run_timeout_seconds,
            "time to stop": job["template"]["spec"].get("terminationGracePeriodSeconds", 30)
            > Configuration.stop_seconds + 4,
            "a trigger that KEDA understands": all(map(_is_known_trigger, spec["triggers"])),
        }
        problems += [f"{label(thing)} lacks {name}" for name, kept in wanted.items() if not kept]
    return problems


def _is_known_trigger(trigger: Object) -> bool:
    meta = trigger["metadata"]
    json_util.loads(meta["query"], json_options=json_util.CANONICAL_JSON_OPTIONS)
    relaxed_date = re.search(r'"\$date"\s*:\s*"', meta["query"])
    return bool(meta.get("dbName") and meta.get("collection") and trigger.get("authenticationRef")) and not relaxed_date


FORM: list[Policy] = [
    restricted,
    resources,
    images,
    probes,
    labels,
    selectors,
    backends,
    network,
    references,
    tokens,
    scaled_jobs,
]
