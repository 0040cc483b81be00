"""``make cluster-test``: breaks a real cluster in seven ways and checks that nothing is lost, doubled or stuck.

``cluster_test.py STEP…`` runs only these steps. Timings go to build/cluster-test.json.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cluster import PAUSE, Wrong, all_completed, kubectl, manage, order, pods, python, until, workers
from cluster_alert import alert_is_delivered
from cluster_rollback import wrong_version_is_rolled_back

RESULT = Path(__file__).resolve().parents[3] / "build/cluster-test.json"
_POLLS = 35.0  # seconds: three counts of KEDA's, and some

_USERS = "__import__('django.contrib.auth.models').contrib.auth.models.User.objects"
_INTERRUPTED = """
from jobs.bootstrap import application
print(application().database["runs"].count_documents({"outcome": {"$in": ["lost", "released"]}}))
"""

#: A measurement's name → seconds.
Timings = dict[str, float]


def jobs_survive_killed_pods() -> Timings:
    """20 jobs to completion and down to zero pods, while six pods are killed."""
    jobs, kills, chance = order(20), 6, random.Random(1)  # noqa: S311  repeatable, not secret

    def ended() -> bool:
        nonlocal kills
        running = workers(running=True)
        if running and kills and chance.random() < 0.3:
            kubectl("delete", "pod", chance.choice(running), "--grace-period=0", "--force")
            kills -= 1
        return all_completed(jobs)

    seconds = until("20 jobs are completed", ended)
    if kills == 6:
        raise Wrong("no pod was killed")
    return {f"20 jobs with {6 - kills} killed pods": seconds}


def site_and_workers_move_off_a_drained_node() -> Timings:
    """The site starts on another node with its accounts; workers give their jobs back."""
    python(f"{_USERS}.get_or_create(username='moves')")
    jobs, (web,) = order(6), pods("-l", "app.kubernetes.io/component=web")
    node = web["spec"]["nodeName"]
    until("a worker runs", lambda: workers(running=True))
    began = time.monotonic()
    chosen = "app.kubernetes.io/component in (web, worker)"
    kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force", f"--pod-selector={chosen}")
    try:
        until("the site answers", lambda: _moved(node))
        away = time.monotonic() - began
        if python(f"print({_USERS}.filter(username='moves').count())") != "1":
            raise Wrong("an account is missing after the move")
        done = until("6 jobs are completed", lambda: all_completed(jobs))
    finally:
        kubectl("uncordon", node)
    return {"site on another node": away, "6 jobs beside a drained node": done}


def _moved(node: str) -> bool:
    web = pods("-l", "app.kubernetes.io/component=web")
    ready = [each for each in web if {"type": "Ready", "status": "True"}.items() <= _condition(each).items()]
    return bool(ready) and all(each["spec"]["nodeName"] != node for each in ready) and bool(manage("job_status"))


def _condition(pod: dict) -> dict:
    return next((each for each in pod["status"].get("conditions", []) if each["type"] == "Ready"), {})


def changed_scaled_job_keeps_running_workers() -> Timings:
    """A gradual rollout: running workers finish with the old version."""
    jobs, before = order(6), python(_INTERRUPTED)
    until("a worker runs", lambda: workers(running=True))
    _patch(11)
    try:
        seconds = until("6 jobs are completed", lambda: all_completed(jobs))
    finally:
        _patch(10)
    if python(_INTERRUPTED) != before:
        raise Wrong("the change interrupted running workers")
    return {"6 jobs with a changed ScaledJob": seconds}


def _patch(seconds: int) -> None:
    kubectl("patch", "scaledjob", "worker", "--type=merge", "-p", json.dumps({"spec": {"pollingInterval": seconds}}))


def jobs_survive_mongodb_s_primary() -> Timings:
    """The replica set elects another one; workers tolerate it or end, and their jobs continue."""
    jobs = order(6)
    until("a worker runs", lambda: workers(running=True))
    primary = _primary()
    kubectl("delete", "pod", primary, "--grace-period=0", "--force")
    elected = until("there is another primary", lambda: _primary() not in ("", primary), limit=120)
    return {"election": elected, "6 jobs without their primary": until("6 jobs", lambda: all_completed(jobs))}


def _primary() -> str:
    """The pod of the primary, as any living member says."""
    for number in range(3):
        asked = ("exec", f"mongodb-{number}", "-c", "mongodb", "--", "mongosh", "--quiet", "--eval")
        try:
            said = kubectl(*asked, "print(db.hello().primary || '')").strip()
        except subprocess.CalledProcessError:
            continue
        if said:
            return said.split(".")[0].split(":")[0]
    return ""


def paused_scaled_job_starts_nothing() -> Timings:
    """Due jobs wait while KEDA is paused, and start after it."""
    kubectl("annotate", "scaledjob", "worker", "autoscaling.keda.sh/paused=true", "--overwrite")
    try:
        until("all workers ended", lambda: not workers(running=False))
        jobs = order(3)
        time.sleep(min(_POLLS, 7 * PAUSE))
        if started := workers(running=False):
            raise Wrong(f"workers start although KEDA is paused: {', '.join(started)}")
    finally:
        kubectl("annotate", "scaledjob", "worker", "autoscaling.keda.sh/paused-")
    return {"3 jobs after a pause": until("3 jobs are completed", lambda: all_completed(jobs))}


STEPS: list[Callable[[], Timings]] = [
    jobs_survive_killed_pods,
    site_and_workers_move_off_a_drained_node,
    changed_scaled_job_keeps_running_workers,
    jobs_survive_mongodb_s_primary,
    paused_scaled_job_starts_nothing,
    alert_is_delivered,
    wrong_version_is_rolled_back,
]


def main(names: list[str]) -> int:
    """Returns 1 if a step failed; the others run all the same."""
    try:
        kubectl("get", "scaledjob", "worker", "--request-timeout=10s")
    except (OSError, subprocess.CalledProcessError):
        print("No cluster with Filesure responds to kubectl: run `make cluster` first.", file=sys.stderr)
        return 1
    chosen = [step for step in STEPS if not names or step.__name__ in names]
    found: dict[str, Timings | str] = {}
    for step in chosen:
        try:
            found[step.__name__] = step()
        except (Wrong, subprocess.CalledProcessError) as error:
            found[step.__name__] = f"BAD: {error}"
        print(f"{step.__name__}: {found[step.__name__]}", flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2))
    return int(any(isinstance(each, str) for each in found.values()) or not chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
