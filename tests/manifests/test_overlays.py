"""Rendered overlays are valid and follow the policies, and each policy finds a planted fault."""

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

from tests.manifests.cluster import CLUSTER
from tests.manifests.conftest import K8S, objects_of
from tests.manifests.isolation import ISOLATION
from tests.manifests.operation import OPERATION
from tests.manifests.policies import FORM, Object, Policy, containers, pods
from tests.servers.kustomize import rendered

POLICIES = FORM + OPERATION + CLUSTER + ISOLATION
CRDS = K8S.parents[1] / "shared" / "keda-crds"
NEWEST = kubernetes_validate.latest_version()
# Third-party kinds, whose schemas are not available here.
FOREIGN = {"ExternalSecret", "SecretStore", "Gateway", "HTTPRoute", "BackendTrafficPolicy", "ClientTrafficPolicy"}
KEDA = {"ScaledJob", "TriggerAuthentication"}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_every_overlay_follows_the_policy(objects: list[Object], policy: Policy) -> None:
    assert policy(objects) == []


def test_kubernetes_accepts_every_object(objects: list[Object]) -> None:
    ours = [thing for thing in objects if thing["kind"] not in FOREIGN | KEDA]
    assert len(ours) > 30
    for thing in ours:
        kubernetes_validate.validate(thing, NEWEST, strict=True)


def test_keda_accepts_its_objects(objects: list[Object]) -> None:
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


def test_repository_holds_no_secret() -> None:
    for path in K8S.rglob("*.yaml"):
        for thing in yaml.safe_load_all(path.read_text()):
            assert not isinstance(thing, dict) or thing.get("kind") != "Secret", path
    ignored = (K8S.parent / ".gitignore").read_text().split()
    assert "k8s/overlays/*/*.env" in ignored


def test_every_overlay_passes_the_job_id(objects: list[Object]) -> None:
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


def test_marked_lines_cover_every_example_value(tmp_path: Path) -> None:
    shutil.copytree(K8S, tmp_path / "k8s")
    for path in (tmp_path / "k8s/overlays/azure").glob("*.yaml"):
        lines = path.read_text().splitlines()
        mine = [line.replace("example.com", "test") if "# yours" in line else line for line in lines]
        path.write_text("\n".join(mine) + "\n")
    changed = list(yaml.safe_load_all(rendered(tmp_path / "k8s/overlays/azure")))
    assert "example.com" not in str(changed)
    assert _first(changed, "Gateway/web")["spec"]["listeners"][1]["hostname"] == "filesure.test"
    for name in ("web", "redirect"):
        assert _first(changed, f"HTTPRoute/{name}")["spec"]["hostnames"] == ["filesure.test"]
    (settings,) = (thing["data"] for thing in changed if "SITE_URL" in (thing.get("data") or {}))
    assert settings["SITE_URL"] == f"https://{settings['ALLOWED_HOSTS']}" == "https://filesure.test"


def test_external_secrets_accounts_name_the_tenant() -> None:
    """Otherwise it reports "missing tenantID in store config", because the webhook does not mutate its own pods."""
    (vault,) = (thing["spec"]["provider"]["azurekv"] for thing in objects_of("azure") if thing["kind"] == "SecretStore")
    assert "serviceAccountRef" in vault
    assert "tenantId" in vault


@pytest.mark.parametrize("port", [27015, 27017, 10260], ids=["Atlas's mongos", "MongoDB", "Cosmos DB vCore"])
def test_pods_reach_mongodb_at_its_port(port: int) -> None:
    objects = objects_of("azure")
    ours = {name: pod["metadata"]["labels"] for name, pod in pods(objects) if _is_ours(pod)}
    allowed = [thing["spec"] for thing in objects if thing["kind"] == "NetworkPolicy" and _allows_egress(thing, port)]
    assert len(ours) == 7
    for name, labels in ours.items():
        assert any(spec["podSelector"]["matchLabels"].items() <= labels.items() for spec in allowed), name


def _is_ours(pod: Object) -> bool:
    return any(each["image"].startswith("ghcr.io/filesure/") for each in pod["spec"]["containers"])


def _allows_egress(policy: Object, port: int) -> bool:
    rules = [rule for rule in policy["spec"].get("egress", []) if "to" not in rule]
    ports = [each for rule in rules for each in rule["ports"] if isinstance(each["port"], int)]
    return any(each["port"] <= port <= each.get("endPort", each["port"]) for each in ports)


