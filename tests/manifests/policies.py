"""What every manifest keeps to, by its form. A policy takes all objects of an overlay and tells its problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from bson import json_util

from filesure_site.configuration import Configuration

Object = dict[str, Any]
Policy = Callable[[list[Object]], list[str]]

_TEMPLATES = {
    "Deployment": ("spec", "template"), "StatefulSet": ("spec", "template"), "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"), "ScaledJob": ("spec", "jobTargetRef", "template"),
}  # fmt: skip
_LABELS = {f"app.kubernetes.io/{name}" for name in ("name", "component", "part-of")}
_EXACT = {"strategy": "accurate", "pendingPodConditions": ["Ready"]}


def label(thing: Object) -> str:
    """``Deployment/web``."""
    return f"{thing['kind']}/{thing['metadata']['name']}"


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Each pod template with the name of what has it."""
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
    """Pod Security Standard "restricted", with a read-only root and a user by number."""
    problems = []
    for name, template in pods(objects):
        spec, context = template["spec"], template["spec"].get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not isinstance(context.get("runAsUser"), int):
            problems.append(f"{name} does not say by number who it is")
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
    """Requests for the scheduler, a limit for memory; no limit for CPU, which only slows down."""
    problems = []
    for name, container, _ in containers(objects):
        asked = container.get("resources", {})
        if {"cpu", "memory"} - set(asked.get("requests", {})) or "memory" not in asked.get("limits", {}):
            problems.append(f"{name} asks for no resources, or without limit")
    return problems


def images(objects: list[Object]) -> list[str]:
    """A tag or a digest, and never latest."""
    found = ((name, container["image"]) for name, container, _ in containers(objects))
    return [f"{name}: {image}" for name, image in found
            if not re.search(r"(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$", image)]  # fmt: skip


def probes(objects: list[Object]) -> list[str]:
    """What runs for long says when it can serve and when it hangs."""
    return [
        f"{label(thing)} {container['name']} lacks {probe}"
        for thing in objects if thing["kind"] in ("Deployment", "StatefulSet")
        for container in thing["spec"]["template"]["spec"]["containers"]
        for probe in ("readinessProbe", "livenessProbe") if probe not in container
    ]  # fmt: skip


def labels(objects: list[Object]) -> list[str]:
    """The recommended labels, on objects and pods."""
    found = [(label(thing), thing["metadata"].get("labels", {})) for thing in objects]
    found += [(f"a pod of {name}", template["metadata"].get("labels", {})) for name, template in pods(objects)]
    ours = [(name, given) for name, given in found if not name.startswith(("ConfigMap/", "Secret/"))]
    return [f"{name} lacks {sorted(_LABELS - set(given))}" for name, given in ours if _LABELS - set(given)]


def selectors(objects: list[Object]) -> list[str]:
    """Services, budgets and controllers select pods that there are, and ports that these have."""
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
    """An Ingress leads to Services and ports that there are, by TLS, and /metrics to none with pods."""
    services = {thing["metadata"]["name"]: thing["spec"] for thing in objects if thing["kind"] == "Service"}
    problems = []
    for thing in (thing for thing in objects if thing["kind"] == "Ingress"):
        hosts = {host for each in thing["spec"].get("tls", []) for host in each["hosts"]}
        for rule in thing["spec"]["rules"]:
            problems += [] if rule["host"] in hosts else [f"{rule['host']} has no TLS"]
            paths = {path["path"]: path["backend"]["service"] for path in rule["http"]["paths"]}
            for path, to in paths.items():
                ports = {port["name"] for port in services.get(to["name"], {"ports": []})["ports"]}
                problems += [] if to["port"]["name"] in ports else [f"{path} leads nowhere"]
            if "selector" in services.get(paths.get("/metrics", paths["/"])["name"], {}):
                problems.append(f"{rule['host']}/metrics is public")
    return problems


