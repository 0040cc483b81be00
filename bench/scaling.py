"""``python -m bench.scaling``: KEDA's formula, and a recording of a real KEDA drawn beside it for docs/scaling.md."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml

from jobs.configuration.table import BASE_DIR, Configuration

SPEC = yaml.safe_load((BASE_DIR / "k8s/base/worker/scaledjob.yaml").read_text())["spec"]
POLL, MOST = SPEC["pollingInterval"], SPEC["maxReplicaCount"]
RUNS = math.ceil(1 / Configuration.run_fraction)

RECORDING = BASE_DIR / "bench/keda-recording.jsonl"
PICTURE = BASE_DIR / "docs/images/keda-recording.svg"
#: From the recording: jobs, seconds to KEDA's first count, means of a pod's seconds before and while it runs.
JOBS, FIRST, START, RUN = 20, 6, 5, 12

_WIDTH, _HEIGHT, _LEFT, _TOP = 720, 260, 40, 30
_SECONDS, _PODS = 100, 20

Points = list[tuple[float, float]]


@dataclass
class Pod:
    """A pod in the model. ``job`` is None until it has claimed."""

    claims_at: float
    ends_at: float
    job: int | None = None


def pods_by_second(jobs: int, start: int, run: int) -> list[int]:
    """The number of pods in each second, until all jobs' runs are done."""
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
    """Start pods by KEDA's strategy "accurate"; pods that have not claimed a job count as pending."""
    wanted, running = min(due, MOST), len(pods)
    pending = sum(pod.job is None for pod in pods)
    count = MOST - running if wanted + running - pending > MOST else wanted - pending
    return [Pod(now + start, now + start + run) for _ in range(max(count, 0))]


def mean_seconds(phase: str) -> float:
    """A recorded pod's mean time in a phase."""
    rows = [json.loads(line) for line in RECORDING.read_text(encoding="ascii").splitlines()]
    spent = sum(row["pods"].get(phase, 0) * (later["seconds"] - row["seconds"]) for row, later in pairwise(rows))
    return float(spent / (JOBS * RUNS))


def recorded() -> tuple[Points, Points]:
    """Living pods and due jobs, by second since the order."""
    rows = [json.loads(line) for line in RECORDING.read_text(encoding="ascii").splitlines()]
    alive = [(row["seconds"], row["pods"].get("Pending", 0) + row["pods"].get("Running", 0)) for row in rows]
    return alive, [(row["seconds"], row["due"]) for row in rows]


def computed() -> Points:
    """The formula's pods, with the recording's times."""
    return [(second + FIRST, count) for second, count in enumerate(pods_by_second(JOBS, START, RUN))]


def picture() -> str:
    """The SVG."""
    alive, due = recorded()
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
            ' font-size="12">'
        ),
        "<title>Recording: 20 jobs with KEDA 2.20.2, and KEDA's formula</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *_axes(),
        _line(alive, "#1f5fbf", 2, ""),
        _line(computed(), "#1f5fbf", 1.5, "5 4"),
        _line(due, "#c2571a", 1.5, ""),
        *_legend(),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _x(seconds: float) -> float:
    return _LEFT + seconds / _SECONDS * (_WIDTH - _LEFT - 20)


def _y(count: float) -> float:
    return _HEIGHT - 40 - count / _PODS * (_HEIGHT - 40 - _TOP)


def _line(points: Iterable[tuple[float, float]], colour: str, width: float, dashes: str) -> str:
    """Steps, since a count holds until the next one."""
    path, before = "", None
    for seconds, count in points:
        path += f"M{_x(seconds):.1f} {_y(count):.1f}" if before is None else f"H{_x(seconds):.1f}"
        path += f"V{_y(count):.1f}" if before not in (None, count) else ""
        before = count
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes}"/>'


def _axes() -> list[str]:
    across = [
        f'<path d="M{_LEFT} {_y(each):.1f}H{_WIDTH - 20}" stroke="#ddd"/>'
        f'<text x="{_LEFT - 8}" y="{_y(each) + 4:.1f}" text-anchor="end">{each}</text>'
        for each in range(0, _PODS + 1, 5)
    ]
    below = [
        f'<text x="{_x(each):.1f}" y="{_HEIGHT - 22}" text-anchor="middle">{each}</text>'
        for each in range(0, _SECONDS + 1, 10)
    ]
    return [
        *across,
        *below,
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle">seconds since the order</text>',
    ]


def _legend() -> list[str]:
    entries = [
        ("#1f5fbf", "", "pods, recorded"),
        ("#1f5fbf", "5 4", "pods, by the formula"),
        ("#c2571a", "", "due jobs, recorded"),
    ]
    return [
        f'<path d="M{_LEFT + 170 * place} 14h24" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'
        f'<text x="{_LEFT + 170 * place + 30}" y="18">{text}</text>'
        for place, (colour, dashes, text) in enumerate(entries)
    ]


def main(path: Path = PICTURE) -> None:
    path.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
