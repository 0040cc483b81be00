"""The history of runs in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from jobs.domain.job import Run, RunOutcome, parse_job_id
from jobs.domain.run_details import RunDetails


class MemoryRunRepository:
    """``jobs.ports.RunRepository`` over a dictionary."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, int], Run] = {}
        self._details: dict[tuple[str, int], RunDetails] = {}
        self._lock = threading.RLock()

    def start(self, run: Run) -> int:
        with self._lock:
            silent = self.lose(run.job_id, run.fence, run.started_at)
            stored = self._runs.get((run.job_id, run.number))
            if stored is None or stored.fence <= run.fence:
                self._put(run, stored)
            return silent

    def _put(self, run: Run, stored: Run | None) -> None:
        """A known wait is kept."""
        known = stored.waited if stored and run.waited is None else run.waited
        self._runs[run.job_id, run.number] = replace(run, waited=known)

    def unended(self) -> Iterator[str]:
        with self._lock:
            return iter({run.job_id for run in self._runs.values() if run.outcome is None})

    def job_ids(self) -> Iterator[str]:
        with self._lock:
            return iter({job_id for job_id, _ in [*self._runs, *self._details]})

    def finish(self, run: Run) -> None:
        with self._lock:
            stored = self._runs.get((run.job_id, run.number))
            if stored and stored.fence <= run.fence:
                self._put(run, stored)

    def lose(self, job_id: str, fence: int, at: datetime) -> int:
        with self._lock:
            silent = {
                key: replace(run, outcome=RunOutcome.LOST, finished_at=at)
                for key, run in self._runs.items()
                if run.job_id == job_id and run.fence < fence and run.outcome is None
            }
            self._runs |= silent
            return len(silent)

    def save_details(self, details: RunDetails) -> None:
        with self._lock:
            stored = self._details.get((details.job_id, details.number))
            if stored is None or stored.fence <= details.fence:
                self._details[details.job_id, details.number] = details

    def details(self, job_id: str, number: int) -> RunDetails | None:
        with self._lock:
            return self._details.get((parse_job_id(job_id), number))

    def of_job(self, job_id: str) -> list[Run]:
        key = parse_job_id(job_id)
        with self._lock:
            return sorted((run for run in self._runs.values() if run.job_id == key), key=lambda run: run.number)

    def ended(self) -> list[Run]:
        """All runs that have ended, the latest first."""
        with self._lock:
            ended = [(run.finished_at, run) for run in self._runs.values() if run.finished_at]
        return [run for _, run in sorted(ended, key=lambda each: each[0], reverse=True)]

    def delete_of_job(self, job_id: str) -> None:
        with self._lock:
            self._runs = {key: run for key, run in self._runs.items() if key[0] != parse_job_id(job_id)}
            self._details = {key: each for key, each in self._details.items() if key[0] != parse_job_id(job_id)}
