"""Shell scripts, of which some can only be run where there is a cluster."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from filesure_site.configuration import BASE_DIR
from tests.servers import Unavailable

SCRIPTS = [*BASE_DIR.glob("k8s/**/*.sh"), *(path for path in (BASE_DIR / ".ci").iterdir() if not path.suffix)]


@pytest.fixture(scope="module")
def shellcheck() -> str:
    found = shutil.which("shellcheck")
    if found is None:
        raise Unavailable("shellcheck is missing: `apt-get install shellcheck`")
    return found


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(shellcheck, script):
    done = subprocess.run([shellcheck, "--severity=warning", script], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_shellcheck_would_notice(shellcheck, tmp_path):
    script = tmp_path / "script.sh"
    script.write_text('#!/bin/bash\ncd "$1"\nrm *\n')
    assert subprocess.run([shellcheck, "-S", "warning", script], capture_output=True, check=False).returncode == 1
