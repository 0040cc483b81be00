#!/usr/bin/env python3
"""Puts a version into a cluster: shows what would change, applies it, waits for it, and goes back if it fails.

    python3 k8s/deploy.py azure --tag 0.1.0              --dry-run only shows

Needs kubectl, whose current context is the cluster. Exits with 0 if the version runs, 1 if it does not (what ran before
was applied again), 2 if it was called wrongly.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

K8S = Path(__file__).resolve().parent
NAMESPACE = "filesure"
IMAGES = "ghcr.io/filesure"
WAIT_SECONDS = 600
CALL_SECONDS = 180  # kubectl by itself waits for ever: for a server, for a login, for an object to be gone
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class Failed(Exception):
    """kubectl did not do what it was to do."""


def main() -> int:
    """Returns the exit code."""
    arguments = _arguments()
    try:
        with tempfile.TemporaryDirectory(dir=K8S, prefix=".deploy-") as folder:
            return _deploy(Path(folder), arguments)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    overlays = sorted(path.parent.name for path in K8S.glob("overlays/*/kustomization.yaml"))
    parser = argparse.ArgumentParser(prog="deploy.py", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("overlay", choices=overlays)
    parser.add_argument("--tag", required=True, help="the images' tag, such as 0.1.0")
    parser.add_argument("--registry", default=IMAGES, help="where the images are (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    arguments = parser.parse_args()
    if not _TAG.fullmatch(arguments.tag):
        parser.error(f"{arguments.tag!r} is no tag of an image")
    return arguments


def _deploy(folder: Path, arguments: argparse.Namespace) -> int:
    new = folder / "new.yaml"
    new.write_text(_rendered(folder, arguments))
    before = _applied_before(new)
    if not _kubectl("get", "namespace", NAMESPACE, "--ignore-not-found", "-o", "name"):
        print(f"There is no namespace {NAMESPACE} yet: all of it is new.")
        if arguments.dry_run:
            return 0
        _kubectl("apply", "-f", str(K8S / "base/common/namespace.yaml"))
    _show_difference(new)
    if arguments.dry_run:
        return 0
    try:
        _apply(new)
    except Failed as error:
        print(f"{error}\nVersion {arguments.tag} does not run.", file=sys.stderr)
        _tell_why()
        if not before["items"]:
            raise Failed("Nothing ran before, so there is nothing to go back to.") from error
        print("Going back to what ran before.", file=sys.stderr)
        old = folder / "before.json"
        old.write_text(json.dumps(before))
        _apply(old)
        raise Failed(f"What ran before runs again; {arguments.tag} was not deployed.") from error
    print(f"Version {arguments.tag} runs.")
    return 0


def _rendered(folder: Path, arguments: argparse.Namespace) -> str:
    """The overlay with the images of this version."""
    images = [
        {"name": f"{IMAGES}/{part}", "newName": f"{arguments.registry}/{part}", "newTag": arguments.tag}
        for part in ("web", "worker")
    ]
    # JSON is YAML.
    (folder / "kustomization.yaml").write_text(json.dumps({
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
        "resources": [f"../overlays/{arguments.overlay}"], "images": images,
    }))  # fmt: skip
    return _kubectl("kustomize", str(folder))


def _show_difference(new: Path) -> None:
    done = _run("diff", "-f", str(new))
    print(done.stdout or "Nothing is different.", flush=True)
    if done.returncode > 1:  # 1: there are differences
        raise Failed(f"kubectl diff: {_last_line(done.stderr)}")


def _applied_before(new: Path) -> dict[str, Any]:
    """What of these was applied last, as it was applied: what a cluster made of it could not be applied again."""
    found = json.loads(_kubectl("get", "-f", str(new), "--ignore-not-found", "-o", "json") or "{}")
    items = found.get("items", [found] if found else [])
    applied = [item["metadata"].get("annotations", {}).get(_APPLIED) for item in items]
    return {"apiVersion": "v1", "kind": "List", "items": [json.loads(each) for each in applied if each]}


def _apply(file: Path) -> None:
    """Returns when all of it runs. Raises Failed."""
    # A Job cannot be changed, so it is made anew.
    _kubectl("delete", "job", "prepare", "-n", NAMESPACE, "--ignore-not-found")
    print(_kubectl("apply", "-f", str(file)), flush=True)
    # What ran before rarely has one: it is gone ten minutes after its end, and indexes are only ever added.
    if _kubectl("get", "job", "prepare", "-n", NAMESPACE, "--ignore-not-found", "-o", "name"):
        _wait("wait", "job/prepare", "--for=condition=complete")
    _wait("rollout", "status", "deployment/web")


def _tell_why() -> None:
    """What one would look at first."""
    for command in (
        ["get", "pods", "-n", NAMESPACE, "-o", "wide"],
        ["get", "events", "-n", NAMESPACE, "--sort-by=.lastTimestamp", "--field-selector=type=Warning"],
        ["logs", "-n", NAMESPACE, "deployment/web", "--all-containers", "--prefix", "--tail=30"],
    ):
        with contextlib.suppress(Failed):
            done = _run(*command)
            print(done.stdout + done.stderr, file=sys.stderr)


def _wait(*arguments: str) -> None:
    _kubectl(*arguments, "-n", NAMESPACE, f"--timeout={WAIT_SECONDS}s", seconds=WAIT_SECONDS + CALL_SECONDS)


def _kubectl(*arguments: str, seconds: float | None = None) -> str:
    """Its output. Raises Failed."""
    done = _run(*arguments, seconds=seconds)
    if done.returncode:
        raise Failed(f"kubectl {' '.join(arguments[:2])}: {_last_line(done.stderr)}")
    return done.stdout.strip()


def _run(*arguments: str, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    """Raises Failed if there is no kubectl, or no answer after so many seconds (None: CALL_SECONDS)."""
    command, limit = ["kubectl", *arguments], seconds or CALL_SECONDS
    try:
        return subprocess.run(command, check=False, text=True, capture_output=True, timeout=limit)
    except FileNotFoundError as error:
        raise Failed("kubectl is missing: https://kubernetes.io/docs/tasks/tools/") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"kubectl {' '.join(arguments[:2])}: no answer after {limit:g} seconds") from error


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


if __name__ == "__main__":
    sys.exit(main())
