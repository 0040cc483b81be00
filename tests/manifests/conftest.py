"""A fixture for the rendered overlays."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.kustomize import rendered

K8S = Path(__file__).resolve().parents[2] / "k8s"
OVERLAYS = sorted(path.name for path in (K8S / "overlays").iterdir() if path.is_dir())


@cache
def objects_of(overlay: str) -> list[dict[str, Any]]:
    subprocess.run([sys.executable, K8S / "overlays/local/make_secrets.py"], check=True)
    return [each for each in yaml.load_all(rendered(K8S / "overlays" / overlay), yaml.CSafeLoader) if each]


@pytest.fixture(params=OVERLAYS)
def objects(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return objects_of(request.param)
