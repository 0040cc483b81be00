"""k8s/deploy.py, with a kubectl that has no cluster: what it is asked for, in which order, and what follows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.delivery.stubs import KUBECTL, stubbed
from tests.processes import ROOT

BEFORE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "filesure"}}
PREPARE = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "prepare", "namespace": "filesure"}}


def _found(*objects: dict) -> str:
    """As the API server tells them: with what it added, and with what was applied."""
    items = [
        each | {"status": {}, "metadata": each["metadata"] | {"resourceVersion": "7", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps(each)}}}
        for each in objects
    ]  # fmt: skip
    return json.dumps({"kind": "List", "items": items} if len(items) != 1 else items[0])


def _deploy(folder: Path, *arguments: str, before: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    environment = stubbed(folder, kubectl=KUBECTL) | settings
    (folder / "before.json").write_text(before)
    command = [sys.executable, str(ROOT / "k8s/deploy.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def _calls(folder: Path) -> list[str]:
    """The subcommands, without what only looks."""
    calls = [line.split()[1] for line in (folder / "calls").read_text().splitlines()]
    return [call for call in calls if call not in {"get", "kustomize", "logs"}]


def _applied(folder: Path, number: int) -> list[dict]:
    text = (folder / f"applied-{number}").read_text()
    return [each for each in yaml.safe_load_all(text) if each]


def _images(documents: list[dict]) -> set[str]:
    found = set()
    for document in documents:
        found |= {line.split("image: ")[1] for line in yaml.safe_dump(document).splitlines() if "image: ghcr" in line}
    return found


def test_it_shows_first_then_applies_then_waits(tmp_path):
    done = _deploy(tmp_path, "azure", "--tag", "0.1.0", "--registry", "ghcr.io/someone", before=_found(BEFORE))
    assert (done.returncode, done.stderr) == (0, "")
    assert _calls(tmp_path) == ["diff", "delete", "apply", "wait", "rollout"]
    assert done.stdout.index("+ something is different") < done.stdout.index("Version 0.1.0 runs.")
    assert _images(_applied(tmp_path, 1)) == {"ghcr.io/someone/web:0.1.0", "ghcr.io/someone/worker:0.1.0"}


def test_a_dry_run_changes_nothing(tmp_path):
    done = _deploy(tmp_path, "azure", "--tag", "0.1.0", "--dry-run")
    assert (done.returncode, _calls(tmp_path)) == (0, ["diff"])


@pytest.mark.parametrize("broken", ["rollout", "wait"])
@pytest.mark.parametrize("objects", [[BEFORE], [BEFORE, PREPARE]])  # a Job is gone some minutes after its end
def test_what_does_not_come_up_is_undone(tmp_path, broken, objects):
    done = _deploy(tmp_path, "azure", "--tag", "0.2.0", before=_found(*objects), BROKEN=broken)
    assert done.returncode == 1
    assert "0.2.0 does not run" in done.stderr
    assert "What ran before runs again" in done.stderr
    assert _applied(tmp_path, 2)[0]["items"] == objects  # as they were applied, without what the server added
    again = _calls(tmp_path)[_calls(tmp_path).index(broken) + 1 :]
    assert again == ["delete", "apply", *(["wait"] if PREPARE in objects else []), "rollout"]


def test_with_nothing_before_there_is_nothing_to_go_back_to(tmp_path):
    done = _deploy(tmp_path, "azure", "--tag", "0.2.0", NAMESPACE="", BROKEN="rollout")
    assert done.returncode == 1
    assert "nothing to go back to" in done.stderr
    assert _calls(tmp_path) == ["apply", "diff", "delete", "apply", "wait", "rollout"]
    calls = (tmp_path / "calls").read_text()
    assert calls.index("kubectl get -f") < calls.index("kubectl apply"), "the namespace alone would be what ran before"


def test_a_difference_that_cannot_be_told_ends_it(tmp_path):
    done = _deploy(tmp_path, "azure", "--tag", "0.1.0", DIFFERENCE="2")
    assert (done.returncode, _calls(tmp_path)) == (1, ["diff"])


# deploy.py with a second instead of three minutes.
HURRIED = """
import runpy, sys
main = runpy.run_path(sys.argv.pop(1))["main"]
main.__globals__["CALL_SECONDS"] = 1
sys.exit(main())
"""


def test_a_kubectl_that_does_not_answer_is_not_waited_for_for_ever(tmp_path):
    environment = stubbed(tmp_path, kubectl="[[ $1 == kustomize ]] || exec sleep 60")
    command = [sys.executable, "-c", HURRIED, str(ROOT / "k8s/deploy.py"), "azure", "--tag", "0.1.0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (1, "kubectl get -f: no answer after 1 seconds\n")


@pytest.mark.parametrize("arguments", [["azure"], ["nowhere", "--tag", "1"], ["azure", "--tag", "a b"]])
def test_wrong_arguments(tmp_path, arguments):
    done = _deploy(tmp_path, *arguments)
    assert (done.returncode, _calls(tmp_path)) == (2, [])
    assert "error:" in done.stderr
