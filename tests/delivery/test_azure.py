"""infra/azure.py with stand-ins for az, helm, kubectl and kubelogin: its calls, their order, and what it writes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.delivery.stubs import stubbed
from tests.manifests.cluster import identities
from tests.processes import ROOT
from tests.servers.kustomize import rendered

OUTPUTS = {
    "clusterName": "filesure-dev",
    "accountUrl": "https://filesuredev1.blob.core.windows.net",
    "vaultName": "filesure-dev-1",
    "vaultUrl": "https://filesure-dev-1.vault.azure.net/",
    "tenantId": "11111111-1111-1111-1111-111111111111",
    "clientIds": {name: f"22222222-0000-0000-0000-00000000000{i}" for i, name in enumerate("wxyz")},
    "mongodbHost": "filesure-dev-mongodb.mongocluster.cosmos.azure.com",
}
OUTPUTS["clientIds"] = dict(zip(["web", "worker", "backup", "secrets"], OUTPUTS["clientIds"].values(), strict=True))
# Secrets are files in $CALLS/vault; $BROKEN names the call that fails.
AZ = """
case "$*" in *"$BROKEN"*) [[ -z $BROKEN ]] || { echo "ERROR: no" >&2; exit 1; } ;; esac
case "$1 $2 $3" in
    "ad signed-in-user show") echo me ;;
    "deployment group create") echo "$ADMINISTRATOR_ID $MONGODB_PASSWORD" >> "$CALLS/given"; touch "$CALLS/deployed" ;;
    "deployment group list") [[ -e $CALLS/deployed ]] && cat "$CALLS/outputs.json" || echo null ;;
    "deployment group what-if") echo "Resource changes: 20 to create." ;;
    "keyvault secret list") (cd "$CALLS/vault" && ls) | sed 's/.*/"&"/' | paste -sd, | sed 's/.*/[&]/' ;;
    "keyvault secret show") cat "$CALLS/vault/$7" ;;
    "keyvault secret set") cp "$9" "$CALLS/vault/$7" ;;
    "resource list --resource-group") echo "Microsoft.Storage/storageAccounts filesuredev1" ;;
