"""Stand-ins for programs that need a cluster, a cloud or GitHub: they write down how they are called."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.processes import ROOT

# Of kubectl, `kustomize` is real. With $BROKEN the new version never comes up: $BROKEN is what waits for it, a minute
# with $SLOW.
KUBECTL = f"""
applied="$CALLS/applied-$(grep -c '^kubectl apply' "$CALLS/calls")"
prepare=$(grep -E 'kind"?: "?Job("|$)' "$applied" 2>/dev/null)
case "$1 $2" in
    "kustomize "*)
        PATH=${{PATH#*:}} PYTHONPATH={ROOT} exec {sys.executable} -c \\
            'import sys; from pathlib import Path; from tests.servers.kustomize import rendered; \\
print(rendered(Path(sys.argv[1])))' "$2" ;;
    "get namespace") echo "$NAMESPACE" ;;
    "get -f") cat "$CALLS/found.json" ;;
    "diff -f") echo "+ something is different"; exit "${{DIFFERENCE:-1}}" ;;
    "apply -f") cp "$3" "$applied" ;;
    "get job") [[ -z $prepare ]] || echo "job.batch/prepare" ;;
    "rollout status"|"wait job/prepare")
        if [[ $1 == wait && -z $prepare ]]; then echo "error: not found" >&2; exit 1; fi
        if [[ $1 == "$BROKEN" && $(grep '^kubectl apply' "$CALLS/calls" | tail -1) == *new.yaml ]]; then
            [[ -z $SLOW ]] || exec sleep 60
            echo "error: timed out" >&2; exit 1
        fi ;;
esac
"""
BEFORE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "filesure"}}
PREPARE = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "prepare", "namespace": "filesure"}}


def stubbed(folder: Path, **programs: str) -> dict[str, str]:
    """An environment in which each of these programs is a shell script, and all calls are in ``folder/calls``.

    What kubectl finds in the cluster is ``folder/found.json``, what is applied ``folder/applied-1`` and so on.
    """
    (folder / "bin").mkdir(exist_ok=True)
    for name, script in programs.items():
        path = folder / "bin" / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >> "$CALLS/calls"\n{script}')
        path.chmod(0o755)
    (folder / "calls").touch()
    (folder / "found.json").touch()
    return {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "CALLS": str(folder), "LANG": "C.UTF-8",
        "NAMESPACE": "namespace/filesure", "BROKEN": "", "SLOW": "",
    }  # fmt: skip


def found(*objects: dict) -> str:
    """As the API server tells them: with what it added, and with what was applied."""
    items = [
        each | {"status": {}, "metadata": each["metadata"] | {"resourceVersion": "7", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps(each)}}}
        for each in objects
    ]  # fmt: skip
    return json.dumps({"kind": "List", "items": items} if len(items) != 1 else items[0])
