"""infra/: the Bicep files fit together, name known API versions and keep to least privilege."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.delivery.bicep import problems, read
from tests.processes import ROOT

INFRA = ROOT / "infra"
#: API versions in public use, looked up in November 2026; a newer one is to be looked up before it is added.
KNOWN = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.ContainerService/managedClusters": "2025-01-01",
    "Microsoft.Dashboard/grafana": "2023-09-01",
    "Microsoft.DocumentDB/mongoClusters": "2024-07-01",
    "Microsoft.Insights/dataCollectionEndpoints": "2023-03-11",
    "Microsoft.Insights/dataCollectionRuleAssociations": "2023-03-11",
    "Microsoft.Insights/dataCollectionRules": "2023-03-11",
    "Microsoft.KeyVault/vaults": "2023-07-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": "2023-01-31",
    "Microsoft.Monitor/accounts": "2023-04-03",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "2024-06-01",
    "Microsoft.Network/privateEndpoints": "2024-05-01",
    "Microsoft.Network/virtualNetworks": "2024-05-01",
    "Microsoft.Storage/storageAccounts": "2023-05-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2023-05-01",
    "Microsoft.Authorization/roleDefinitions": "",
}
#: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ROLES = {
    "4d97b98b-1d4f-4787-a291-c67834d212e7": "networkContributor",
    "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b": "clusterAdmin",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "blobDataContributor",
    "4633458b-17de-408a-b874-0445c86b69e6": "secretsUser",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "secretsOfficer",
    "b0d8363b-8ddd-447d-831f-62ca05bff136": "monitoringDataReader",
}
ALL = sorted(INFRA.rglob("*.bicep"))


def test_files_fit_together():
    assert problems(INFRA) == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_api_versions_and_roles_are_known(path):
    for kind, version in read(path).types:
        assert KNOWN[kind] == version
    for name, role in re.findall(r"^var (\w+) = '([0-9a-f-]{36})'$", path.read_text(), re.MULTILINE):
        assert ROLES[role] == name


@pytest.mark.parametrize("path", [*ALL, *INFRA.glob("*.bicepparam")], ids=lambda path: path.name)
def test_passwords_are_secure_and_never_written_down(path):
    text = path.read_text()
    for name in re.findall(r"^param (\w*[pP]assword) string", text, re.MULTILINE):
        assert re.search(rf"@secure\(\)\n(?:@.*\n)*param {name} string\n", text), name
    assert not re.search(r"[pP]assword(?: =|:) *'[^']", text)


def test_identities_write_only_their_containers():
    text = (INFRA / "modules/identities.bicep").read_text()
    writers = re.findall(r"component: '(\w+)', container: '(\w+)'", text)
    assert writers == [
        ("web", "filings"),
        ("web", "accounts"),
        ("worker", "filings"),
        ("backup", "filings"),
        ("backup", "backups"),
    ]
    components = re.search(r"^var components = \[(.+)\]$", text, re.MULTILINE)[1].replace("'", "").split(", ")
    named = re.findall(r"^  (\w+): identities\[(\d)\]", text, re.MULTILINE)
    assert [components[int(index)] for _, index in named] == [name for name, _ in named] == components
    may_read = text[text.index("resource mayRead") :]
    assert components[int(re.search(r"identities\[(\d)\]", may_read)[1])] == "secrets"


def test_service_accounts_match_the_manifests():
    text = (INFRA / "modules/identities.bicep").read_text()
    federated = set(re.findall(r"account: '(\w+)'", text))
    files = [ROOT / f"k8s/overlays/azure/{name}.yaml" for name in ("serviceaccounts", "serviceaccount-secrets")]
    annotated = {
        name for path in files for name in re.findall(r"^metadata:\n  name: (\w+)$", path.read_text(), re.MULTILINE)
    }
    assert federated == annotated


REQUIRED = {
    "storage": [
        "allowBlobPublicAccess: false",
        "allowSharedKeyAccess: false",
        "publicNetworkAccess: 'Disabled'",
        "defaultAction: 'Deny'",
        "isVersioningEnabled: true",
        "deleteRetentionPolicy: { enabled: true",
        "tierToCool",
        "groupIds: ['blob']",
        "['filings', 'accounts', 'backups']",
    ],
    "cluster": [
        "disableLocalAccounts: true",
        "enableAzureRBAC: true",
        "workloadIdentity: { enabled: true }",
        "keda: { enabled: true }",
        "networkPolicy: 'cilium'",
        "oidcIssuerProfile: { enabled: true }",
    ],
    "vault": ["enableRbacAuthorization: true", "enablePurgeProtection: production ? true : null"],
    "mongodb": ["publicNetworkAccess: 'Disabled'", "groupIds: ['MongoCluster']"],
}


@pytest.mark.parametrize("name", REQUIRED)
def test_resources_are_closed_by_default(name):
    text = (INFRA / f"modules/{name}.bicep").read_text()
    assert [each for each in REQUIRED[name] if each not in text] == []


FAULTS = [
    ("main.bicep", "    vaultName: vault.outputs.vaultName\n", "", "identities needs vaultName"),
    ("main.bicep", "subnetId: network", "subnet: network", "cluster has no parameter subnet"),
    ("main.bicep", "modules/vault", "modules/safe", "modules/safe.bicep does not exist"),
    ("main.bicep", "storage.outputs.accountUrl", "storage.outputs.url", "storage has no output url"),
    ("main.bicep", "output clusterName", "output adminPassword", "main.bicep: adminPassword is a secret"),
    (
        "modules/storage.bicep",
        "output accountUrl string = 'h",
        "output accountUrl string = account.listKeys() 'h",
        "is a sec",
    ),
    ("modules/vault.bicep", "param location string", "param location string\nparam extra string", "extra is unused"),
    ("modules/vault.bicep", "enableSoftDelete: true", "enableSoftDelete: { true", "modules/vault.bicep: brackets"),
    ("dev.bicepparam", "param nodesMax = 3\n", "", "dev.bicepparam lacks nodesMax"),
    ("prod.bicepparam", "param nodesMax", "param nodesMost", "prod.bicepparam: there is no parameter nodesMost"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), FAULTS, ids=range(len(FAULTS)))
def test_planted_faults_are_found(tmp_path: Path, file, old, new, said):
    shutil.copytree(INFRA, tmp_path / "infra")
    path = tmp_path / "infra" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(said in each for each in problems(tmp_path / "infra"))
