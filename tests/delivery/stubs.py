"""Stand-ins for programs that need a cluster, a cloud or GitHub; they record their calls."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.processes import ROOT

# Only `kubectl kustomize` is real; unless $EXAMPLES, it replaces example values, as a cluster's owner has done. $BROKEN
# names the command or object whose wait fails for the new version; with $SLOW this wait takes a minute.
KUBECTL = f"""
applied="$CALLS/applied-$(grep -c '^kubectl apply' "$CALLS/calls")"
prepare=$(grep -E '^kind: Job$' "$applied" 2>/dev/null)
file="${{!#}}"  # the last argument
case "$1 $2" in
    "kustomize "*)
        PATH=${{PATH#*:}} PYTHONPATH={ROOT} {sys.executable} -c \\
            'import sys; from pathlib import Path; from tests.servers.kustomize import rendered; \\
print(rendered(Path(sys.argv[1])))' "$2" | if [[ -n $EXAMPLES ]]; then cat; else
            sed 's/example\\.com/filesure.test/; s/00000000-0000-0000-0000-/11111111-1111-1111-1111-/'
        fi ;;
    "exec -n")
        case "$*" in
            *create_jobs*) echo "65a1f0c2b7e4d3a291f0c2b7  L24295GJ1987PLC143792  Vindhya" ;;
            *job_status*) cat "$CALLS/smoke.json" ;;
        esac ;;
    "get deployments") cat "$CALLS/keda.json" ;;
    "get namespace") echo "$NAMESPACE" ;;
    "get -f") cat "$CALLS/found.json" ;;
    "get secret") cat "$CALLS/deployed.json" 2>/dev/null || true ;;
    "get pods") cat "$CALLS/pods.json" 2>/dev/null || true ;;
    "get configmaps,secrets") cat "$CALLS/generated.json" 2>/dev/null || true ;;
    "diff --server-side") cp "$file" "$CALLS/compared"; echo "+ something is different"; exit "${{DIFFERENCE:-1}}" ;;
    "apply --server-side")
        case "$file" in
            *deployed.json) cp "$file" "$CALLS/remembered.json" ;;
            *) cp "$file" "$applied" ;;
        esac ;;
    "rollout status"|"wait job/prepare"|"wait scaledjob/worker")
        if [[ $2 == job/prepare && -z $prepare ]]; then echo "error: not found" >&2; exit 1; fi
        last=$(grep '^kubectl apply' "$CALLS/calls" | tail -1)
        if [[ ( $1 == "$BROKEN" || $2 == "$BROKEN" ) && $last == *new.yaml ]]; then
            [[ -z $SLOW ]] || exec sleep 60
            echo "error: timed out" >&2; exit 1
        fi ;;
esac
"""
BEFORE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "filesure"}}
PREPARE = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "prepare", "namespace": "filesure"}}


def stubbed(folder: Path, **programs: str) -> dict[str, str]:
    """An environment in which these programs are shell scripts that record their calls in ``folder/calls``.

    kubectl finds ``folder/found.json`` in the cluster and copies applied files to ``folder/applied-1`` and so on.
    """
    (folder / "bin").mkdir(exist_ok=True)
    for name, script in programs.items():
        path = folder / "bin" / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >> "$CALLS/calls"\n{script}')
        path.chmod(0o755)
    (folder / "calls").touch()
    (folder / "found.json").touch()
    if not (folder / "keda.json").exists():
        (folder / "keda.json").write_text(keda("keda"))
    return {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder),
        "CALLS": str(folder),
        "LANG": "C.UTF-8",
        "NAMESPACE": "namespace/filesure",
        "BROKEN": "",
        "SLOW": "",
        "EXAMPLES": "",
    }


def keda(*namespaces: str) -> str:
    """The answer to a search for KEDA's operator."""
    return json.dumps({"items": [{"metadata": {"name": "keda-operator", "namespace": each}} for each in namespaces]})


def released(tag: str) -> str:
    """A release's images.json."""
    return json.dumps({"tag": tag, "web": f"sha256:{1:064}", "worker": f"sha256:{2:064}"})


def found(*objects: dict) -> str:
    """Objects as the API server returns them, with its own fields and the last applied configuration."""
    items = [
        each
        | {
            "status": {},
            "metadata": each["metadata"]
            | {
                "resourceVersion": "7",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(each)},
            },
        }
        for each in objects
    ]
    return json.dumps({"kind": "List", "items": items} if len(items) != 1 else items[0])
