"""Shell scripts pass shellcheck, since some of them can only run with a cluster."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.configuration.table import BASE_DIR

SCRIPTS = [
    *BASE_DIR.glob("k8s/**/*.sh"),
    *(path for path in (BASE_DIR / ".ci").iterdir() if path.is_file() and not path.suffix),
]
SHELLCHECK = Path(sys.executable).with_name("shellcheck")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script):
    done = subprocess.run([SHELLCHECK, "--severity=warning", script], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_shellcheck_finds_a_planted_fault(tmp_path):
    script = tmp_path / "script.sh"
    script.write_text('#!/bin/bash\ncd "$1"\nrm *\n')
    assert subprocess.run([SHELLCHECK, "-S", "warning", script], capture_output=True, check=False).returncode == 1
