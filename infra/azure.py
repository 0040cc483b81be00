#!/usr/bin/env python3
"""Creates or deletes everything on Azure: `make azure-up` and `make azure-down`.

    python3 infra/azure.py up dev --host filesure.example.com --email YOU@EXAMPLE.COM
    python3 infra/azure.py down dev

It shows what would change and what the nodes cost, and asks. It can be interrupted and run again at any time. It needs
az (logged in as an owner of the subscription), kubectl, kubelogin and helm. With mongodb = 'uri' it stores the
connection strings in MONGODB_URI, MONGODB_URI_PREPARE and MONGODB_URI_KEDA.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cluster import add_ons
from cost import nodes_cost
from overlay import write_overlay

INFRA = Path(__file__).resolve().parent
STAGES = ("dev", "prod")
# Made once: a new key ends all sessions, and a new password locks people out of Grafana.
_ONCE = {"filesure-secret-key": 48, "filesure-grafana-password": 18}
_URIS = {
    "filesure-mongodb-uri": "MONGODB_URI",
    "filesure-mongodb-uri-prepare": "MONGODB_URI_PREPARE",
    "filesure-mongodb-uri-keda": "MONGODB_URI_KEDA",
}
_PROGRAMS = {
    "az": "https://learn.microsoft.com/cli/azure/install-azure-cli",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
    "kubelogin": "https://azure.github.io/kubelogin/install.html",
    "helm": "https://helm.sh/docs/intro/install/",
}
_PASSWORD = "filesure-mongodb-password"  # noqa: S105  its name in the vault


class Failed(Exception):
    """A sentence for the person at the terminal."""


def main() -> int:
    arguments = _arguments()
    group = arguments.group or f"filesure-{arguments.stage}"
    try:
        _check_programs(["az"] if arguments.action == "down" else list(_PROGRAMS))
        return _up(arguments, group) if arguments.action == "up" else _down(arguments, group)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="azure.py", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("action", choices=["up", "down"])
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--group", help="the resource group (default: filesure-STAGE)")
    parser.add_argument("--location", default="centralindia", help="the region of a new group (default: %(default)s)")
    parser.add_argument("--host", help="the web site's host name")
    parser.add_argument("--email", help="an address for Let's Encrypt")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    if arguments.action == "up" and not (arguments.host and arguments.email):
        parser.error("up needs --host and --email; with make: HOST=filesure.example.com EMAIL=you@example.com")
    return arguments


def _check_programs(names: list[str]) -> None:
    """Before anything is created. Raises Failed."""
    missing = [f"{name} is missing: {_PROGRAMS[name]}" for name in names if not shutil.which(name)]
    if missing:
        raise Failed("\n".join(missing))


def _up(arguments: argparse.Namespace, group: str) -> int:
    az("group", "create", "--name", group, "--location", arguments.location)
    known = _outputs(group)
    given = {
        "ADMINISTRATOR_ID": az("ad", "signed-in-user", "show", "--query", "id", "--output", "tsv"),
        "MONGODB_PASSWORD": _password(known),
    }
    template = ("--resource-group", group, "--name", "filesure", *_template(arguments.stage))
    print(az("deployment", "group", "what-if", *template, environment=given))
    print(nodes_cost(INFRA / f"{arguments.stage}.bicepparam", arguments.location))
    if not (arguments.yes or _agreed("Apply these changes?")):
        return 1
    az("deployment", "group", "create", *template, environment=given)
    found = _outputs(group)
    _store_secrets(found, given["MONGODB_PASSWORD"])
    overlay = write_overlay(arguments.stage, arguments.host, found)
    add_ons(run, group, found["clusterName"], arguments.email)
    print(f"Azure is ready. Next: python3 k8s/deploy.py {overlay} --registry ghcr.io/OWNER --tag VERSION")
    return 0


def _down(arguments: argparse.Namespace, group: str) -> int:
    print(az("resource", "list", "--resource-group", group, "--query", "[].[type,name]", "--output", "tsv"))
    print(f"This deletes the group {group} with all documents, accounts and backups.")
    if not (arguments.yes or _agreed(f"Type {group} to delete it:", group)):
        return 1
    az("group", "delete", "--name", group, "--yes")
    return 0


def _template(stage: str) -> tuple[str, ...]:
    return ("--template-file", str(INFRA / "main.bicep"), "--parameters", str(INFRA / f"{stage}.bicepparam"))


def _agreed(question: str, answer: str = "y") -> bool:
    """Nobody agrees where nobody can answer."""
    return sys.stdin.isatty() and input(f"{question} [{answer}] ").strip() == answer


def _outputs(group: str) -> dict[str, Any]:
    """The outputs of the last deployment that succeeded; empty before the first."""
    query = ("--query", "[?name=='filesure'].properties.outputs | [0]", "--output", "json")
    found = json.loads(az("deployment", "group", "list", "--resource-group", group, *query) or "null")
    return {name: each["value"] for name, each in (found or {}).items()}


def _password(known: dict[str, Any]) -> str:
    """Azure DocumentDB's password: the one in the vault, or a new one if an earlier run did not get that far."""
    if known.get("vaultName") and _PASSWORD in _names(known["vaultName"]):
        show = ("--vault-name", known["vaultName"], "--name", _PASSWORD, "--query", "value", "--output", "tsv")
        return az("keyvault", "secret", "show", *show)
    return secrets.token_urlsafe(32)