# --- each policy on a planted fault


def _first(objects: list[Object], name: str) -> Any:
    return next(thing for thing in objects if f"{thing['kind']}/{thing['metadata']['name']}" == name)


def _web(objects: list[Object]) -> Any:
    return next(each for name, each, _ in containers(objects) if name == "Deployment/web web")


def _pod(objects: list[Object], name: str = "Deployment/web") -> Any:
    return next(pod for each, pod in pods(objects) if each == name)


def _run(objects: list[Object]) -> Any:
    return next(each for name, each, _ in containers(objects) if name == "ScaledJob/worker worker")


def _mounted(objects: list[Object]) -> Any:
    return next(each for each in _pod(objects, "ScaledJob/worker")["spec"]["volumes"] if each["name"] == "secrets")


def _web_secrets(objects: list[Object]) -> str:
    """The Secret's name with its hash; on Azure it has none."""
    return next(
        source["secretRef"]["name"]
        for source in _web(objects)["envFrom"]
        if source.get("secretRef", {}).get("name", "").startswith("web-secrets")
    )


def _settings(objects: list[Object]) -> Any:
    return next(thing["data"] for thing in objects if thing["metadata"]["name"].startswith("settings-"))


def _identify(objects: list[Object], account: str, client: str) -> None:
    metadata = _first(objects, f"ServiceAccount/{account}")["metadata"]
    metadata.setdefault("annotations", {})["azure.workload.identity/client-id"] = client


