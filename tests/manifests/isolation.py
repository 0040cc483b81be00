"""Rules for workers, which read untrusted files: how their secrets reach them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.manifests.policies import Object, Policy, containers

_WORKER = "ScaledJob/worker "


def mounted_secrets(container: Object, pod: Object) -> Iterator[tuple[str, str]]:
    """Folder and Secret of each mount."""
    volumes = {each["name"]: each["secret"] for each in pod.get("volumes", []) if "secret" in each}
    for mount in container.get("volumeMounts", []):
        if mount["name"] in volumes:
            yield mount["mountPath"], volumes[mount["name"]]["secretName"]


def secrets_of(container: Object, pod: Object) -> set[str]:
    """Names of all Secrets that a container can read."""
    return _in_environment(container) | {name for _, name in mounted_secrets(container, pod)}


def _in_environment(container: Object) -> set[str]:
    names = {source["secretRef"]["name"] for source in container.get("envFrom", []) if "secretRef" in source}
    for variable in container.get("env", []):
        names |= {variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name")} - {None}
    return names


def mounted_value(variable: Object, container: Object, pod: Object, secrets: dict[str, Object]) -> bool:
    """Whether ``NAME_FILE`` names a key of a mounted Secret."""
    path = PurePosixPath(variable.get("value", ""))
    return any(
        str(path.parent) == folder and path.name in secrets.get(name, {})
        for folder, name in mounted_secrets(container, pod)
    )


def secrets_as_files(objects: list[Object]) -> list[str]:
    """Workers get secrets as read-only files, never in the environment, which stays readable in /proc."""
    problems = []
    for name, container, pod in containers(objects):
        if not name.startswith(_WORKER):
            continue
        problems += [f"{name} has {each} in its environment" for each in _in_environment(container)]
        problems += [f"{name} can write {each}" for each in _writable(container, pod)]
        modes = [each["secret"].get("defaultMode", 0o644) for each in pod["volumes"] if "secret" in each]
        problems += [f"{name}: others can read its secrets" for mode in modes if mode & 0o337]
    return problems


def _writable(container: Object, pod: Object) -> list[str]:
    folders = dict(mounted_secrets(container, pod))
    return [
        each["mountPath"]
        for each in container["volumeMounts"]
        if each["mountPath"] in folders and not each.get("readOnly")
    ]


ISOLATION: list[Policy] = [secrets_as_files]
