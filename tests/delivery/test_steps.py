"""Runs the shell commands of every workflow step, with stand-ins for programs that need GitHub or a cluster."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.stubs import BEFORE, KUBECTL, found, released, stubbed
from tests.delivery.workflows import STEPS, WORKFLOWS, ids
from tests.processes import ROOT, wait_until

RUN = [(name, step) for name, step in STEPS if "run" in step]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
# Programs that steps may call besides standard ones. Make only prints its commands.
PROGRAMS = {
    "make": f'exec /usr/bin/env -i PATH=/usr/bin:/bin make --dry-run -C {ROOT} "$@"',
    "kubectl": KUBECTL,
    "git": '[[ "$*" != "diff --quiet" ]]',  # there are changes to propose
    "gh": '[[ "$1 $2" != "pr view" ]]',  # and no pull request exists
    "python3": f'cd {ROOT} && exec {sys.executable} "$@"',
    # k8s/images.py resolves a tag with it.
    "docker": 'echo "sha256:$(printf "%064d" 7)"',
    **dict.fromkeys(["az", "cosign", "kubelogin", "sudo"], ""),
}


def _started(step: dict, folder: Path, **settings: str) -> subprocess.Popen[str]:
    """Start a step like GitHub's runner, with a placeholder for each expression."""
    given = {name: re.sub(r"\$\{\{.*?\}\}", "filled-in", str(value)) for name, value in step.get("env", {}).items()}
    environment = (
        stubbed(folder, **PROGRAMS)
        | {
            "GITHUB_REF_NAME": f"v{VERSION}",
            "GITHUB_PATH": str(folder / "path"),
            "RUNNER_TEMP": str(folder),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_REPOSITORY": "someone/filesure",
        }
        | given
        | (
            {"LOOK": "--dry-run", "OVERLAY": "azure", "SIMULATED": "--simulated", "TAG": "0.1.0"}
            if "LOOK" in given
            else {}
        )
        | ({"PART": "web"} if "PART" in given else {})
        | settings
    )
    if "$RUNNER_TEMP/bin/kubelogin" in step["run"]:
        assert "--kubelogin-install-location" in step["run"]
    (folder / "locks").mkdir(exist_ok=True)  # created by another job
    if not (folder / "k8s").exists():
        (folder / "k8s").symlink_to(ROOT / "k8s")
    for path in ROOT.glob("*.lock"):
        (folder / "locks" / path.name).touch()
    (folder / "images.json").write_text(released(environment.get("TAG", VERSION)))  # by the step before
    (folder / "step.sh").write_text(step["run"])
    return subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-euo", "pipefail", str(folder / "step.sh")],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _ran(step: dict, folder: Path) -> subprocess.CompletedProcess[str]:
    with _started(step, folder) as process:
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.mark.parametrize(("name", "step"), RUN, ids=ids(RUN))
def test_step_commands_work(name, step, tmp_path):
    assert "${{" not in step["run"], "a name chosen by others would run as a command; pass it through env"
    done = _ran(step, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    checked = subprocess.run(
        [SHELLCHECK, "--shell=bash", "-"], input=step["run"], capture_output=True, text=True, check=False
    )
    assert checked.stdout == ""


@pytest.mark.parametrize(
    "script", ["make nothing", 'echo "$NOBODY"', "python3 k8s/nothing.py", "make lint | nothing", "nothing --at-all"]
)
def test_broken_step_is_noticed(script, tmp_path):
    assert _ran({"run": script}, tmp_path).returncode != 0


def _called(workflow: str, job: str, folder: Path) -> Iterator[str]:
    for number, step in enumerate(WORKFLOWS[workflow]["jobs"][job]["steps"]):
        if "run" in step:
            here = folder / str(number)
            here.mkdir()
            assert _ran(step, here).returncode == 0
            yield from (here / "calls").read_text().splitlines()


def test_release_includes_its_notes(tmp_path):
    calls = list(_called("release", "release", tmp_path))
    (release,) = [call for call in calls if call.startswith("gh release create")]
    assert release.endswith("images.json")
    assert next(number for number, call in enumerate(calls) if call.startswith("cosign verify")) < calls.index(release)
    assert [call for call in calls if call.startswith(f"gh release create v{VERSION} --verify-tag")]
    assert next(tmp_path.glob("*/notes.md")).read_text().startswith("### Added")


def test_releases_wait_for_tests_and_images(tmp_path):
    jobs = WORKFLOWS["images"]["jobs"]
    assert jobs["version"]["needs"] == ["ci", "image"]
    assert jobs["ci"]["uses"] == "./.github/workflows/ci.yml"
    assert list(_called("images", "version", tmp_path)) == [
        f"gh workflow run release.yml --ref v{VERSION}",
        f"gh workflow run deploy.yml --ref v{VERSION} -f tag={VERSION} -f environment=production",
    ]
    assert all(set(WORKFLOWS[name][True]) == {"workflow_dispatch"} for name in ("release", "deploy"))


def test_environments_can_choose_their_overlay(tmp_path):
    deploy, _ = _deploying()
    assert deploy["env"]["OVERLAY"] == "${{ vars.OVERLAY || 'azure' }}"
    with _started(deploy, tmp_path, OVERLAY="nowhere") as process:
        _, said = process.communicate(timeout=60)
    assert "invalid choice: 'nowhere'" in said


def _deploying() -> list[dict]:
    return [step for step in WORKFLOWS["deploy"]["jobs"]["deploy"]["steps"] if "k8s/deploy.py" in step.get("run", "")]


def test_cancelled_deploy_rolls_back(tmp_path):
    deploy, _ = _deploying()
    (tmp_path / "found.json").write_text(found(BEFORE))
    with _started(deploy, tmp_path, LOOK="", TAG="0.2.0", BROKEN="rollout", SLOW="1") as process:
        wait_until(lambda: "kubectl rollout" in (tmp_path / "calls").read_text())
        process.send_signal(signal.SIGINT)  # the runner signals only this process
        out, err = process.communicate(timeout=30)
    assert "The previous version was applied again" in err, out + err
    assert not (tmp_path / "before.json").exists()


def test_killed_deploy_rolls_back_next_step(tmp_path):
    deploy, back = _deploying()
    assert back["if"] == "failure() || cancelled()"
    assert deploy["timeout-minutes"] < WORKFLOWS["deploy"]["jobs"]["deploy"]["timeout-minutes"]
    (tmp_path / "before.json").write_text("{}")
    assert _ran(back, tmp_path).returncode == 0
    assert (tmp_path / "applied-1").read_text() == "{}"


def test_tags_are_validated_before_use(tmp_path):
    (look,) = [step for step in WORKFLOWS["images"]["jobs"]["image"]["steps"][:2] if "run" in step]
    with _started(look, tmp_path, GITHUB_REF_NAME="v999.0.0") as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "v999.0.0" in said
