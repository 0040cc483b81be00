"""compose.yaml matches this project's code, images and settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from jobs.configuration.table import load, settings_table
from jobs.telemetry.masking import mask
from tests.processes import ROOT
from tests.servers.azurite import connection_string

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
AZURITE_KEY = re.search(r"AccountKey=([^;]+)", connection_string(1))[1]

each_service = pytest.mark.parametrize("name", SERVICES)
each_of_ours = pytest.mark.parametrize("name", OURS)


def environment(name: str) -> dict[str, str]:
    return SERVICES[name].get("environment", {})


@each_service
def test_images_are_pinned_by_tag(name):
    assert re.fullmatch(r"[a-z./-]+:(v?\d+\.\d+[.\d]*|\$\{TAG:-dev\})", SERVICES[name]["image"])


@each_service
def test_referenced_services_and_mounts_exist(name):
    service = SERVICES[name]
    assert set(service.get("depends_on", [])) <= set(SERVICES)
    assert {config["source"] for config in service.get("configs", [])} <= set(COMPOSE["configs"])
    for source in (volume.split(":")[0] for volume in service.get("volumes", [])):
        if source.startswith("."):
            assert (ROOT / source).exists(), source
        else:
            assert source in COMPOSE["volumes"]


@each_service
def test_ports_listen_on_this_machine_only(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@each_service
def test_only_azurite_s_public_key_appears(name):
    for variable, value in environment(name).items():
        assert mask(value.replace(AZURITE_KEY, "")) == value.replace(AZURITE_KEY, ""), variable
        assert "PASSWORD" not in variable


def test_targets_build_every_service():
    targets = {name: service["build"]["target"] for name, service in OURS.items()}
    assert targets == {"migrate": "web", "indexes": "web", "web": "web", "deliverer": "web", "scaler": "worker"}
    stages = re.findall(r"^FROM .* AS (\w+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert set(targets.values()) <= set(stages)


@each_of_ours
def test_variables_are_settings_with_valid_values(name):
    assert set(environment(name)) <= {setting for setting, _ in settings_table()}
    configuration = load(environment(name))
    assert (configuration.blob_store, configuration.mongodb_uri.split(":")[0]) == ("azure", "mongodb")


@each_of_ours
def test_env_file_is_optional_and_read(name):
    assert OURS[name]["env_file"] == [{"path": ".env", "required": False}]


def test_container_s_own_places_are_fixed():
    """A .env for this machine has other addresses, folders and ports, which are wrong in a container."""
    places = {"ENV_FILE", "DATA_DIR", "PORT", "METRICS_PORT", "MONGODB_URI", "BLOB_STORE"}
    assert all(places <= set(environment(name)) for name in OURS)


@each_of_ours
def test_every_command_exists(name):
    command = [word for word in SERVICES[name].get("command", []) if word not in {"python", "manage.py"}]
    assert set(command) <= set(get_commands())


@each_of_ours
def test_containers_are_restricted_like_pods(name):
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_server_addresses_are_service_names():
    hosts = set()
    for name in OURS:
        hosts |= set(re.findall(r"//(?:[^@/]*@)?([a-z]+)[:/]", " ".join(environment(name).values())))
    assert hosts == {"mongodb", "azurite"}


def test_prometheus_targets_and_rules_exist():
    written = yaml.safe_load(COMPOSE["configs"]["prometheus"]["content"])
    targets = {
        each for job in written["scrape_configs"] for group in job["static_configs"] for each in group["targets"]
    }
    assert targets == {f"web:{load({}).port}"}
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["prometheus"]["volumes"])
    folder = next(source for source, target in mounts.items() if target == "/etc/prometheus/rules")
    assert written["rule_files"] == ["/etc/prometheus/rules/*.yaml"]
    assert list((ROOT / folder).glob("*.yaml"))


def test_grafana_reads_the_mounted_dashboards():
    mounts = {volume.split(":")[1]: ROOT / volume.split(":")[0] for volume in SERVICES["grafana"]["volumes"]}
    provided = yaml.safe_load(mounts["/etc/grafana/provisioning/dashboards/filesure.yaml"].read_text())
    assert all(provider["options"]["path"] in mounts for provider in provided["providers"])
    assert Path(environment("grafana")["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).name in {
        path.name for path in mounts["/etc/grafana/dashboards"].iterdir()
    }
    sources = yaml.safe_load(mounts["/etc/grafana/provisioning/datasources/filesure.yaml"].read_text())
    assert {source["url"] for source in sources["datasources"]} == {"http://prometheus:9090"}


def test_image_versions_match_the_cluster():
    cluster = "".join(path.read_text() for path in (ROOT / "k8s").rglob("*.yaml"))
    deployed = dict(re.findall(r"image: (\S+):(\S+)", cluster))
    here = dict(service["image"].split(":") for name, service in SERVICES.items() if name not in OURS)
    assert here == {image: deployed[image] for image in here}
