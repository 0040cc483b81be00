"""What overlays render to is valid, keeps to the policies, and each policy notices what breaks it."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.manifests.conftest import K8S, objects_of
from tests.manifests.operation import OPERATION
from tests.manifests.policies import FORM, Object, Policy, containers, pods
from tests.servers.kustomize import rendered

POLICIES = FORM + OPERATION
CRDS = K8S.parents[1] / "shared" / "keda-crds"
NEWEST = kubernetes_validate.latest_version()
# Kinds of others, whose schemas we do not have.
FOREIGN = {"ExternalSecret", "SecretStore"}
KEDA = {"ScaledJob", "TriggerAuthentication"}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_every_overlay_keeps_to_the_policy(objects: list[Object], policy: Policy) -> None:
    assert policy(objects) == []


def test_kubernetes_takes_every_object(objects: list[Object]) -> None:
    ours = [thing for thing in objects if thing["kind"] not in FOREIGN | KEDA]
    assert len(ours) > 30
    for thing in ours:
        kubernetes_validate.validate(thing, NEWEST, strict=True)


def test_keda_takes_its_objects(objects: list[Object]) -> None:
    if not CRDS.is_dir():
        pytest.skip("KEDA's CRDs are not beside this checkout, in ../shared/keda-crds")
    schemas = {}
    for path in CRDS.glob("*.yaml"):
        crd = yaml.safe_load(path.read_text())
        schemas[crd["spec"]["names"]["kind"]] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    found = [thing for thing in objects if thing["kind"] in KEDA]
    assert {thing["kind"] for thing in found} == KEDA
    for thing in found:
        jsonschema.validate(thing, schemas[thing["kind"]])


def test_no_secret_is_in_the_repository() -> None:
    for path in K8S.rglob("*.yaml"):
        for thing in yaml.safe_load_all(path.read_text()):
            assert not isinstance(thing, dict) or thing.get("kind") != "Secret", path
    ignored = (K8S.parent / ".gitignore").read_text().split()
    assert "k8s/overlays/*/*.env" in ignored


def test_the_id_comes_by_the_file_in_both_ways(objects: list[Object]) -> None:
    (worker,) = (pod["spec"] for name, pod in pods(objects) if name == "ScaledJob/worker")
    (claim,), (run,) = worker["initContainers"], worker["containers"]
    variables = {each["name"]: each for each in run["env"]}
    assert variables["WORKER_ID"] == {each["name"]: each for each in claim["env"]}["WORKER_ID"]
    assert variables["JOB_FILE"]["value"] == "/claim/job.env"
    if "JOB_ID" in variables:
        file = variables["JOB_ID"]["valueFrom"]["fileKeyRef"]
        assert (file["volumeName"], file["path"], file["key"], file["optional"]) == ("claim", "job.env", "JOB_ID", True)
        assert run["command"] == ["python", "manage.py", "process_job"]
    else:
        assert ". /claim/job.env && exec python manage.py process_job" in run["command"][-1]


def test_who_changes_the_lines_marked_yours_leaves_nothing_of_the_example(tmp_path: Path) -> None:
    shutil.copytree(K8S, tmp_path / "k8s")
    for path in (tmp_path / "k8s/overlays/azure").glob("*.yaml"):
        lines = path.read_text().splitlines()
        mine = [line.replace("example.com", "test") if line.endswith("# yours") else line for line in lines]
        path.write_text("\n".join(mine) + "\n")
    changed = list(yaml.safe_load_all(rendered(tmp_path / "k8s/overlays/azure")))
    assert "example.com" not in str(changed)
    ingress = _first(changed, "Ingress/web")["spec"]
    assert ingress["rules"][0]["host"] == ingress["tls"][0]["hosts"][0] == "filesure.test"
    (settings,) = (thing["data"] for thing in changed if "SITE_URL" in (thing.get("data") or {}))
    assert settings["SITE_URL"] == f"https://{settings['ALLOWED_HOSTS']}" == "https://filesure.test"


def test_external_secrets_knows_the_tenant_where_it_logs_in_as_an_account_of_ours() -> None:
    """Or it says "missing tenantID in store config": its own pods are not in the webhook's hands."""
    (vault,) = (thing["spec"]["provider"]["azurekv"] for thing in objects_of("azure") if thing["kind"] == "SecretStore")
    assert "serviceAccountRef" in vault
    assert "tenantId" in vault


