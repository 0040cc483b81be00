"""The local overlay's secrets are created once, together, and never replaced."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.manifests.conftest import K8S


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    shutil.copy(K8S / "overlays/local/make_secrets.py", tmp_path)
    return tmp_path


def _made(overlay: Path) -> tuple[int, str, dict[str, str]]:
    done = subprocess.run([sys.executable, overlay / "make_secrets.py"], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr, {path.name: path.read_text() for path in overlay.glob("*.env")}


def test_secrets_are_created_once_and_private(overlay: Path) -> None:
    code, _, made = _made(overlay)
    assert code == 0
    assert {path.stat().st_mode & 0o777 for path in overlay.glob("*.env")} == {0o600}
    assert _made(overlay) == (0, "", made)


def test_every_secret_the_overlay_reads_exists(overlay: Path) -> None:
    text = (K8S / "overlays/local/kustomization.yaml").read_text()
    assert {f"envs: [{name}]" for name in _made(overlay)[2]} <= set(map(str.strip, text.splitlines()))


def test_missing_secret_is_named_others_kept(overlay: Path) -> None:
    before = _made(overlay)[2]
    (overlay / "web.env").unlink()
    code, said, left = _made(overlay)
    assert code == 1
    assert said.startswith("web.env is missing")
    assert left == {name: text for name, text in before.items() if name != "web.env"}
