"""k8s/deploy.py with a stand-in for kubectl: its calls, their order and the results."""

from __future__ import annotations

import json
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

from tests.delivery.deploying import AZURE, calls, deploy, started
from tests.delivery.stubs import BEFORE, PREPARE, found, released, stubbed
from tests.processes import ROOT, wait_until


@contextmanager
def _waiting(folder: Path, what: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A deploy that is waiting for ``what``."""
    with started(folder, *arguments, before=found(BEFORE), BROKEN=what, SLOW="1") as process:
        try:
            wait_until(lambda: what in calls(folder))
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            # A killed deploy leaves its folder behind.
            kustomized = (folder / "calls").read_text().splitlines()[0].removeprefix("kubectl kustomize ")
            shutil.rmtree(kustomized, ignore_errors=True)


def _applied(folder: Path, number: int) -> list[dict]:
    text = (folder / f"applied-{number}").read_text()
    return [each for each in yaml.safe_load_all(text) if each]


def _images(documents: list[dict]) -> set[str]:
    found = set()
    for document in documents:
        found |= {line.split("image: ")[1] for line in yaml.safe_dump(document).splitlines() if "image: ghcr" in line}
    return found


def test_deploy_shows_applies_then_waits(tmp_path):
    done = deploy(tmp_path, *AZURE, "0.1.0", "--registry", "ghcr.io/someone", before=found(BEFORE))
    assert (done.returncode, done.stderr) == (0, "")
    assert calls(tmp_path) == ["diff", "delete", "apply", "wait", "rollout", "wait", "apply"]
    assert done.stdout.index("+ something is different") < done.stdout.index("Version 0.1.0 runs.")
    assert _images(_applied(tmp_path, 1)) == {"ghcr.io/someone/web:0.1.0", "ghcr.io/someone/worker:0.1.0"}


def _digests(folder: Path, tag: str = "0.1.0") -> list[str]:
    (folder / "images.json").write_text(released(tag))
    return ["--digests", str(folder / "images.json"), "--signed-by", "someone/filesure"]


def test_released_images_are_verified_and_deployed_by_digest(tmp_path):
    done = deploy(tmp_path, *AZURE, "0.1.0", "--registry", "ghcr.io/someone", *_digests(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert _images(_applied(tmp_path, 1)) == {
        f"ghcr.io/someone/web@sha256:{1:064}",
        f"ghcr.io/someone/worker@sha256:{2:064}",
    }
    cosign = [line for line in (tmp_path / "calls").read_text().splitlines() if line.startswith("cosign")]
    assert len(cosign) == 2
    identity = "https://github.com/someone/filesure/.github/workflows/images.yml@refs/tags/v0.1.0"
    assert all(f"--certificate-identity {identity} --certificate-oidc-issuer" in each for each in cosign)


@pytest.mark.parametrize(
    ("settings", "tag", "said"), [({"UNSIGNED": "1"}, "0.1.0", "cosign verify"), ({}, "0.2.0", "images of 0.2.0")]
)
def test_other_images_are_not_deployed(tmp_path, settings, tag, said):
    done = deploy(tmp_path, *AZURE, "0.1.0", *_digests(tmp_path, tag), **settings)
    assert (done.returncode, "kubectl" in (tmp_path / "calls").read_text()) == (1, False)
    assert said in done.stderr


@pytest.mark.parametrize("text", ["", "{}", '{"tag": "0.1.0", "web": 1, "worker": 2}', "[]"])
def test_file_without_digests_is_refused(tmp_path, text):
    (tmp_path / "images.json").write_text(text)
    done = deploy(tmp_path, *AZURE, "0.1.0", "--digests", str(tmp_path / "images.json"))
    assert (done.returncode, calls(tmp_path)) == (1, [])
    assert "images.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_smoke_job_runs_to_its_end(tmp_path):
    (tmp_path / "smoke.json").write_text('{"jobStatus": "completed"}')
    done = deploy(tmp_path, *AZURE, "0.1.0", "--smoke", "simulated")
    assert (done.returncode, "Smoke job: completed." in done.stdout) == (0, True), done.stderr
    assert "manage.py create_jobs --count 1 --priority 9" in (tmp_path / "calls").read_text()


def test_failed_smoke_job_rolls_back(tmp_path):
    (tmp_path / "smoke.json").write_text('{"jobStatus": "failed", "lastError": {"message": "no store"}}')
    done = deploy(tmp_path, *AZURE, "0.2.0", "--smoke", "L24295GJ1987PLC143792=Vindhya Ltd", before=found(BEFORE))
    assert done.returncode == 1
    assert "is failed: no store" in done.stderr
    assert "The previous version runs again" in done.stderr
    assert "--cin L24295GJ1987PLC143792 --company Vindhya Ltd --again" in (tmp_path / "calls").read_text()


def test_dry_run_changes_nothing(tmp_path):
    done = deploy(tmp_path, *AZURE, "0.1.0", "--dry-run")
    assert (done.returncode, calls(tmp_path)) == (0, ["diff"])


@pytest.mark.parametrize("broken", ["rollout", "wait"])
@pytest.mark.parametrize("objects", [[BEFORE], [BEFORE, PREPARE]])  # Jobs are removed some minutes after they end
def test_failed_rollout_is_undone(tmp_path, broken, objects):
    done = deploy(tmp_path, *AZURE, "0.2.0", before=found(*objects), BROKEN=broken)
    assert done.returncode == 1
    assert "0.2.0 does not run" in done.stderr
    assert "The previous version runs again" in done.stderr
    assert _applied(tmp_path, 2) == objects  # as applied, without the server's fields
    again = calls(tmp_path)[calls(tmp_path).index(broken) + 1 :]
    assert again == ["delete", "apply", *(["wait"] if PREPARE in objects else []), "rollout"]


def test_first_deploy_has_nothing_to_restore(tmp_path):
    done = deploy(tmp_path, *AZURE, "0.2.0", NAMESPACE="", BROKEN="rollout")
    assert done.returncode == 1
    assert "no previous version to roll back to" in done.stderr
    assert calls(tmp_path) == ["apply", "diff", "delete", "apply", "wait", "rollout"]
    log = (tmp_path / "calls").read_text()
    assert log.index("kubectl get -f") < log.index("kubectl apply"), "the namespace alone would be the previous version"


def test_failed_diff_stops_the_deploy(tmp_path):
    done = deploy(tmp_path, *AZURE, "0.1.0", DIFFERENCE="2")
    assert (done.returncode, calls(tmp_path)) == (1, ["diff"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("what", ["wait", "rollout"])
def test_stopped_deploy_restores_the_previous_version(tmp_path, what, number):
    with _waiting(tmp_path, what, *AZURE, "0.2.0") as process:
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Stopped by {number.name}" in said
    assert "The previous version was applied again" in said
    assert _applied(tmp_path, 2) == [BEFORE]
    assert calls(tmp_path)[-3:] == [what, "delete", "apply"]


def test_back_restores_after_a_kill(tmp_path):
    kept = tmp_path / "kept.json"
    with _waiting(tmp_path, "rollout", *AZURE, "0.2.0", "--before", str(kept)) as process:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert kept.stat().st_mode & 0o777 == 0o600
    again, back = tmp_path / "again", tmp_path / "back"
    again.mkdir()
    back.mkdir()
    done = deploy(again, *AZURE, "0.2.0", "--before", str(kept))
    assert (done.returncode, calls(again)) == (2, []), "the previous version would be forgotten"
    done = deploy(back, "--back", str(kept), BROKEN="rollout")
    assert (done.returncode, calls(back)) == (0, ["delete", "apply", "rollout"])
    assert _applied(back, 1) == [BEFORE]
    assert not kept.exists()


@pytest.mark.parametrize("broken", ["", "rollout"])
def test_finished_deploy_leaves_nothing_to_restore(tmp_path, broken):
    kept = tmp_path / "kept.json"
    deploy(tmp_path, *AZURE, "0.2.0", "--before", str(kept), before=found(BEFORE), BROKEN=broken)
    back = tmp_path / "back"
    back.mkdir()
    done = deploy(back, "--back", str(kept))
    assert (done.returncode, calls(back)) == (0, [])


# deploy.py with a timeout of one second instead of three minutes.
HURRIED = """
import runpy, sys
sys.path.insert(0, sys.argv[1].removesuffix("deploy.py"))
import kubectl
kubectl.CALL_SECONDS = 1
main = runpy.run_path(sys.argv.pop(1))["main"]
sys.exit(main())
"""


def test_hanging_kubectl_times_out(tmp_path):
    environment = stubbed(tmp_path, kubectl="[[ $1 == kustomize ]] || exec sleep 60")
    command = [sys.executable, "-c", HURRIED, str(ROOT / "k8s/deploy.py"), *AZURE, "0.1.0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (1, "kubectl get deployments: no answer after 1 seconds\n")


@pytest.mark.parametrize("arguments", [["azure"], ["nowhere", "--tag", "1"], [*AZURE, "a b"]])
def test_wrong_arguments_are_refused(tmp_path, arguments):
    done = deploy(tmp_path, *arguments)
    assert (done.returncode, calls(tmp_path)) == (2, [])
    assert "error:" in done.stderr


def _pod(job: str, phase: str, state: dict | None) -> dict:
    started = [{"state": state}] if state else []
    labels = {"batch.kubernetes.io/job-name": job}
    return {"metadata": {"labels": labels}, "status": {"phase": phase, "initContainerStatuses": started}}


def test_only_workers_that_cannot_start_are_deleted(tmp_path):
    pods = [
        _pod("no-image", "Pending", {"waiting": {"reason": "ImagePullBackOff"}}),
        _pod("no-room", "Pending", None),
        _pod("wrong-setting", "Pending", {"waiting": {"reason": "CreateContainerConfigError"}}),
        _pod("starts", "Pending", {"waiting": {"reason": "PodInitializing"}}),
        _pod("claims", "Pending", {"running": {}}),
        _pod("works", "Running", {"terminated": {}}),
    ]
    (tmp_path / "pods.json").write_text(json.dumps({"items": pods}))
    assert deploy(tmp_path, *AZURE, "0.1.0").returncode == 0
    deleted = [line for line in (tmp_path / "calls").read_text().splitlines() if "kubectl delete job" in line][-1]
    assert deleted == "kubectl delete job no-image no-room wrong-setting -n filesure --ignore-not-found"


def test_finished_job_does_not_block_the_deploy(tmp_path):
    assert deploy(tmp_path, *AZURE, "0.1.0").returncode == 0
    assert "kind: Job\n" not in (tmp_path / "compared").read_text()
    log = (tmp_path / "calls").read_text()
    assert "delete job prepare -n filesure" in log
    assert log.index("delete job prepare") < log.index("apply --server-side")


def test_stored_version_is_rolled_back_to(tmp_path):
    assert deploy(tmp_path, *AZURE, "0.1.0").returncode == 0
    again = tmp_path / "again"
    again.mkdir()
    (tmp_path / "remembered.json").rename(again / "deployed.json")
    done = deploy(again, *AZURE, "0.2.0", BROKEN="scaledjob/worker")
    assert done.returncode == 1
    assert "The previous version runs again" in done.stderr
    assert _images(_applied(again, 2)) == {"ghcr.io/filesure/web:0.1.0", "ghcr.io/filesure/worker:0.1.0"}


def test_omitted_objects_are_deleted_except_data(tmp_path):
    deploy(tmp_path, *AZURE, "0.1.0")
    kinds = ["Ingress", "PersistentVolumeClaim", "ConfigMap"]
    before = [{"apiVersion": "v1", "kind": kind, "metadata": {"name": f"old-{kind.lower()}"}} for kind in kinds]
    names = ["settings-2222222222", "web-tls", "old-configmap"]
    made = [{"kind": "ConfigMap", "metadata": {"name": name}} for name in names]
    (tmp_path / "generated.json").write_text(json.dumps({"items": made}))
    (tmp_path / "calls").write_text("")
    assert deploy(tmp_path, *AZURE, "0.2.0", before=found(*before)).returncode == 0
    deleted = [line.split()[2:4] for line in (tmp_path / "calls").read_text().splitlines() if " delete " in line]
    assert deleted == [["job", "prepare"], ["Ingress", "old-ingress"], ["ConfigMap", "settings-2222222222"]]
