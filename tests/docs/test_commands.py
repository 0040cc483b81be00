"""Runs every command of the documentation, page by page, in reading order.

``manage.py`` and ``curl`` run against a fresh Filesure. Make only prints its commands. Docker, kubectl and cloud
programs are stand-ins, so their lines need only be valid shell with existing variables and files.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, Page
from tests.processes import ROOT, wait_until
from tests.servers.machine import Machine, stopped

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("docs")]

ORDERS = "cin,companyName,priority\nU72900KA2008PTC123456,Nilgiri Software,3\n"
_TOKEN = """
from django.contrib.auth import get_user_model
from jobs.web.permissions import Permission
from jobs.web.tokens import issue
print(issue(get_user_model().objects.get(), "docs", list(Permission), None)[1])
"""
# Commands that must not really run.
_SHELL = """
set -euo pipefail
export() { for each in "$@"; do [[ $each =~ ^[A-Z_]+= ]]; done; }
make() { command make --dry-run -C "$ROOT" "$@" >/dev/null; }
curl() { command curl --silent --show-error --fail-with-body "$@"; }
docker() { named -f "$@"; }
kubectl() { named -k "$@"; }
az() { echo "$*"; }
helm() { echo "$*"; }
openssl() { echo "$*"; }
cosign() { echo "$*"; }
python3() { command python3 "$ROOT/$1" --help >/dev/null; }
named() {
    local option=$1; shift
    while [[ $# -gt 1 ]]; do
        if [[ $1 == "$option" ]]; then [[ -e $ROOT/$2 ]] || { echo "there is no $2"; return 1; }; fi
        shift
    done
}
"""
RUN = [page for page in PAGES if page.blocks("sh")]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("docs")
    machine = Machine(folder / "data")
    with (folder / "output.txt").open("w") as output:
        process = machine.start(output)
    yield machine
    stopped(process)


@pytest.fixture(scope="module")
def token(machine: Machine) -> str:
    """An API token of the only user."""
    return machine.manage("shell", "--no-imports", "-c", _TOKEN).stdout.strip()


def _run(machine: Machine, token: str, script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    here = f"{shlex.quote(sys.executable)} {shlex.quote(str(ROOT / 'manage.py'))}"
    script = script.replace(".venv/bin/python manage.py", here).replace("http://localhost:5001", machine.address)
    return subprocess.run(
        ["bash", "-c", _SHELL + script],
        cwd=folder,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
        env=machine.environment | {"ROOT": str(ROOT), "TOKEN": token},
    )


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_documented_commands_work(machine: Machine, token: str, page: Page, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "FILE").touch()  # the reader's own file
    # All pages order the same company, so the previous page's jobs must have ended.
    wait_until(lambda: not machine.jobs_in("pending", "processing"), 120)
    done = _run(machine, token, "\n".join(page.blocks("sh")), tmp_path)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    "script",
    [
        "make nothing",
        "kubectl apply -k k8s/overlays/nowhere",
        "docker build -f worker/Nofile .",
        'az x "$NOBODY"',
        ".venv/bin/python manage.py nothing",
        "curl http://localhost:5001/nowhere/",
        "export nonsense",
    ],
)
def test_wrong_command_is_noticed(machine: Machine, token: str, script: str, tmp_path: Path) -> None:
    assert _run(machine, token, f"{script}\ntrue", tmp_path).returncode != 0
