"""What the measurements share: a server, a report, and ways to compare two things fairly."""

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

from filesure_site.configuration import BASE_DIR, Configuration
from jobs.adapters.mongo.schema import ensure
from jobs.bootstrap import Application
from tests.servers.mongodb import embedded_mongodb

RESULTS = BASE_DIR / "bench" / "results.json"


@dataclass
class Report:
    """The results so far, as a table and as JSON."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, name: str, value: float, limit: float, *, at_least: bool = False, note: str = "") -> None:
        """One figure and the limit it is held against; a ratio unless the name says otherwise."""
        good = value >= limit if at_least else value <= limit
        self.rows.append({
            "name": name, "value": round(value, 3), "limit": limit, "is": "at least" if at_least else "at most",
            "good": good, "note": note,
        })  # fmt: skip
        sign = "≥" if at_least else "≤"
        print(f"{'ok  ' if good else 'MISS'}  {name:<52} {value:8.3f}  {sign} {limit:<6g} {note}", flush=True)

    def write(self, server: str) -> bool:
        """Put the new figures into bench/results.json, others stay; True if every new one is within its limit."""
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
        new = {str(row["name"]): row | {"mongodb": server} for row in self.rows}
        known = json.loads(RESULTS.read_text())["results"] if RESULTS.exists() else []
        merged = {row["name"]: row for row in known} | new
        RESULTS.write_text(json.dumps({"machine": machine, "results": list(merged.values())}, indent=2) + "\n")
        return all(row["good"] for row in self.rows)


@contextlib.contextmanager
def a_server() -> Iterator[str]:
    """TEST_MONGODB_URI, else an embedded MongoDB."""
    given = os.environ.get("TEST_MONGODB_URI")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder, embedded_mongodb(Path(folder)) as uri:
        yield uri


@contextlib.contextmanager
def an_application(uri: str, **settings: object) -> Iterator[Application]:
    """An application with an empty database and a data directory of its own."""
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


def alternate(first: Callable[[], object], second: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of both, taken in turns, so that a noisy neighbour meets both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        pair = [(first, times[0]), (second, times[1])]
        for act, seconds in pair if number % 2 else reversed(pair):
            started = time.perf_counter()
            act()
            seconds.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])
