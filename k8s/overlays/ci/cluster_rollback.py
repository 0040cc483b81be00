"""A deploy of an image that does not exist, which must leave the previous version running."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from cluster import Wrong, kubectl

_DEPLOY = str(Path(__file__).resolve().parents[2] / "deploy.py")


def wrong_version_is_rolled_back() -> dict[str, float]:
    good = _deploy("ci")
    if good.returncode:
        raise Wrong(f"the same version cannot be deployed again: {good.stderr.strip()}")
    began = time.monotonic()
    done = _deploy("missing", WAIT_SECONDS="60")
    seconds = time.monotonic() - began
    if done.returncode != 1 or "The previous version runs again" not in done.stderr:
        raise Wrong(f"a missing image was not rolled back: exit code {done.returncode}, {done.stderr.strip()[-300:]}")
    image = kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}")
    if not image.endswith(":ci"):
        raise Wrong(f"the web site still has {image}")
    return {"rollback, with a limit of 60 s": seconds}


def _deploy(tag: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, _DEPLOY, "ci", "--tag", tag]
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **settings})
