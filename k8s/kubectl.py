"""Calls to kubectl, with a time limit and one-line errors."""

from __future__ import annotations

import os
import subprocess

NAMESPACE = "filesure"
WAIT_SECONDS = int(os.environ.get("WAIT_SECONDS", "600"))
CALL_SECONDS = 180  # by itself, kubectl waits forever for a server, for a login or for an object to be deleted
# Server-side apply with our own field manager removes fields that a later version omits, and keeps other tools' fields.
SERVER_SIDE = ("--server-side", "--field-manager=deploy", "--force-conflicts")


class Failed(Exception):
    """kubectl failed."""


class Stopped(Failed):
    """A signal stopped the deploy."""


def wait_for(*arguments: str) -> None:
    kubectl(*arguments, "-n", NAMESPACE, f"--timeout={WAIT_SECONDS}s", seconds=WAIT_SECONDS + CALL_SECONDS)


def kubectl(*arguments: str, seconds: float | None = None) -> str:
    """Returns kubectl's output. Raises Failed."""
    done = run(*arguments, seconds=seconds)
    if done.returncode:
        raise Failed(f"kubectl {' '.join(arguments[:2])}: {last_line(done.stderr)}")
    return done.stdout.strip()


def run(*arguments: str, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    """Raises Failed if kubectl is missing or takes longer than ``seconds`` (None: CALL_SECONDS)."""
    command, limit = ["kubectl", *arguments], seconds or CALL_SECONDS
    try:
        return subprocess.run(command, check=False, text=True, capture_output=True, timeout=limit)
    except FileNotFoundError as error:
        raise Failed("kubectl is missing: https://kubernetes.io/docs/tasks/tools/") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"kubectl {' '.join(arguments[:2])}: no answer after {limit:g} seconds") from error


def last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
