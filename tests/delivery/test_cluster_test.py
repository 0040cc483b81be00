"""k8s/overlays/ci/cluster_test.py notices what goes wrong in a cluster, here played by a stand-in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.delivery import fake_cluster
from tests.processes import ROOT
from tests.servers import Unavailable

pytestmark = pytest.mark.xdist_group("cluster-test")  # they write the same file of timings

SCRIPT = ROOT / "k8s/overlays/ci/cluster_test.py"
STEPS = {
    "doubled": "jobs_survive_killed_pods",
    "failed": "jobs_survive_killed_pods",
    "stays": "site_and_workers_move_off_a_drained_node",
    "account": "site_and_workers_move_off_a_drained_node",
    "interrupted": "changed_scaled_job_keeps_running_workers",
    "election": "jobs_survive_mongodb_s_primary",
    "paused": "paused_scaled_job_starts_nothing",
    "alert": "alert_is_delivered",
    "rollback": "wrong_version_is_rolled_back",
}
SAID = {
    "doubled": "lost or doubled",
    "failed": "20 jobs are completed: not within",
    "stays": "the site answers: not within",
    "account": "an account is missing",
    "interrupted": "interrupted running workers",
    "election": "another primary: not within",
    "paused": "although KEDA is paused",
    "alert": "the alert arrives: not within",
    "rollback": "was not rolled back",
}


@pytest.fixture
def cluster(tmp_path: Path) -> dict[str, str]:
    """An environment with the stand-in as kubectl, and no pauses."""
    real = shutil.which("kubectl")
    if real is None:
        raise Unavailable("kubectl is missing: https://kubernetes.io/docs/tasks/tools/")
    program = tmp_path / "bin/kubectl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {fake_cluster.__file__} "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "CALLS": str(tmp_path),
        "REAL_KUBECTL": real,
        "PAUSE_SECONDS": "0",
        "LIMIT_SECONDS": "100",
        "HOME": str(tmp_path),
    }


def ran(cluster: dict[str, str], *steps: str, **settings: str) -> subprocess.CompletedProcess[str]:
    subprocess.run([sys.executable, ROOT / "k8s/overlays/local/make_secrets.py"], check=True)
    return subprocess.run(
        [sys.executable, SCRIPT, *steps],
        env=cluster | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("step", sorted(set(STEPS.values())))
def test_step_passes_on_a_good_cluster(cluster, step):
    done = ran(cluster, step)
    assert (done.returncode, "BAD" in done.stdout) == (0, False), done.stdout + done.stderr
    timings = json.loads((ROOT / "build/cluster-test.json").read_text())
    assert all(seconds >= 0 for seconds in timings[step].values())


@pytest.mark.parametrize("fault", STEPS)
def test_step_notices_its_fault(cluster, fault):
    limit = {"LIMIT_SECONDS": "2"} if "not within" in SAID[fault] else {}  # what is noticed otherwise may take long
    done = ran(cluster, STEPS[fault], FAULT=fault, **limit)
    assert done.returncode == 1
    assert SAID[fault] in done.stdout, done.stdout + done.stderr


def test_every_step_has_a_fault():
    source = SCRIPT.read_text().split("STEPS: ", 1)[1].split("]\n\n", 1)[0]
    assert {line.strip(" ,") for line in source.splitlines()[1:] if line.strip()} == set(STEPS.values())


def test_missing_cluster_is_one_sentence(cluster):
    done = ran({**cluster, "PATH": "/nowhere"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("run `make cluster` first.\n")


def test_unknown_step_is_an_error(cluster):
    assert ran(cluster, "nothing").returncode == 1
