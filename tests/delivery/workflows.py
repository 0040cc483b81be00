"""GitHub's workflows and the actions of this repository, read from their files."""

from __future__ import annotations

import yaml

from tests.processes import ROOT

FILES = sorted((ROOT / ".github").glob("workflows/*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
ACTION_FILES = sorted((ROOT / ".github").glob("actions/*/action.yml"))
ACTIONS = {f"./{path.parent.relative_to(ROOT)}": yaml.safe_load(path.read_text()) for path in ACTION_FILES}
JOBS = [(f"{name}: {job}", body) for name, workflow in WORKFLOWS.items() for job, body in workflow["jobs"].items()]
OWN_JOBS = [(name, job) for name, job in JOBS if "uses" not in job]  # others call a workflow
STEPS = [
    (f"{name}: step {number}", step)
    for name, holder in [*JOBS, *((name, action["runs"]) for name, action in ACTIONS.items())]
    for number, step in enumerate(holder.get("steps", []), 1)
]


def ids(items: list) -> list[str]:
    return [name for name, _ in items]
