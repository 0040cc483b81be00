"""Stand-ins for programs that need a cluster, a cloud or GitHub: they write down how they are called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.processes import ROOT

# Of kubectl, `kustomize` is real. With $BROKEN the new version never comes up: $BROKEN is what waits for it.
KUBECTL = f"""
applied="$CALLS/applied-$(grep -c '^kubectl apply' "$CALLS/calls")"
prepare=$(grep -E 'kind"?: "?Job("|$)' "$applied" 2>/dev/null)
case "$1 $2" in
    "kustomize "*)
        PATH=${{PATH#*:}} PYTHONPATH={ROOT} exec {sys.executable} -c \\
            'import sys; from pathlib import Path; from tests.servers.kustomize import rendered; \\
print(rendered(Path(sys.argv[1])))' "$2" ;;
    "get namespace") echo "$NAMESPACE" ;;
    "get -f") cat "$CALLS/before.json" ;;
    "diff -f") echo "+ something is different"; exit "${{DIFFERENCE:-1}}" ;;
    "apply -f") cp "$3" "$applied" ;;
    "get job") [[ -z $prepare ]] || echo "job.batch/prepare" ;;
    "rollout status"|"wait job/prepare")
        if [[ $1 == wait && -z $prepare ]]; then echo "error: not found" >&2; exit 1; fi
        if [[ $1 == "$BROKEN" && $(grep '^kubectl apply' "$CALLS/calls" | tail -1) == *new.yaml ]]; then
            echo "error: timed out" >&2; exit 1
        fi ;;
esac
"""


def stubbed(folder: Path, **programs: str) -> dict[str, str]:
    """An environment in which each of these programs is a shell script, and all calls are in ``folder/calls``."""
    (folder / "bin").mkdir()
    for name, script in programs.items():
        path = folder / "bin" / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >> "$CALLS/calls"\n{script}')
        path.chmod(0o755)
    (folder / "calls").touch()
    (folder / "before.json").touch()
    return {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "CALLS": str(folder), "LANG": "C.UTF-8",
        "NAMESPACE": "namespace/filesure", "BROKEN": "",
    }  # fmt: skip