@pytest.mark.parametrize("port", [27015, 27017, 10260], ids=["Atlas's mongos", "MongoDB", "Cosmos DB vCore"])
def test_ours_reach_mongodb_at_the_port_that_it_has_there(port: int) -> None:
    objects = objects_of("azure")
    ours = {name: pod["metadata"]["labels"] for name, pod in pods(objects) if _is_ours(pod)}
    allowed = [thing["spec"] for thing in objects if thing["kind"] == "NetworkPolicy" and _lets_out(thing, port)]
    assert len(ours) == 5
    for name, labels in ours.items():
        assert any(spec["podSelector"]["matchLabels"].items() <= labels.items() for spec in allowed), name


def _is_ours(pod: Object) -> bool:
    return any(each["image"].startswith("ghcr.io/filesure/") for each in pod["spec"]["containers"])


def _lets_out(policy: Object, port: int) -> bool:
    rules = [rule for rule in policy["spec"].get("egress", []) if "to" not in rule]
    ports = [each for rule in rules for each in rule["ports"] if isinstance(each["port"], int)]
    return any(each["port"] <= port <= each.get("endPort", each["port"]) for each in ports)


# --- each policy on something broken


def _first(objects: list[Object], name: str) -> Any:
    return next(thing for thing in objects if f"{thing['kind']}/{thing['metadata']['name']}" == name)


def _web(objects: list[Object]) -> Any:
    return next(each for name, each, _ in containers(objects) if name == "Deployment/web web")


def _pod(objects: list[Object], name: str = "Deployment/web") -> Any:
    return next(pod for each, pod in pods(objects) if each == name)


def _run(objects: list[Object]) -> Any:
    return next(each for name, each, _ in containers(objects) if name == "ScaledJob/worker worker")


def _web_secrets(objects: list[Object]) -> str:
    """With its hash; on Azure it has none."""
    return next(source["secretRef"]["name"] for source in _web(objects)["envFrom"]
                if source.get("secretRef", {}).get("name", "").startswith("web-secrets"))  # fmt: skip


def _scaled(objects: list[Object]) -> Any:
    return _first(objects, "ScaledJob/worker")["spec"]


