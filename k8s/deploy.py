#!/usr/bin/env python3
"""Deploys a version: shows what would change, applies it, waits for it, and rolls back if it fails.

    python3 k8s/deploy.py azure --tag 0.1.0              --dry-run only shows the changes
                                                         --digests images.json --signed-by OWNER/REPOSITORY check them
    python3 k8s/deploy.py --back before.yaml             after a deploy with --before before.yaml was killed

It needs kubectl, whose current context must be the cluster. The exit code is 0 if the version runs, 1 if it does not
(the previous version was applied again), and 2 for invalid arguments. On Ctrl-C or SIGTERM it applies the previous
version without waiting for it to run.

The running version's manifests are stored in the cluster, in the Secret ``deployed``, for a rollback.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import images
from kubectl import NAMESPACE, SERVER_SIDE, Failed, Stopped, kubectl, last_line, run, wait_for
from preflight import check
from smoke import smoke
from versions import applied_before, objects, prune, remember

K8S = Path(__file__).resolve().parent
IMAGES = "ghcr.io/filesure"
# With these reasons an init container is about to start, so the pod may claim a job at any moment.
_STARTING = {"ContainerCreating", "PodInitializing"}
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def main() -> int:
    """Returns the exit code."""
    arguments = _arguments()
    _on_signals(_stop)
    try:
        if arguments.back:
            return _back(arguments.back)
        with tempfile.TemporaryDirectory(dir=K8S, prefix=".deploy-") as folder:
            return _deploy(Path(folder), arguments)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    overlays = sorted(path.parent.name for path in K8S.glob("overlays/*/kustomization.yaml"))
    parser = argparse.ArgumentParser(prog="deploy.py", description=(__doc__ or "").split("\n", 1)[0])
    written = "the folder in k8s/overlays; `make azure-up` writes azure-dev or azure-prod"
    parser.add_argument("overlay", nargs="?", choices=overlays, help=written)
    parser.add_argument("--tag", help="the images' tag, such as 0.1.0")
    parser.add_argument("--registry", default=IMAGES, help="the images' registry (default: %(default)s)")
    parser.add_argument("--digests", type=Path, metavar="FILE", help="a release's images.json, to deploy by digest")
    parser.add_argument("--signed-by", metavar="OWNER/REPOSITORY", help="check who signed the images; needs cosign")
    parser.add_argument("--smoke", metavar="COMPANY", help="then run a job to its end: simulated, or CIN=NAME")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--simulated", action="store_true", help="accept SOURCE=simulated outside test clusters")
    parser.add_argument(
        "--before", type=Path, metavar="FILE", help="a file for the previous version, removed once the new one runs"
    )
    parser.add_argument("--back", type=Path, metavar="FILE", help="rolls back to that file, if it still exists")
    arguments = parser.parse_args()
    if arguments.back:
        return arguments
    if not (arguments.overlay and arguments.tag):
        parser.error("an overlay and --tag, or --back, are needed")
    if arguments.before and arguments.before.exists():
        parser.error(f"{arguments.before} belongs to an unfinished deploy: --back {arguments.before}, or remove it")
    if arguments.signed_by and not arguments.digests:
        parser.error("--signed-by needs --digests, since a tag can be moved after the check")
    if not _TAG.fullmatch(arguments.tag):
        parser.error(f"{arguments.tag!r} is not a valid image tag")
    return arguments


def _deploy(folder: Path, arguments: argparse.Namespace) -> int:
    new = folder / "new.yaml"
    new.write_text(_rendered(folder, arguments))
    check(new.read_text(), simulated=arguments.simulated)
    before = applied_before(new)
    if not kubectl("get", "namespace", NAMESPACE, "--ignore-not-found", "-o", "name"):
        print(f"The namespace {NAMESPACE} does not exist yet: everything is new.")
        if arguments.dry_run:
            return 0
        kubectl("apply", *SERVER_SIDE, "-f", str(K8S / "base/common/namespace.yaml"))
    _show_difference(new)
    if arguments.dry_run:
        return 0
    old = arguments.before or folder / "before.yaml"
    if before:
        _keep(before, old)
    try:
        _apply(new)
        _wait(new)
        if arguments.smoke:
            print(f"Smoke job: {smoke(arguments.smoke)}.", flush=True)
    except Failed as error:
        _on_signals(
            signal.SIG_IGN
        )  # a half-finished rollback would be worse than either version, and it takes only seconds
        print(f"{error}\nVersion {arguments.tag} does not run.", file=sys.stderr)
        raise Failed(f"{_rolled_back(old, error)}; {arguments.tag} was not deployed.") from error
    print(f"Version {arguments.tag} runs.")
    remember(folder, new)
    prune(before, new.read_text())
    old.unlink(missing_ok=True)
    return 0


def _keep(before: str, old: Path) -> None:
    """Write the file atomically, for a rollback after kill -9."""
    part = old.with_name(f"{old.name}.part")
    part.touch(mode=0o600)  # some overlays contain secrets
    part.write_text(before)
    part.replace(old)


def _rolled_back(old: Path, error: Failed) -> str:
    """Roll back. Returns a sentence about the outcome. Raises Failed."""
    if not isinstance(error, Stopped):
        _show_details()
    if not old.exists():
        return "There is no previous version to roll back to"
    print("Rolling back to the previous version.", file=sys.stderr)
    _apply(old)
    _on_signals(_stop)
    if not isinstance(error, Stopped):
        _wait(old)
    old.unlink()
    return "The previous version was applied again" if isinstance(error, Stopped) else "The previous version runs again"


def _back(old: Path) -> int:
    if not old.exists():
        print("No deploy was left unfinished.")
        return 0
    _apply(old)
    print("The previous version was applied again.", flush=True)
    _wait(old)
    old.unlink()
    print("It runs again.")
    return 0


def _rendered(folder: Path, arguments: argparse.Namespace) -> str:
    """The overlay's manifests with this version's images."""
    digests = images.read(arguments.digests, arguments.tag) if arguments.digests else {}
    if arguments.signed_by:
        images.verify(arguments.registry, arguments.tag, digests, arguments.signed_by)
    chosen = [
        {"name": f"{IMAGES}/{part}", "newName": f"{arguments.registry}/{part}"}
        | ({"digest": digests[part]} if digests else {"newTag": arguments.tag})
        for part in images.PARTS
    ]
    # JSON is valid YAML.
    (folder / "kustomization.yaml").write_text(
        json.dumps(
            {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "resources": [f"../overlays/{arguments.overlay}"],
                "images": chosen,
            }
        )
    )
    return kubectl("kustomize", str(folder))


def _show_difference(new: Path) -> None:
    """Jobs are left out, because an existing Job cannot be changed, only deleted and created again."""
    compared = new.with_name("compared.yaml")
    compared.write_text("\n---\n".join(text for kind, _, text in objects(new.read_text()) if kind != "Job"))
    done = run("diff", *SERVER_SIDE, "-f", str(compared))
    print(done.stdout or "There are no differences.", flush=True)
    if done.returncode > 1:  # 1: there are differences
        raise Failed(f"kubectl diff: {last_line(done.stderr)}")


def _apply(file: Path) -> None:
    """Raises Failed."""
    jobs = [name for kind, name, _ in objects(file.read_text()) if kind == "Job"]
    kubectl("delete", "job", "prepare", *sorted({*jobs} - {"prepare"}), "-n", NAMESPACE, "--ignore-not-found")
    print(kubectl("apply", *SERVER_SIDE, "-f", str(file)), flush=True)
    _delete_stuck_workers()


def _delete_stuck_workers() -> None:
    """Delete worker Jobs whose pods cannot start: KEDA counts them as pending and would not replace them."""
    chosen = ("-n", NAMESPACE, "-l", "app.kubernetes.io/component=worker")
    pods = json.loads(kubectl("get", "pods", *chosen, "-o", "json") or "{}").get("items", [])
    jobs = sorted({pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] for pod in pods if _stuck(pod)})
    if jobs:
        kubectl("delete", "job", *jobs, "-n", NAMESPACE, "--ignore-not-found")
        print(f"Deleted {len(jobs)} worker Jobs whose pods could not start.")


def _stuck(pod: dict[str, Any]) -> bool:
    """Whether the pod's init container has neither run nor is about to, which means that it has claimed no job."""
    status = pod["status"]
    containers = status.get("initContainerStatuses", [])
    waiting = [each["state"]["waiting"].get("reason") for each in containers if "waiting" in each.get("state", {})]
    return status.get("phase") == "Pending" and (not containers or bool(set(waiting) - _STARTING))


def _wait(file: Path) -> None:
    """Wait until this version runs. Raises Failed."""
    there = {(kind, name) for kind, name, _ in objects(file.read_text())}
    if ("Job", "prepare") in there:
        wait_for("wait", "job/prepare", "--for=condition=complete")
    wait_for("rollout", "status", "deployment/web")
    if ("ScaledJob", "worker") in there:
        wait_for("wait", "scaledjob/worker", "--for=condition=Ready")


def _show_details() -> None:
    """Print pods, events and logs, which explain most failures."""
    for command in (
        ["get", "pods", "-n", NAMESPACE, "-o", "wide"],
        ["get", "events", "-n", NAMESPACE, "--sort-by=.lastTimestamp", "--field-selector=type=Warning"],
        ["logs", "-n", NAMESPACE, "deployment/web", "--all-containers", "--prefix", "--tail=30"],
    ):
        with contextlib.suppress(Failed):
            done = run(*command)
            print(done.stdout + done.stderr, file=sys.stderr)


def _on_signals(what: Callable[[int, FrameType | None], Any] | signal.Handlers) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, what)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(f"Stopped by {signal.Signals(number).name}.")


if __name__ == "__main__":
    sys.exit(main())
