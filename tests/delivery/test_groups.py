"""One process runs all tests of a group: they share browsers and sites, or need the machine to themselves."""

from __future__ import annotations

import subprocess
import sys

from tests.processes import plain_environment

_GROUPED = """
import os

import pytest

@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("number", range(8))
def test_one_of_them(number):
    print("run by", os.environ["PYTEST_XDIST_WORKER"])
"""


def test_group_stays_together(tmp_path):
    (tmp_path / "test_grouped.py").write_text(_GROUPED)
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-rP", "-c", "/dev/null", "."]
    only_xdist = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=plain_environment() | only_xdist,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    workers = [line for line in done.stdout.splitlines() if line.startswith("run by")]
    assert (len(workers), len(set(workers))) == (8, 1)
