"""A stand-in for kubectl with a small cluster behind it: jobs that end after some looks, two nodes, three databases.

``$FAULT`` names what it does wrong. State is in ``$CALLS/state.json``. Run as a program by the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HOME = Path(os.environ.get("CALLS", "."))
FAULT = os.environ.get("FAULT", "")
LOOKS = 8  # until ordered jobs are completed
NEW = {
    "jobs": 0,
    "left": 0,
    "node": "one",
    "primary": 0,
    "paused": False,
    "changed": False,
    "alert": False,
    "user": False,
    "image": "ci",
    "deployed": "",
}


def main(words: list[str]) -> int:
    path = HOME / "state.json"
    state = NEW | (json.loads(path.read_text()) if path.exists() else {})
    words = words[2:] if words[0] == "--namespace" else words
    code = answer(words, state)
    path.write_text(json.dumps(state))
    return code


def answer(words: list[str], state: dict[str, Any]) -> int:
    command, rest = words[0], words[1:]
    said = " ".join(rest)
    if command == "kustomize":
        return subprocess.run([os.environ["REAL_KUBECTL"], "kustomize", rest[0]], check=False).returncode
    if command == "exec":
        return executed(said, rest, state)
    if command == "get":
        return got(rest, said, state)
    if command in ("wait", "rollout") and state["image"] == "missing":
        print("error: timed out", file=sys.stderr)
        return 1
    changed(command, said, state)
    return 0


def executed(said: str, rest: list[str], state: dict[str, Any]) -> int:
    if rest[0].startswith("mongodb-"):
        print(f"mongodb-{state['primary']}.mongodb.filesure.svc:27017")
    elif "create_jobs" in said:
        state["jobs"] += int(rest[-1])
        state["left"] = LOOKS
    elif "amtool" in said:
        state["alert"] = True
    elif "Counter" in said:
        print(json.dumps(counted(state)))
    elif '"runs"' in said:
        print(int(FAULT == "interrupted" and state["changed"]))
    elif "get_or_create" in said:
        state["user"] = True
    elif "count()" in said:
        print(int(state["user"] and FAULT != "account"))
    elif "job_status" in said:
        print("completed 1")
    return 0


def counted(state: dict[str, Any]) -> dict[str, Any]:
    """Each look brings the jobs nearer to their end, unless KEDA is paused."""
    if not state["paused"]:
        state["left"] = max(state["left"] - 1, 0)
    documents = state["jobs"] * 10
    states = {"processing": state["jobs"]} if state["left"] else {"completed": state["jobs"]}
    more = int(FAULT == "doubled")
    return {
        "states": {**states, **({"failed": 1} if FAULT == "failed" else {})},
        **dict.fromkeys(("documents", "stored", "distinct"), documents),
        "blobs": documents + more,
    }


def got(rest: list[str], said: str, state: dict[str, Any]) -> int:
    if rest[0] == "pods":
        print(json.dumps({"items": pods(said, state)}))
    elif rest[0] == "deployments":
        print(json.dumps({"items": [{"metadata": {"name": "keda-operator", "namespace": "keda"}}]}))
    elif rest[:2] == ["deployment", "web"]:
        print(f"ghcr.io/filesure/web:{state['image']}", end="")
    elif rest[:2] == ["secret", "deployed"]:
        print(state["deployed"])
    elif rest[0] == "namespace":
        print("namespace/filesure")
    return 0


def pods(said: str, state: dict[str, Any]) -> list[dict[str, Any]]:
    if "component=web" in said:
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        return [{"metadata": {"name": "web-1"}, "spec": {"nodeName": state["node"]}, "status": ready}]
    works = state["left"] and (not state["paused"] or FAULT == "paused")
    names = ["worker-a", "worker-b"] if works else []
    return [{"metadata": {"name": name, "labels": {}}, "status": {"phase": "Running"}} for name in names]


def changed(command: str, said: str, state: dict[str, Any]) -> None:
    if command == "drain" and FAULT != "stays":
        state["node"] = "two" if state["node"] == "one" else "one"
    elif command == "annotate":
        state["paused"] = not said.endswith("paused-")
        if state["paused"]:
            state["left"] = 0
    elif command == "patch":
        state["changed"] = True
    elif command == "delete" and "pod mongodb-" in said and FAULT != "election":
        state["primary"] = (state["primary"] + 1) % 3
    elif command == "apply":
        applied(said.rsplit(maxsplit=1)[-1], state)
    elif command == "logs" and state["alert"] and FAULT != "alert":
        print('{"alerts": [{"labels": {"alertname": "ClusterTest"}}]}')


def applied(file: str, state: dict[str, Any]) -> None:
    if file == "-":
        sys.stdin.read()
        return
    text = Path(file).read_text()
    if file.endswith("deployed.json"):
        state["deployed"] = text
    elif "filesure/web:missing" in text:
        state["image"] = "missing"
    elif "filesure/web:ci" in text and not (FAULT == "rollback" and state["image"] == "missing"):
        state["image"] = "ci"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
