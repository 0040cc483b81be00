"""Kustomize, as a program or as part of kubectl."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.servers import Unavailable


def rendered(overlay: Path) -> str:
    """The YAML of an overlay. Raises Unavailable, CalledProcessError."""
    done = subprocess.run([*_command(), str(overlay)], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def _command() -> list[str]:
    for program, *arguments in (("kustomize", "build"), ("kubectl", "kustomize")):
        path = shutil.which(program)
        if path and _knows_labels((path, *arguments)):
            return [path, *arguments]
    raise Unavailable("kustomize 5 or kubectl 1.29 is missing, or newer: https://kubectl.docs.kubernetes.io/")


@cache
def _knows_labels(command: tuple[str, ...]) -> bool:
    """Versions before 5 do not. Try it, because Debian's build reports its version as "(devel)"."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kustomization.yaml").write_text("labels: [{pairs: {a: b}, includeTemplates: true}]\n")
        return subprocess.run([*command, folder], capture_output=True, check=False, timeout=60).returncode == 0