def _names(vault: str) -> set[str]:
    listed = az("keyvault", "secret", "list", "--vault-name", vault, "--query", "[].name", "--output", "json")
    return set(json.loads(listed or "[]"))


def _store_secrets(found: dict[str, Any], password: str) -> None:
    vault = found["vaultName"]
    there = _names(vault)
    if found["mongodbHost"]:
        _store(vault, _PASSWORD, password)
    for name, uri in _uris(found, password, there).items():
        _store(vault, name, uri)
    for name, size in _ONCE.items():
        if name not in there:
            _store(vault, name, secrets.token_urlsafe(size))


def _uris(found: dict[str, Any], password: str, there: set[str]) -> dict[str, str]:
    """Connection strings to store. Those already in the vault stay, since somebody may have given them fewer rights."""
    if found["mongodbHost"]:
        options = "tls=true&authMechanism=SCRAM-SHA-256&retrywrites=false&maxIdleTimeMS=120000"
        uri = f"mongodb+srv://filesureadmin:{quote(password, safe='')}@{found['mongodbHost']}/?{options}"
        return {name: uri for name in _URIS if name not in there}
    given = {name: os.environ[variable] for name, variable in _URIS.items() if os.environ.get(variable)}
    missing = [_URIS[name] for name in _URIS if name not in given and name not in there]
    if missing:
        raise Failed(f"{', '.join(missing)} must be set: MongoDB's connection strings.")
    return given


def _store(vault: str, name: str, value: str) -> None:
    """By a file that only we can read, because other users see a command's arguments."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(value)
        file.flush()
        az("keyvault", "secret", "set", "--vault-name", vault, "--name", name, "--file", file.name, "--output", "none")


def az(*arguments: str, environment: dict[str, str] | None = None) -> str:
    return run("az", *arguments, "--only-show-errors", environment=environment)


def run(*command: str, environment: dict[str, str] | None = None, given: str | None = None) -> str:
    """Returns the program's output. Raises Failed."""
    try:
        done = subprocess.run(
            command, check=False, text=True, capture_output=True, input=given, env={**os.environ, **(environment or {})}
        )
    except FileNotFoundError as error:
        raise Failed(f"{command[0]} is missing: {_PROGRAMS.get(command[0], '')}") from error
    if done.returncode:
        reason = re.sub(r"\s+", " ", done.stderr.strip())[-500:]
        raise Failed(f"{' '.join(command[:4])}: {reason}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
