"""k8s/deploy.py, with a kubectl that has no cluster: what it is asked for, in which order, and what follows."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import yaml

from tests.delivery.stubs import BEFORE, KUBECTL, PREPARE, found, stubbed
from tests.processes import ROOT, wait_until


def _started(folder: Path, *arguments: str, before: str = "", **settings: str) -> subprocess.Popen[str]:
    environment = stubbed(folder, kubectl=KUBECTL) | settings
    (folder / "found.json").write_text(before)
    return subprocess.Popen(
        [sys.executable, str(ROOT / "k8s/deploy.py"), *arguments], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def _deploy(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    with _started(folder, *arguments, **settings) as process:
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@contextmanager
def _waiting(folder: Path, what: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A deploy that waits for this, and will for long."""
    with _started(folder, *arguments, before=found(BEFORE), BROKEN=what, SLOW="1") as process:
        try:
            wait_until(lambda: what in _calls(folder))
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            # A killed one leaves its folder.
            kustomized = (folder / "calls").read_text().splitlines()[0].removeprefix("kubectl kustomize ")
            shutil.rmtree(kustomized, ignore_errors=True)


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
    done = _deploy(tmp_path, "azure", "--tag", "0.1.0", "--registry", "ghcr.io/someone", before=found(BEFORE))
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
    done = _deploy(tmp_path, "azure", "--tag", "0.2.0", before=found(*objects), BROKEN=broken)
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("what", ["wait", "rollout"])
def test_told_to_stop_it_applies_what_ran_before_and_does_not_wait_for_it(tmp_path, what, number):
    with _waiting(tmp_path, what, "azure", "--tag", "0.2.0") as process:
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Stopped by {number.name}" in said
    assert "What ran before was applied again" in said
    assert _applied(tmp_path, 2)[0]["items"] == [BEFORE]
    assert _calls(tmp_path)[-3:] == [what, "delete", "apply"]


def test_killed_it_leaves_what_ran_before_and_back_applies_it(tmp_path):
    kept = tmp_path / "kept.json"
    with _waiting(tmp_path, "rollout", "azure", "--tag", "0.2.0", "--before", str(kept)) as process:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert kept.stat().st_mode & 0o777 == 0o600
    again, back = tmp_path / "again", tmp_path / "back"
    again.mkdir()
    back.mkdir()
    done = _deploy(again, "azure", "--tag", "0.2.0", "--before", str(kept))
    assert (done.returncode, _calls(again)) == (2, []), "what ran before would be forgotten"
    done = _deploy(back, "--back", str(kept), BROKEN="rollout")
    assert (done.returncode, _calls(back)) == (0, ["delete", "apply", "rollout"])
    assert _applied(back, 1)[0]["items"] == [BEFORE]
    assert not kept.exists()


@pytest.mark.parametrize("broken", ["", "rollout"])
def test_one_that_ends_by_itself_leaves_nothing_to_go_back_to(tmp_path, broken):
    kept = tmp_path / "kept.json"
    _deploy(tmp_path, "azure", "--tag", "0.2.0", "--before", str(kept), before=found(BEFORE), BROKEN=broken)
    back = tmp_path / "back"
    back.mkdir()
    done = _deploy(back, "--back", str(kept))
    assert (done.returncode, _calls(back)) == (0, [])


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