esac
"""


class Azure:
    """A copy of infra/ and of the overlays, and a cloud that remembers secrets."""

    def __init__(self, folder: Path, **outputs: str) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "infra", folder / "infra")
        shutil.copytree(ROOT / "k8s", folder / "k8s", ignore=shutil.ignore_patterns(".deploy-*", "azure-*"))
        # Nothing asks the real list of prices.
        (folder / "infra/cost.py").write_text("def nodes_cost(*_):\n    return 'Nodes: 280 USD per month.'\n")
        (folder / "vault").mkdir()
        given = {name: {"value": value} for name, value in (OUTPUTS | outputs).items()}
        (folder / "outputs.json").write_text(json.dumps(given))

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = stubbed(self.folder, az=AZ, helm="", kubectl='cat > "$CALLS/issuer.json"', kubelogin="")
        command = [sys.executable, str(self.folder / "infra/azure.py"), *arguments]
        return subprocess.run(
            command,
            env=environment | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def up(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return self.run("up", "dev", "--host", "filesure.test", "--email", "a@filesure.test", *arguments, **settings)

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    @property
    def vault(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in (self.folder / "vault").iterdir()}


@pytest.fixture
def azure(tmp_path: Path) -> Azure:
    return Azure(tmp_path)


def test_nothing_changes_without_consent(azure):
    done = azure.up()
    assert done.returncode == 1
    assert "Resource changes: 20 to create.\nNodes: 280 USD per month." in done.stdout
    assert not [call for call in azure.calls if "deployment group create" in call or "secret set" in call]


def test_up_deploys_stores_secrets_and_prepares_the_cluster(azure):
    done = azure.up("--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(azure.vault) == {
        "filesure-mongodb-password",
        "filesure-mongodb-uri",
        "filesure-mongodb-uri-prepare",
        "filesure-mongodb-uri-keda",
        "filesure-secret-key",
        "filesure-grafana-password",
    }
    password = azure.vault["filesure-mongodb-password"]
    assert azure.vault["filesure-mongodb-uri"].startswith(
        f"mongodb+srv://filesureadmin:{password}@filesure-dev-mongodb."
    )
    assert password not in "".join(azure.calls)
    assert (azure.folder / "given").read_text() == f"me {password}\n"
    assert len([call for call in azure.calls if call.startswith("helm upgrade")]) == 2
    assert not [call for call in azure.calls if "keda" in call and "helm" in call], "the add-on is KEDA"
    assert json.loads((azure.folder / "issuer.json").read_text())["metadata"]["name"] == "letsencrypt"


def test_second_run_keeps_password_and_keys(azure):
    assert azure.up("--yes").returncode == 0
    before = azure.vault
    assert azure.up("--yes").returncode == 0
    assert azure.vault == before
    first, second = (azure.folder / "given").read_text().splitlines()
    assert first == second


@pytest.mark.parametrize("broken", ["deployment group create", "secret set", "aks update"])
def test_interrupted_run_can_be_repeated(azure, broken):
    failed = azure.up("--yes", BROKEN=broken)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert azure.up("--yes").returncode == 0
    last = (azure.folder / "given").read_text().split()[-1]
    assert azure.vault["filesure-mongodb-password"] == last
    assert f":{last}@" in azure.vault["filesure-mongodb-uri"]


def test_own_connection_strings_must_be_given(tmp_path):
    azure = Azure(tmp_path, mongodbHost="")
    done = azure.up("--yes", MONGODB_URI="mongodb+srv://a")
    assert done.returncode == 1
    assert done.stderr == "MONGODB_URI_PREPARE, MONGODB_URI_KEDA must be set: MongoDB's connection strings.\n"
    uris = {"MONGODB_URI": "mongodb+srv://a", "MONGODB_URI_PREPARE": "mongodb+srv://b", "MONGODB_URI_KEDA": "m://c"}
    assert azure.up("--yes", **uris).returncode == 0
    assert azure.vault["filesure-mongodb-uri-keda"] == "m://c"


def test_written_overlay_has_no_example_left(azure):
    assert azure.up("--yes").returncode == 0
    objects = [each for each in yaml.safe_load_all(rendered(azure.folder / "k8s/overlays/azure-dev")) if each]
    text = yaml.safe_dump_all(objects)
    assert "example.com" not in text
    assert "00000000-0000-0000-0000-0" not in text
    assert identities(objects) == []
    clients = {
        each["metadata"]["name"]: each["metadata"]["annotations"]["azure.workload.identity/client-id"]
        for each in objects
        if each["kind"] == "ServiceAccount" and each["metadata"].get("annotations")
    }
    ids = OUTPUTS["clientIds"]
    assert clients == {**ids, "prepare": ids["worker"]}
    (settings,) = [each["data"] for each in objects if "SITE_URL" in (each.get("data") or {})]
    assert (settings["SITE_URL"], settings["AZURE_STORAGE_ACCOUNT_URL"], settings["BLOB_STORE"]) == (
        "https://filesure.test",
        OUTPUTS["accountUrl"],
        "azure",
    )


def test_down_deletes_nothing_without_consent(azure):
    assert azure.run("down", "dev").returncode == 1
    assert not [call for call in azure.calls if "group delete" in call]
    assert azure.run("down", "dev", "--yes").returncode == 0
    assert [call for call in azure.calls if "group delete --name filesure-dev --yes" in call]


def test_missing_program_is_named(azure):
    done = subprocess.run(
        [sys.executable, str(azure.folder / "infra/azure.py"), "down", "dev"],
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("az is missing: https://")


def test_missing_programs_are_named_before_anything_is_created(azure):
    az = azure.folder / "only/az"
    az.parent.mkdir()
    az.write_text("#!/bin/sh\nexit 9\n")
    az.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(azure.folder / "infra/azure.py"), "up", "dev", "--host", "a.test", "--email", "a@a.test"],
        env={"PATH": str(az.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["kubectl", "kubelogin", "helm"]
