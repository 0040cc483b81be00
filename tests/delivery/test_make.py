"""``make`` without a target lists all targets."""

from __future__ import annotations

import re
import subprocess

from tests.processes import ROOT, plain_environment

MAKEFILE = (ROOT / "Makefile").read_text().replace("\\\n", " ")


def test_make_lists_every_target():
    targets = set(re.search(r"^\.PHONY:(.*)", MAKEFILE, re.MULTILINE)[1].split())
    done = subprocess.run(["make"], cwd=ROOT, env=plain_environment(), capture_output=True, text=True, check=True)
    lines = [re.fullmatch(r"make (.+?) {2,}(\S.*)", line) for line in done.stdout.splitlines()]
    assert all(lines), done.stdout
    assert {target for line in lines for target in line[1].split()} == targets
