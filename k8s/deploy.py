#!/usr/bin/env python3
"""Puts a version into a cluster: shows what would change, applies it, waits for it, and goes back if it fails.

    python3 k8s/deploy.py azure --tag 0.1.0              --dry-run only shows
    python3 k8s/deploy.py --back before.json             after one with --before before.json was killed

Needs kubectl, whose current context is the cluster. Exits with 0 if the version runs, 1 if it does not (what ran before
was applied again), 2 if it was called wrongly. Told to stop (Ctrl-C, SIGTERM), it applies what ran before, and does not
wait for it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
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


class Stopped(Failed):
    """Somebody wants it to end now."""


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
    parser.add_argument("overlay", nargs="?", choices=overlays)
    parser.add_argument("--tag", help="the images' tag, such as 0.1.0")
    parser.add_argument("--registry", default=IMAGES, help="where the images are (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--before", type=Path, metavar="FILE", help="keeps what ran before until it is not needed")
    parser.add_argument("--back", type=Path, metavar="FILE", help="goes back to that, if it is still there")
    arguments = parser.parse_args()
    if arguments.back:
        return arguments
    if not (arguments.overlay and arguments.tag):
        parser.error("an overlay and --tag, or --back, are needed")
    if arguments.before and arguments.before.exists():
        parser.error(f"{arguments.before} is of a deploy that did not end: --back {arguments.before}, or remove it")
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
    old = arguments.before or folder / "before.json"
    if before["items"]:
        _keep(before, old)
    try:
        _apply(new)
        _wait()
    except Failed as error:
        _on_signals(signal.SIG_IGN)  # half of what follows would be worse than either version, and it takes seconds
        print(f"{error}\nVersion {arguments.tag} does not run.", file=sys.stderr)
        raise Failed(f"{_undone(old, error)}; {arguments.tag} was not deployed.") from error
    print(f"Version {arguments.tag} runs.")
    old.unlink(missing_ok=True)
    return 0


def _keep(before: dict[str, Any], old: Path) -> None:
    """The file is there whole or not at all, for who goes back after a kill -9."""
    part = old.with_name(f"{old.name}.part")
    part.touch(mode=0o600)  # some overlays have secrets
    part.write_text(json.dumps(before))
    part.replace(old)


def _undone(old: Path, error: Failed) -> str:
    """What became of it. Raises Failed."""
    if not isinstance(error, Stopped):
        _tell_why()
    if not old.exists():
        return "Nothing ran before, so there is nothing to go back to"
    print("Going back to what ran before.", file=sys.stderr)
    _apply(old)
    old.unlink()
    _on_signals(_stop)
    if isinstance(error, Stopped):
        return "What ran before was applied again"
    _wait()
    return "What ran before runs again"


def _back(old: Path) -> int:
    if not old.exists():
        print("Nothing was left half done.")
        return 0
    _apply(old)
    old.unlink()
    print("What ran before was applied again.", flush=True)
    _wait()
    print("It runs again.")
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
    """Raises Failed."""
    # A Job cannot be changed, so it is made anew.
    _kubectl("delete", "job", "prepare", "-n", NAMESPACE, "--ignore-not-found")
    print(_kubectl("apply", "-f", str(file)), flush=True)


def _wait() -> None:
    """Returns when all of it runs. Raises Failed."""
    # What ran before rarely has one: it is gone ten minutes after its end, and indexes are only ever added.
    if _kubectl("get", "job", "prepare", "-n", NAMESPACE, "--ignore-not-found", "-o", "name"):
        _wait_for("wait", "job/prepare", "--for=condition=complete")
    _wait_for("rollout", "status", "deployment/web")


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


def _wait_for(*arguments: str) -> None:
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


def _on_signals(what: Callable[[int, FrameType | None], Any] | signal.Handlers) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, what)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(f"Stopped by {signal.Signals(number).name}.")


if __name__ == "__main__":
    sys.exit(main())
