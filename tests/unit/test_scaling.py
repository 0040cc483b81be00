"""docs/scaling.md says how many pods run when: the numbers are those of KEDA's formula and of the ScaledJob."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import yaml

from filesure_site.configuration import BASE_DIR, Configuration

SPEC = yaml.safe_load((BASE_DIR / "k8s/base/worker/scaledjob.yaml").read_text())["spec"]
TEXT = (BASE_DIR / "docs/scaling.md").read_text()
POLL, MOST = SPEC["pollingInterval"], SPEC["maxReplicaCount"]
RUNS = math.ceil(1 / Configuration.run_fraction)


@dataclass
class Pod:
    claims_at: float
    ends_at: float
    job: int | None = None


def pods_by_second(jobs: int, start: int, run: int) -> list[int]:
    """How many pods there are, second by second, until every job had its runs."""
    due, left, pods, seen = list(range(jobs)), dict.fromkeys(range(jobs), RUNS), list[Pod](), []
    for now in range(3600):
        for pod in [pod for pod in pods if pod.ends_at == now and pod.job is not None]:
            left[pod.job] -= 1
            due += [pod.job] if left[pod.job] else []
        pods = [pod for pod in pods if pod.ends_at > now]
        for pod in pods:
            if pod.claims_at == now:
                pod.job = due.pop(0)
        if now % POLL == 0:
            pods += started(pods, len(due), now, start, run)
        seen.append(len(pods))
        if not pods and not any(left.values()):
            return seen
    raise AssertionError("it does not end")


def started(pods: list[Pod], due: int, now: int, start: int, run: int) -> list[Pod]:
    """KEDA's strategy "accurate"; pods that have not claimed are pending."""
    wanted, running = min(due, MOST), len(pods)
    pending = sum(pod.job is None for pod in pods)
    count = MOST - running if wanted + running - pending > MOST else wanted - pending
    return [Pod(now + start, now + start + run) for _ in range(max(count, 0))]


def test_the_table_is_what_keda_s_formula_gives():
    start, run = map(int, re.findall(r"start in (\d+) s and runs of (\d+) s", TEXT)[0])
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in TEXT.splitlines() if re.match(r"\| \d+ \|", row)]
    assert len(rows) == 4
    for jobs, *counts, end in rows:
        seen = pods_by_second(int(jobs), start, run)
        at = [seen[second] if second < len(seen) else 0 for second in (10, 60, 120, 300, 600)]
        assert [int(count or 0) for count in counts] == at, jobs
        assert end == f"{math.ceil(len(seen) / 60)} min", jobs


def test_never_more_pods_run_than_allowed_and_none_for_nothing():
    for jobs in (1, 19, 20, 21, 57):
        seen = pods_by_second(jobs, 8, 30)
        assert max(seen) == min(jobs, MOST)
        assert seen[-1] == 0
