"""Temporary files of dead workers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from worker import scratch


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_old_files_of_dead_workers_are_removed(folder: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = {f"filesure-{gone.pid}-old", f"filesure-{gone.pid}-new", f"filesure-{os.getpid()}-old", "filesure-x-old"}
    for name in names:
        (folder / name).touch()
        if name.endswith("-old"):
            os.utime(folder / name, (time.time() - 4000,) * 2)
    assert scratch.sweep_dead() == 1
    assert {path.name for path in folder.iterdir()} == names - {f"filesure-{gone.pid}-old"}
