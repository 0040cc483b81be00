"""What every manifest keeps to, by what running it needs: settings that load, time to stop, room."""

from __future__ import annotations

from collections.abc import Iterator

from filesure_site.configuration import Configuration, load, settings_table
from filesure_site.gunicorn_conf import graceful_timeout
from jobs.domain.errors import ConfigurationError
from tests.manifests.policies import Object, Policy, containers, label, made, pods

_SETTINGS = dict(settings_table())
_NEEDED = {"MONGODB_URI", "BLOB_STORE"}
_NEEDED_BY_WEB = _NEEDED | {"SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "HTTPS_ONLY", "PROXIES"}
_ACCOUNT = {"AZURE_STORAGE_ACCOUNT_URL", "AZURE_STORAGE_CONNECTION_STRING"}
_UNITS = {"m": 0.001, "": 1, "Mi": 2**20, "Gi": 2**30}


def environment(objects: list[Object]) -> list[str]:
    """Our containers get settings that there are, all that they need, and all of them load."""
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
    """Only the site has it: workers read files from outside."""
    return [f"{name} knows SECRET_KEY" for name, container in _ours(objects)
            if not _serves(name) and "SECRET_KEY" in dict(_given(container, objects))]  # fmt: skip


def stop_times(objects: list[Object]) -> list[str]:
    """Who is asked to end has the time that it needs, by the settings that it is given."""
    found = {name: template["spec"] for name, template in pods(objects)}
    web = found["Deployment/web"]
    sleep = max(each.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
                for each in web["containers"])  # fmt: skip
    needed = {
        "Deployment/web": sleep + graceful_timeout,
        "ScaledJob/worker": _configuration("ScaledJob/worker worker", objects).stop_seconds + 4,
    }
    return [f"{name} needs more than {seconds:g} s to stop" for name, seconds in needed.items()
            if found[name].get("terminationGracePeriodSeconds", 30) <= seconds]  # fmt: skip


def most_workers(objects: list[Object]) -> list[str]:
    """What KEDA starts at most is what dashboards and alerts take for the most."""
    most = _configuration("Deployment/web web", objects).max_workers
    started = [thing["spec"]["maxReplicaCount"] for thing in objects if thing["kind"] == "ScaledJob"]
    return [f"KEDA starts {each}, and MAX_WORKERS is {most}" for each in started if each != most]


def room(objects: list[Object]) -> list[str]:
    """The quota has room for all pods at their most, with two to spare for a rollout."""
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
    """Variables with their values; of those that the cluster knows alone, the example of env.example."""
    data = {label(thing): thing.get("data", {}) for thing in objects if thing["kind"] == "ConfigMap"}
    data |= {label(thing): dict.fromkeys(thing["data"], "") for thing in objects if thing["kind"] == "Secret"}
    data |= {f"Secret/{thing['spec']['target']['name']}": made(thing)["data"] for thing in objects
             if thing["kind"] == "ExternalSecret"}  # fmt: skip
    for source in container.get("envFrom", []):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            values = data.get(f"{kind}/{source.get(field, {}).get('name')}", {})
            yield from ((name, value or _example(name)) for name, value in values.items())
    for variable in container.get("env", []):
        yield variable["name"], variable.get("value") or _example(variable["name"])


def _example(name: str) -> str:
    return str(_SETTINGS[name].metadata["example"]) if name in _SETTINGS else "?"


def _most(name: str, objects: list[Object]) -> int:
    """How many pods of it there are at most."""
    spec = next(thing["spec"] for thing in objects if label(thing) == name)
    return int(spec.get("maxReplicaCount", spec.get("replicas", 1)))


def _needs(spec: Object, kind: str, resource: str) -> float:
    """What the scheduler takes a pod for: all containers, or the largest init container."""

    def of(container: Object) -> float:
        return _number(container["resources"].get(kind, {}).get(resource, "0"))

    return max([sum(map(of, spec["containers"])), *map(of, spec.get("initContainers", []))])


def _number(quantity: str) -> float:
    digits = quantity.rstrip("mMGi")
    return float(digits) * _UNITS[quantity[len(digits) :]]


OPERATION: list[Policy] = [environment, the_key_of_sessions, stop_times, most_workers, room]
