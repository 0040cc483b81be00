"""Shared by all measurements: a server, a report, and fair comparisons."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from jobs.adapters.mongo.schema import ensure
from jobs.bootstrap import Application
from jobs.configuration.table import BASE_DIR, Configuration
from tests.servers.mongodb import embedded_mongodb

RESULTS = BASE_DIR / "bench" / "results.json"
SMALL = os.environ.get("BENCH_SIZE") == "small"
"""Whether this only checks that every measurement runs: ratios of so few rounds show nothing."""


def sized(full: int, small: int) -> int:
    """``full``, or ``small`` if BENCH_SIZE=small."""
    return small if SMALL else full


@dataclass
class Report:
    """The results so far, as a table and as JSON."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def add(
        self, name: str, value: float, limit: float, *, at_least: bool = False, count: bool = False, note: str = ""
    ) -> None:
        """Add a figure and its limit. Limits of counts always apply; those of ratios only at full size."""
        good = (value >= limit if at_least else value <= limit) or (SMALL and not count)
        self.rows.append(
            {
                "name": name,
                "value": round(value, 3),
                "limit": limit,
                "is": "at least" if at_least else "at most",
                "good": good,
                "note": note,
            }
        )
        sign = "≥" if at_least else "≤"
        print(f"{'ok  ' if good else 'MISS'}  {name:<52} {value:8.3f}  {sign} {limit:<6g} {note}", flush=True)

    def skip(self, name: str, reason: str) -> None:
        """Skip a measurement that this machine cannot make; with REQUIRE_ALL, fail instead."""
        print(f"skip  {name}: {reason}", flush=True)
        if os.environ.get("REQUIRE_ALL"):
            raise SystemExit(f"REQUIRE_ALL is set: {name}: {reason}")

    def write(self, server: str, path: Path = RESULTS) -> bool:
        """Merge the new figures into a file. Returns whether all new figures are within their limits."""
        if SMALL:
            return all(row["good"] for row in self.rows)
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
        new = {str(row["name"]): row | {"mongodb": server} for row in self.rows}
        known = json.loads(path.read_text())["results"] if path.exists() else []
        merged = {row["name"]: row for row in known} | new
        path.write_text(json.dumps({"machine": machine, "results": list(merged.values())}, indent=2) + "\n")
        return all(row["good"] for row in self.rows)


@contextlib.contextmanager
def a_server() -> Iterator[str]:
    """The server of TEST_MONGODB_URI, or an embedded MongoDB."""
    given = os.environ.get("TEST_MONGODB_URI")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder, embedded_mongodb(Path(folder)) as uri:
        yield uri


@contextlib.contextmanager
def an_application(uri: str, **settings: object) -> Iterator[Application]:
    """An application with its own empty database and data directory."""
    name = f"bench_{uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "data_dir": Path(folder),
            "mongodb_uri": uri,
            "mongodb_database": name,
            "mongodb_timeout_seconds": 120.0,
        }
        app = Application(Configuration(**{**given, **settings}))  # type: ignore[arg-type]
        ensure(app.database)
        try:
            yield app
        finally:
            app.database.client.drop_database(name)
            app.database.client.close()


def alternate(
    first: Callable[[], object],
    second: Callable[[], object],
    rounds: int,
    pick: Callable[[list[float]], float] = statistics.median,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Median seconds of both, measured alternately so that noise affects both.

    ``clock=time.process_time`` counts this process's CPU time only.

    ``pick=min`` for work whose amount never varies, so that only noise makes a round longer than the fastest.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        pair = [(first, times[0]), (second, times[1])]
        for act, seconds in pair if number % 2 else reversed(pair):
            started = clock()
            act()
            seconds.append(clock() - started)
    return pick(times[0]), pick(times[1])
