"""Every command of the docs is run, page by page, in the order in which it is read.

``manage.py`` and ``curl`` really run, against a Filesure that was just started. Make only says what it would do, for
other tests do that. What needs Docker, a cluster or Azure meets a stand-in: that the shell understands the line, that
the variables and the files which it names are there, is what can be known without.
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
from jobs.permissions import Permission
from jobs.tokens import issue
print(issue(get_user_model().objects.get(), "docs", list(Permission), None)[1])
"""
# What must not really happen.
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


def _run(machine: Machine, script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    here = f"{shlex.quote(sys.executable)} {shlex.quote(str(ROOT / 'manage.py'))}"
    script = script.replace(".venv/bin/python manage.py", here).replace("http://127.0.0.1:5001", machine.address)
    token = machine.manage("shell", "--no-imports", "-c", _TOKEN).stdout.strip()
    return subprocess.run(
        ["bash", "-c", _SHELL + script], cwd=folder, text=True, capture_output=True, timeout=120, check=False,
        env=machine.environment | {"ROOT": str(ROOT), "TOKEN": token},
    )  # fmt: skip


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_page_s_commands_do_what_they_say(machine: Machine, page: Page, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "FILE").touch()  # one of the reader's
    # Pages order the same company: what the one before has ordered would still be under way.
    wait_until(lambda: not machine.jobs_in("pending", "processing"), 120)
    done = _run(machine, "\n".join(page.blocks("sh")), tmp_path)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    "script",
    [
        "make nothing", "kubectl apply -k k8s/overlays/nowhere", "docker build -f worker/Nofile .", 'az x "$NOBODY"',
        ".venv/bin/python manage.py nothing", "curl http://127.0.0.1:5001/nowhere/", "export nonsense",
    ],
)  # fmt: skip
def test_a_wrong_one_is_noticed(machine: Machine, script: str, tmp_path: Path) -> None:
    assert _run(machine, f"{script}\ntrue", tmp_path).returncode != 0