def _read_vault(objects: list[Object], account: str) -> None:
    store = {"provider": {"azurekv": {"serviceAccountRef": {"name": account}}}}
    objects.append({"kind": "SecretStore", "metadata": {"name": "x"}, "spec": store})


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
    ("images", lambda all_: _web(all_).update(image="mongo:8.0")),
    ("probes", lambda all_: _web(all_).pop("livenessProbe")),
    ("labels", lambda all_: _pod(all_)["metadata"]["labels"].pop("app.kubernetes.io/part-of")),
    ("selectors", lambda all_: _first(all_, "Service/web")["spec"]["selector"].update({"app.kubernetes.io/name": "x"})),
    ("selectors", lambda all_: _first(all_, "Service/web")["spec"]["ports"][0].update(targetPort="other")),
    ("backends", lambda all_: _first(all_, "HTTPRoute/web")["spec"]["rules"].pop(0)),
    ("backends", lambda all_: _first(all_, "HTTPRoute/web")["spec"]["parentRefs"][0].update(sectionName="http")),
    ("backends", lambda all_: _first(all_, "Service/web")["spec"]["ports"][0].update(port=1)),
    ("network", lambda all_: all_.remove(_first(all_, "NetworkPolicy/deny"))),
    ("network", lambda all_: all_.remove(_first(all_, "NetworkPolicy/web"))),
    ("network", lambda all_: _first(all_, "NetworkPolicy/web")["spec"]["ingress"][0].pop("from")),
    ("references", lambda all_: all_.remove(_first(all_, "PersistentVolumeClaim/prometheus"))),
    ("references", lambda all_: all_.remove(_first(all_, "PriorityClass/filesure-web"))),
    ("references", lambda all_: _web(all_)["envFrom"].append({"secretRef": {"name": "nobody"}})),
    ("tokens", lambda all_: _pod(all_)["spec"].pop("automountServiceAccountToken")),
    ("environment", lambda all_: _web(all_).setdefault("env", []).append({"name": "MONGO_URL", "value": ""})),
    ("environment", lambda all_: _web(all_)["envFrom"].pop(0)),
    ("environment", lambda all_: _web(all_)["envFrom"].pop(2)),
    ("environment", lambda all_: _web(all_).setdefault("env", []).append({"name": "MAX_WORKERS", "value": "many"})),
    ("environment", lambda all_: _web(all_)["env"].append({"name": "DEBUG", "value": "1"})),
    ("the_key_of_sessions", lambda all_: _run(all_)["envFrom"].append({"secretRef": {"name": _web_secrets(all_)}})),
    ("the_key_of_sessions", lambda all_: _mounted(all_)["secret"].update(secretName=_web_secrets(all_))),
    ("mail", lambda all_: _web(all_)["envFrom"].pop()),
    ("mail", lambda all_: _first(all_, "NetworkPolicy/web")["spec"]["egress"].pop(1)),
    ("mail", lambda all_: _first(all_, "NetworkPolicy/worker")["spec"]["egress"].append({"ports": [{"port": 587}]})),
    ("secrets_as_files", lambda all_: _mounted(all_)["secret"].update(defaultMode=0o444)),
    ("secrets_as_files", lambda all_: _mounted(all_)["secret"].pop("defaultMode")),
    ("secrets_as_files", lambda all_: _run(all_)["envFrom"].append({"secretRef": {"name": "secrets"}})),
    ("secrets_as_files", lambda all_: _run(all_)["volumeMounts"][-1].pop("readOnly")),
    ("environment", lambda all_: _run(all_)["volumeMounts"].pop()),
    ("one_owner", lambda all_: _first(all_, "Deployment/web")["spec"].update(replicas=2)),
    ("one_owner", lambda all_: _web(all_).pop("command")),
    ("one_owner", lambda all_: _web(all_).pop("env")),
    ("one_owner", lambda all_: _pod(all_)["spec"].pop("tolerations")),
    (
        "one_owner",
        lambda all_: _pod(all_)["spec"]["volumes"].append({"name": "d", "persistentVolumeClaim": {"claimName": "web"}}),
    ),
    (
        "runner",
        lambda all_: _web(all_).update(image="ghcr.io/filesure/web:ci", resources={"requests": {"cpu": "3"}}),
    ),
    (
        "names_with_namespaces",
        lambda all_: _settings(all_).update(MONGODB_URI="mongodb://u:p@mongodb-0.mongodb:27017,a.example/?x"),
    ),
    ("names_with_namespaces", lambda all_: _settings(all_).update(X="A=b;BlobEndpoint=http://azurite:10000/a;")),
    ("replica_set_members", lambda all_: _settings(all_).update(X='host: "mongodb-2.mongodb:27017"')),
    ("priorities", lambda all_: _first(all_, "PriorityClass/filesure-worker").pop("preemptionPolicy")),
    ("priorities", lambda all_: _first(all_, "PriorityClass/filesure-worker").update(value=10)),
    ("priorities", lambda all_: _pod(all_, "Deployment/grafana")["spec"].pop("priorityClassName")),
    ("priorities", lambda all_: _pod(all_, "Job/prepare")["spec"].update(priorityClassName="filesure-worker")),
    ("priorities", lambda all_: _pod(all_, "ScaledJob/worker")["spec"].update(priorityClassName="filesure-web")),
    (
        "database_users",
        lambda all_: _first(all_, "TriggerAuthentication/mongodb")["spec"]["secretTargetRef"][0].update(name="secrets"),
    ),
    ("database_users", lambda all_: _run(all_)["envFrom"].append({"secretRef": {"name": "prepare-secrets-x"}})),
    ("database_users", lambda all_: _mounted(all_)["secret"].update(secretName="keda-secrets-x")),
    ("identities", lambda all_: [_identify(all_, name, "one") for name in ("web", "worker", "backup")]),
    ("identities", lambda all_: _identify(all_, "watches", "one")),
    ("identities", lambda all_: [_identify(all_, "web", "one"), _read_vault(all_, "web")]),
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
    (
        "scaled_jobs",
        lambda all_: _scaled(all_)["triggers"][0]["metadata"].update(
            query='{"runAfter": {"$lte": {"$date": "2026-01-01T00:00:00Z"}}}'
        ),
    ),
]


@pytest.mark.parametrize(("name", "spoil"), BREAKS, ids=[f"{name}-{number}" for number, (name, _) in enumerate(BREAKS)])
def test_policy_finds_planted_faults(objects: list[Object], name: str, spoil: Callable[[list[Object]], object]) -> None:
    policy = next(each for each in POLICIES if each.__name__ == name)
    spoiled = copy.deepcopy(objects)
    spoil(spoiled)
    assert policy(spoiled)


def test_every_policy_has_a_planted_fault() -> None:
    assert {name for name, _ in BREAKS} == {policy.__name__ for policy in POLICIES}


def test_every_overlay_sets_both_images(objects: list[Object]) -> None:
    ours = {each["image"] for _, each, _ in containers(objects) if each["image"].startswith("ghcr.io/filesure/")}
    assert {re.split("[/:]", image)[2] for image in ours} == {"web", "worker"}