BREAKS: list[tuple[str, Callable[[list[Object]], object]]] = [
    ("restricted", lambda all_: _pod(all_)["spec"]["securityContext"].pop("runAsUser")),
    ("restricted", lambda all_: _pod(all_)["spec"].update(hostNetwork=True)),
    ("restricted", lambda all_: _pod(all_)["spec"]["volumes"].append({"name": "x", "hostPath": {"path": "/"}})),
    ("restricted", lambda all_: _web(all_)["securityContext"].update(readOnlyRootFilesystem=False)),
    ("resources", lambda all_: _web(all_)["resources"]["limits"].pop("memory")),
    ("images", lambda all_: _web(all_).update(image="ghcr.io/filesure/web:latest")),
    ("images", lambda all_: _web(all_).update(image="ghcr.io/filesure/web")),
    ("probes", lambda all_: _web(all_).pop("livenessProbe")),
    ("labels", lambda all_: _pod(all_)["metadata"]["labels"].pop("app.kubernetes.io/part-of")),
    ("selectors", lambda all_: _first(all_, "Service/web")["spec"]["selector"].update({"app.kubernetes.io/name": "x"})),
    ("selectors", lambda all_: _first(all_, "Service/web")["spec"]["ports"][0].update(targetPort="other")),
    ("backends", lambda all_: _first(all_, "Ingress/web")["spec"]["rules"][0]["http"]["paths"].pop(0)),
    ("backends", lambda all_: _first(all_, "Ingress/web")["spec"].pop("tls")),
    ("backends", lambda all_: _first(all_, "Service/web")["spec"]["ports"][0].update(name="other")),
    ("network", lambda all_: all_.remove(_first(all_, "NetworkPolicy/deny"))),
    ("network", lambda all_: all_.remove(_first(all_, "NetworkPolicy/web"))),
    ("references", lambda all_: all_.remove(_first(all_, "PersistentVolumeClaim/web"))),
    ("references", lambda all_: all_.remove(_first(all_, "PriorityClass/filesure-web"))),
    ("references", lambda all_: _web(all_)["envFrom"].append({"secretRef": {"name": "nobody"}})),
    ("tokens", lambda all_: _pod(all_)["spec"].pop("automountServiceAccountToken")),
    ("environment", lambda all_: _web(all_).setdefault("env", []).append({"name": "MONGO_URL", "value": ""})),
    ("environment", lambda all_: _web(all_)["envFrom"].pop(0)),
    ("environment", lambda all_: _web(all_)["envFrom"].pop(2)),
    ("environment", lambda all_: _web(all_).setdefault("env", []).append({"name": "MAX_WORKERS", "value": "many"})),
    ("environment", lambda all_: _web(all_).setdefault("env", []).append({"name": "DEBUG", "value": "1"})),
    ("the_key_of_sessions", lambda all_: _run(all_)["envFrom"].append({"secretRef": {"name": _web_secrets(all_)}})),
    ("stop_times", lambda all_: _pod(all_)["spec"].update(terminationGracePeriodSeconds=25)),
    ("stop_times", lambda all_: _run(all_)["env"].append({"name": "STOP_SECONDS", "value": "60"})),
    ("most_workers", lambda all_: _scaled(all_).update(maxReplicaCount=21)),
    ("room", lambda all_: _scaled(all_).update(maxReplicaCount=200)),
    ("room", lambda all_: _first(all_, "ResourceQuota/filesure")["spec"]["hard"].update(pods="20")),
    ("scaled_jobs", lambda all_: _scaled(all_)["scalingStrategy"].update(strategy="eager")),
    ("scaled_jobs", lambda all_: _scaled(all_).pop("rollout")),
    ("scaled_jobs", lambda all_: _scaled(all_)["jobTargetRef"].update(backoffLimit=3)),
    ("scaled_jobs", lambda all_: _pod(all_, "ScaledJob/worker")["spec"].update(terminationGracePeriodSeconds=15)),
    ("scaled_jobs", lambda all_: _scaled(all_)["triggers"][0]["metadata"].pop("dbName")),
    ("scaled_jobs", lambda all_: _scaled(all_)["triggers"][0]["metadata"].update(
        query='{"runAfter": {"$lte": {"$date": "2026-01-01T00:00:00Z"}}}')),
]  # fmt: skip


@pytest.mark.parametrize(("name", "spoil"), BREAKS, ids=[f"{name}-{number}" for number, (name, _) in enumerate(BREAKS)])
def test_the_policy_notices(objects: list[Object], name: str, spoil: Callable[[list[Object]], object]) -> None:
    policy = next(each for each in POLICIES if each.__name__ == name)
    spoiled = copy.deepcopy(objects)
    spoil(spoiled)
    assert policy(spoiled)


def test_every_policy_is_tried() -> None:
    assert {name for name, _ in BREAKS} == {policy.__name__ for policy in POLICIES}


def test_every_overlay_has_its_own_images_or_a_release(objects: list[Object]) -> None:
    ours = {each["image"] for _, each, _ in containers(objects) if each["image"].startswith("ghcr.io/filesure/")}
    assert {re.split("[/:]", image)[2] for image in ours} == {"web", "worker"}
