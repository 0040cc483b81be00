"""The recording of a run on a real KEDA (docs/scaling.md), played as if its pods ran now."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.processes import ROOT

_ROWS = 16
_COUNTS, _WATCH = ROOT / "bench/keda-recording.jsonl", ROOT / "bench/keda-recording.txt"


class Recording:
    """A ``Fleet`` whose pods ended long ago. It plays ``speed`` times as fast, from ``order`` on."""

    command = "kubectl get pods --watch (a recording)"

    def __init__(self, speed: float, counts: Path = _COUNTS, watch: Path = _WATCH) -> None:
        self._speed = speed
        self._counts = [json.loads(line) for line in counts.read_text().splitlines()]
        rows = (line.split(maxsplit=1) for line in watch.read_text().splitlines())
        self._rows = [(float(at), row.rstrip()) for at, row in rows]
        self._began: float | None = None

    @property
    def jobs(self) -> int:
        return int(self._counts[0]["due"])

    def order(self, _jobs: int) -> None:
        self._began = time.monotonic()

    def lines(self) -> list[str]:
        shown = [row for at, row in self._rows if at <= self._now()]
        return [f"{'NAME':<24}{'READY':<6}STATUS", *shown[-_ROWS:]]

    def counts(self) -> tuple[float, float]:
        """The numbers of due jobs and of pods that run."""
        seen = [each for each in self._counts if each["seconds"] <= self._now()]
        return (float(seen[-1]["due"]), float(seen[-1]["pods"].get("Running", 0))) if seen else (0, 0)

    def kill(self) -> bool:
        return False

    def is_over(self) -> bool:
        return self._now() >= self._counts[-1]["seconds"]

    def _now(self) -> float:
        """Seconds of the recording; negative before the order."""
        return -1 if self._began is None else self._speed * (time.monotonic() - self._began)
