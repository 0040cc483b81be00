"""The process that reads files reaches nothing else: no other process's memory, no files, no network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.extractors.reader import Reader

ROOT = Path(__file__).parents[3]
#: Root may read everything. Without capabilities, both processes are like two of an ordinary user.
AS_ORDINARY = ["setpriv", "--bounding-set", "-all"] if os.geteuid() == 0 else []

PARENT = """
import os, subprocess, sys
from worker.extractors.confinement import hide_memory
if sys.argv[1] == "hidden":
    hide_memory()
code = "import os; print('secret' in open(f'/proc/{os.getppid()}/environ').read())"
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={}).stdout.strip() or "refused")
"""

CONFINED = """
import os, signal, socket, subprocess, sys
from worker.extractors.confinement import confine
print(sorted(confine()))
def attempt(act):
    try:
        act()
        return "done"
    except OSError as error:
        return type(error).__name__
folder = sys.argv[1]
print(attempt(lambda: open(folder + "/other")), attempt(lambda: open(folder + "/new", "w")))
print(attempt(lambda: os.listdir("/")), attempt(lambda: open("/proc/self/environ")))
print(attempt(socket.socket), attempt(lambda: os.kill(os.getppid(), 0)))
import openpyxl, PIL.Image, cryptography.x509
print(subprocess.run(["/bin/sh", "-c", "exit 7"], stdout=subprocess.DEVNULL).returncode)
"""


def run(script: str, *arguments: str) -> list[str]:
    command = [*AS_ORDINARY, sys.executable, "-c", script, *arguments]
    environment = {**os.environ, "A": "secret", "PYTHONPATH": str(ROOT)}
    process = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
@pytest.mark.parametrize(("how", "seen"), [("open", "True"), ("hidden", "refused")])
def test_children_cannot_read_the_workers_environment(how: str, seen: str) -> None:
    assert run(PARENT, how) == [seen]


def test_confined_process_reaches_nothing_else(extractor: Reader, tmp_path: Path) -> None:
    if extractor.confined() != ("files", "network"):
        pytest.skip("this kernel has no Landlock or no seccomp")
    (tmp_path / "other").write_text("of another company")
    assert run(CONFINED, str(tmp_path)) == [
        "['files', 'network']",
        "PermissionError PermissionError",
        "PermissionError PermissionError",
        "PermissionError PermissionError",
        "7",
    ]
