"""Kustomize, as its own program or as a part of kubectl."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.servers import Unavailable

_OLDEST = 5  # older ones know no `labels`


def rendered(overlay: Path) -> str:
    """The YAML of an overlay. Raises Unavailable, CalledProcessError."""
    done = subprocess.run([*_command(), str(overlay)], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def _command() -> list[str]:
    for program, arguments, version in (
        ("kustomize", ["build"], ["version"]), ("kubectl", ["kustomize"], ["version", "--client"]),
    ):  # fmt: skip
        path = shutil.which(program)
        if path and _major(subprocess.run([path, *version], capture_output=True, text=True, check=False)) >= _OLDEST:
            return [path, *arguments]
    raise Unavailable(f"kustomize {_OLDEST} or kubectl 1.29 is missing, or newer: https://kubectl.docs.kubernetes.io/")


def _major(done: subprocess.CompletedProcess[str]) -> int:
    found = re.search(r"(?:Kustomize Version: )?v(\d+)\.\d+\.\d+\s*$", done.stdout.strip())
    return int(found[1]) if found else 0
