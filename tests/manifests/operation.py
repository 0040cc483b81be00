"""Rules for running manifests: settings that load, enough time to stop, enough quota."""

from __future__ import annotations

from collections.abc import Iterator

from filesure_site.accounts.__main__ import SYNC_SECONDS
from filesure_site.gunicorn_conf import graceful_timeout
from jobs.configuration.table import Configuration, load, settings_table
from jobs.domain.errors import ConfigurationError
from tests.manifests.isolation import mounted_value, secrets_of
from tests.manifests.policies import Object, Policy, containers, label, made, pods

_SETTINGS = dict(settings_table())
_NEEDED = {"MONGODB_URI", "BLOB_STORE"}
_NEEDED_BY_WEB = _NEEDED | {"SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "HTTPS_ONLY", "PROXIES"}
_ACCOUNT = {"AZURE_STORAGE_ACCOUNT_URL", "AZURE_STORAGE_CONNECTION_STRING"}
_UNITS = {"m": 0.001, "": 1, "Mi": 2**20, "Gi": 2**30}


def environment(objects: list[Object]) -> list[str]:
    """Our containers get only existing settings, all required ones, and valid values."""
    problems = []
    for name, container in _ours(objects):
        given = dict(_given(container, objects))
        needed = _NEEDED_BY_WEB if "/web:" in container["image"] and _serves(name) else _NEEDED
        known = {each for each in given if {each, each.removesuffix("_FILE")} & set(_SETTINGS)}
        problems += [f"{name}: there is no setting {each}" for each in given.keys() - known]
        problems += [f"{name} lacks {each}" for each in needed - given.keys()]
        problems += [] if given.keys() & _ACCOUNT else [f"{name} has no blob account"]
        try:
            problems += [f"{name} shows debug pages"] if load(given).debug else []
        except ConfigurationError as error:
            problems.append(f"{name}: {error}")
    return problems


def the_key_of_sessions(objects: list[Object]) -> list[str]:
    """Only the site gets the secret key, because workers read untrusted files."""
    return [
        f"{name} knows SECRET_KEY"
        for name, container in _ours(objects)
        if not _serves(name) and "SECRET_KEY" in _readable(name, container, objects)
    ]


def _readable(name: str, container: Object, objects: list[Object]) -> set[str]:
    """The container's variables, and all keys of the Secrets that it can read."""
    pod = next(pod for each, _, pod in containers(objects) if each == name)
    secrets = _secrets(objects)
    keys = {key for each in secrets_of(container, pod) for key in secrets.get(each, {})}
    return keys | set(dict(_given(container, objects)))


def mail(objects: list[Object]) -> list[str]:
    """The deliverer and the site reach mail servers, by the same rule, and read the password; our other pods do not."""
    found, labels = {}, {name: pod["metadata"]["labels"] for name, pod in pods(objects)}
    for name, container in _ours(objects):
        has_password = {"secretRef": {"name": "deliverer-secrets", "optional": True}} in container.get("envFrom", [])
        found[name] = (_mail_rules(labels[name.partition(" ")[0]], objects), has_password)
    senders = [found.pop("Deployment/deliverer deliverer"), found.pop("Deployment/web web")]
    problems = [] if senders[0] == senders[1] else ["the deliverer and the site send mail in different ways"]
    problems += [] if all(len(rules) == 1 and known for rules, known in senders) else ["mail cannot be sent"]
    return problems + [f"{name} can send mail" for name, (rules, known) in found.items() if rules or known]


def _mail_rules(labels: dict[str, str], objects: list[Object]) -> list[Object]:
    """What lets pods with these labels reach mail servers."""
    policies = (thing["spec"] for thing in objects if thing["kind"] == "NetworkPolicy")
    own = [each for each in policies if each["podSelector"].get("matchLabels", {}).items() <= labels.items()]
    return [rule for each in own for rule in each.get("egress", []) if {"port": 587} in rule.get("ports", [])]


def stop_times(objects: list[Object]) -> list[str]:
    """Every pod's grace period covers the time that its settings allow for stopping."""
    found = {name: template["spec"] for name, template in pods(objects)}
    needed = {
        "Deployment/web": graceful_timeout + 5 + SYNC_SECONDS,
        "ScaledJob/worker": _configuration("ScaledJob/worker worker", objects).stop_seconds + 4,
    }
    return [
        f"{name} needs more than {seconds:g} s to stop"
        for name, seconds in needed.items()
        if found[name].get("terminationGracePeriodSeconds", 30) <= seconds
    ]


def one_owner(objects: list[Object]) -> list[str]:
    """There is one web pod, which can move to any node without waiting for a volume or a dead node."""
    (web,) = (thing["spec"] for thing in objects if label(thing) == "Deployment/web")
    pod = web["template"]["spec"]
    gone = {each["key"]: each["tolerationSeconds"] for each in pod.get("tolerations", [])}
    kept = {
        "one replica": web["replicas"] == 1,
        "an owner's lease": pod["containers"][0].get("command") == ["python", "-m", "filesure_site.accounts"],
        "a replica's container": "ACCOUNTS_CONTAINER" in {each["name"] for each in pod["containers"][0].get("env", [])},
        "no volume": all("persistentVolumeClaim" not in each for each in pod["volumes"]),
        "no tie to a node": not pod.get("affinity"),
        "a successor at once": web["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 1},
        "a short wait for a dead node": gone.get("node.kubernetes.io/unreachable", 300) <= 30,
    }
    return [f"Deployment/web lacks {name}" for name, holds in kept.items() if not holds]


def runner(objects: list[Object]) -> list[str]:
    """In the overlay ci, all requests with five workers fit on a hosted runner next to KEDA and kind."""
    if not any(":ci" in container["image"] for _, container, _ in containers(objects)):
        return []
    most = {"ScaledJob/worker": 5}
    problems = []
    for resource, room_ in (("cpu", 4 - 0.95 - 0.3), ("memory", 16 * 2**30 - 3 * 2**30)):
        needed = sum(
            most.get(name, _most(name, objects)) * _needs(pod["spec"], "requests", resource)
            for name, pod in pods(objects)
        )
        problems += [f"{resource}: {needed:g} of {room_:g} on the runner"] if needed > room_ else []
    return problems


def most_workers(objects: list[Object]) -> list[str]:
    """KEDA's maximum equals the one in dashboards and alerts."""
    most = _configuration("Deployment/web web", objects).max_workers
    started = [thing["spec"]["maxReplicaCount"] for thing in objects if thing["kind"] == "ScaledJob"]
    return [f"KEDA starts {each}, and MAX_WORKERS is {most}" for each in started if each != most]


def room(objects: list[Object]) -> list[str]:
    """The quota has room for the maximum number of pods and two more for a rollout."""
    (quota,) = (thing["spec"]["hard"] for thing in objects if thing["kind"] == "ResourceQuota")
    problems = []
    for what in ("requests.cpu", "requests.memory", "limits.memory"):
        kind, resource = what.split(".")
        needed = sum(_most(name, objects) * _needs(pod["spec"], kind, resource) for name, pod in pods(objects))
        if needed > _number(quota[what]):
            problems.append(f"{what}: {needed / _number(quota[what]):.0%} of the quota")
    count = sum(_most(name, objects) for name, _ in pods(objects)) + 2
    return problems + ([f"pods: {count}"] if count > int(quota["pods"]) else [])


def _serves(name: str) -> bool:
    return name.startswith("Deployment/web ")


def _ours(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    for name, container, _ in containers(objects):
        if container["image"].startswith("ghcr.io/filesure/"):
            yield name, container


def _configuration(name: str, objects: list[Object]) -> Configuration:
    return load(dict(_given(dict(_ours(objects))[name], objects)))


def _given(container: Object, objects: list[Object]) -> Iterator[tuple[str, str]]:
    """Variables and values; for values known only in the cluster, the example from env.example."""
    secrets = _secrets(objects)
    data = {label(thing): thing.get("data", {}) for thing in objects if thing["kind"] == "ConfigMap"}
    data |= {f"Secret/{name}": values for name, values in secrets.items()}
    for source in container.get("envFrom", []):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            values = data.get(f"{kind}/{source.get(field, {}).get('name')}", {})
            yield from ((name, value or _example(name)) for name, value in values.items())
    pod = next((pod for _, each, pod in containers(objects) if each is container), {})
    for variable in container.get("env", []):
        name = variable["name"]
        if name.endswith("_FILE") and mounted_value(variable, container, pod, secrets):
            yield name.removesuffix("_FILE"), _example(name.removesuffix("_FILE"))
        else:
            yield name, variable.get("value") or _example(name)


def _secrets(objects: list[Object]) -> dict[str, dict[str, str]]:
    """The keys of each Secret, also of those that External Secrets makes, with empty values."""
    found = {
        thing["metadata"]["name"]: dict.fromkeys(thing["data"], "") for thing in objects if thing["kind"] == "Secret"
    }
    made_there = (thing for thing in objects if thing["kind"] == "ExternalSecret")
    return found | {thing["spec"]["target"]["name"]: made(thing)["data"] for thing in made_there}


def _example(name: str) -> str:
    return str(_SETTINGS[name].metadata["example"]) if name in _SETTINGS else "?"


def _most(name: str, objects: list[Object]) -> int:
    """A workload's maximum number of pods."""
    spec = next(thing["spec"] for thing in objects if label(thing) == name)
    return int(spec.get("maxReplicaCount", spec.get("replicas", 1)))


def _needs(spec: Object, kind: str, resource: str) -> float:
    """The resources that the scheduler reserves: all containers, or the largest init container."""

    def of(container: Object) -> float:
        return _number(container["resources"].get(kind, {}).get(resource, "0"))

    return max([sum(map(of, spec["containers"])), *map(of, spec.get("initContainers", []))])


def _number(quantity: str) -> float:
    digits = quantity.rstrip("mMGi")
    return float(digits) * _UNITS[quantity[len(digits) :]]


OPERATION: list[Policy] = [environment, the_key_of_sessions, mail, stop_times, one_owner, runner, most_workers, room]
