"""Alerts reach the receivers in the Secret, and Alertmanager's configuration is valid for every combination."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.committed import MONITORING

ADDRESSES = {
    "critical-slack-url": ("slack_configs", "api_url_file"),
    "critical-teams-url": ("msteamsv2_configs", "webhook_url_file"),
    "critical-pagerduty-key": ("pagerduty_configs", "routing_key_file"),
    "critical-email-to": ("email_configs", "to"),
    "critical-webhook-url": ("webhook_configs", "url_file"),
}


def _composed(secrets: Path, **given: str) -> dict[str, Any]:
    for name, value in given.items():
        (secrets / name).write_text(value)
    script, configuration = MONITORING / "compose-alertmanager.sh", MONITORING / "alertmanager.yaml"
    done = subprocess.run(["sh", script, configuration, secrets], capture_output=True, text=True, check=True)
    composed: dict[str, Any] = yaml.safe_load(done.stdout)
    return composed


def _receiver(configuration: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in configuration["receivers"] if each["name"] == name)


def test_every_route_has_a_receiver_without_any_address(tmp_path: Path) -> None:
    configuration = _composed(tmp_path)
    routes = {configuration["route"]["receiver"], *(route["receiver"] for route in configuration["route"]["routes"])}
    assert routes == {each["name"] for each in configuration["receivers"]}
    assert all(set(each) == {"name"} for each in configuration["receivers"])


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.items())
def test_an_address_in_the_secret_becomes_its_receiver(tmp_path: Path, address: str, expected: tuple[str, str]) -> None:
    mail = {"smtp-from": "filesure@example.com", "smtp-host": "smtp.example.com:587"} if "email" in address else {}
    configuration = _composed(tmp_path, **{address: "https://example.com/secret"}, **mail)
    kind, field = expected
    (found,) = _receiver(configuration, "critical")[kind]
    assert found[field] in {"https://example.com/secret", str(tmp_path / address)}
    assert set(_receiver(configuration, "warning")) == {"name"}


def test_all_receiver_addresses_work_together(tmp_path: Path) -> None:
    mail = {"smtp-from": "f@example.com", "smtp-host": "h:587", "smtp-user": "u", "smtp-password": "p"}
    configuration = _composed(tmp_path, **dict.fromkeys(ADDRESSES, "s3cret"), **mail)
    receiver = _receiver(configuration, "critical")
    assert set(receiver) == {"name", *(kind for kind, _ in ADDRESSES.values())}
    assert receiver["email_configs"][0]["auth_password_file"] == str(tmp_path / "smtp-password")
    assert str(configuration).count("s3cret") == 1, "only the address of the mail is no secret"