def network(objects: list[Object]) -> list[str]:
    """Nothing is allowed that no policy allows, and every pod that needs something has a policy."""
    policies = [thing["spec"] for thing in objects if thing["kind"] == "NetworkPolicy"]
    everything = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    problems = [] if everything in policies else ["there is no policy that denies everything"]
    chosen = [spec["podSelector"]["matchLabels"] for spec in policies if "matchLabels" in spec["podSelector"]]
    for name, template in pods(objects):
        if not any(wanted.items() <= template["metadata"]["labels"].items() for wanted in chosen):
            problems.append(f"{name} has no network policy of its own")
    return problems


def references(objects: list[Object]) -> list[str]:
    """ConfigMaps, Secrets and their keys, claims, accounts and priorities that pods name are there."""
    there = {label(thing): thing for thing in objects}
    there |= {f"Secret/{thing['spec']['target']['name']}": made(thing) for thing in objects
              if thing["kind"] == "ExternalSecret"}  # fmt: skip
    problems = []
    for name, template in pods(objects):
        claims = {claim["metadata"]["name"] for thing in objects if label(thing) == name
                  for claim in thing.get("spec", {}).get("volumeClaimTemplates", [])}  # fmt: skip
        for kind, wanted, key in _named(template["spec"]):
            found = there.get(f"{kind}/{wanted}")
            if found is None and wanted not in claims:
                problems.append(f"{name}: there is no {kind} {wanted}")
            elif key and found and key not in {**found.get("data", {}), **found.get("stringData", {})}:
                problems.append(f"{name}: {kind} {wanted} has no {key}")
    return problems


def made(external: Object) -> Object:
    """The Secret that an ExternalSecret becomes, its values unknown."""
    return {"data": {each["secretKey"]: "" for each in external["spec"]["data"]}}


def _named(spec: Object) -> Iterator[tuple[str, str, str | None]]:
    """Kind, name and key of what a pod needs; what is optional it does not."""
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
    """Only who has rights in the cluster has a token for it."""
    bound = {subject["name"] for thing in objects if thing["kind"] in ("RoleBinding", "ClusterRoleBinding")
             for subject in thing["subjects"]}  # fmt: skip
    return [
        f"{name} has a token and no use for it" for name, template in pods(objects)
        if template["spec"].get("serviceAccountName") not in bound
        and template["spec"].get("automountServiceAccountToken") is not False
    ]  # fmt: skip


def scaled_jobs(objects: list[Object]) -> list[str]:
    """What was learned about KEDA: https://keda.sh/docs/2.20/reference/scaledjob-spec/."""
    found = [thing for thing in objects if thing["kind"] == "ScaledJob"]
    problems = [] if len(found) == 1 else [f"there are {len(found)} ScaledJobs"]
    for thing in found:
        spec, job = thing["spec"], thing["spec"]["jobTargetRef"]
        wanted = {
            "accurate by Ready": spec.get("scalingStrategy") == _EXACT,
            "a gradual rollout": spec.get("rollout", {}).get("strategy") == "gradual",
            "history limits": {"successfulJobsHistoryLimit", "failedJobsHistoryLimit"} <= set(spec),
            "one try": job.get("backoffLimit") == 0 and job["template"]["spec"].get("restartPolicy") == "Never",
            "an end": {"activeDeadlineSeconds", "ttlSecondsAfterFinished"} <= set(job),
            "time for a run": job.get("activeDeadlineSeconds", 0) > Configuration.run_timeout_seconds,
            "time to stop": job["template"]["spec"].get("terminationGracePeriodSeconds", 30)
            > Configuration.stop_seconds + 4,
            "a trigger that KEDA understands": all(map(_understood, spec["triggers"])),
        }
        problems += [f"{label(thing)} lacks {name}" for name, kept in wanted.items() if not kept]
    return problems


def _understood(trigger: Object) -> bool:
    meta = trigger["metadata"]
    json_util.loads(meta["query"], json_options=json_util.CANONICAL_JSON_OPTIONS)
    relaxed_date = re.search(r'"\$date"\s*:\s*"', meta["query"])
    return bool(meta.get("dbName") and meta.get("collection") and trigger.get("authenticationRef")) and not relaxed_date


FORM: list[Policy] = [
    restricted, resources, images, probes, labels, selectors, backends, network, references, tokens, scaled_jobs,
]  # fmt: skip
