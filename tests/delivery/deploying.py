"""Runs k8s/deploy.py with stand-ins for kubectl and cosign."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.delivery.stubs import KUBECTL, stubbed
from tests.processes import ROOT

AZURE = ("azure", "--simulated", "--tag")


def started(folder: Path, *arguments: str, before: str = "", **settings: str) -> subprocess.Popen[str]:
    """k8s/deploy.py in a session of its own; ``before``: what kubectl finds at first."""
    environment = stubbed(folder, kubectl=KUBECTL, cosign='exit "${UNSIGNED:-0}"') | settings
    (folder / "found.json").write_text(before)
    return subprocess.Popen(
        [sys.executable, str(ROOT / "k8s/deploy.py"), *arguments],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def deploy(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    with started(folder, *arguments, **settings) as process:
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def calls(folder: Path) -> list[str]:
    """The calls that change something."""
    calls = [line.split()[1] for line in (folder / "calls").read_text().splitlines()]
    return [call for call in calls if call not in {"get", "kustomize", "logs"}]
