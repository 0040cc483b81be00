"""``create_jobs --csv`` with 100,000 rows, compared with a bare insert_many of the same documents."""

from __future__ import annotations

import contextlib
import io
import time
import tracemalloc
from pathlib import Path
from unittest import mock

from django.core.management import call_command

from bench.measuring import Report, an_application, sized
from jobs.bootstrap import Application

ROWS = sized(100_000, 2_000)
PEAKS = (sized(3_000, 300), sized(30_000, 3_000))
BATCH = 25_000
"""The most operations that DocumentDB takes at once."""

COMMAND = "jobs.management.commands.create_jobs"


def measure(uri: str, report: Report) -> None:
    """Measure the time, and the memory with ten times as many rows."""
    with an_application(uri) as app:
        seconds = _order(app, ROWS)
        documents = list(app.database["jobs"].find())
        app.database["jobs"].delete_many({})
        started = time.perf_counter()
        for start in range(0, len(documents), BATCH):
            app.database["jobs"].insert_many(documents[start : start + BATCH], ordered=False)
        bare = time.perf_counter() - started
    note = f"{seconds:.1f} s / {bare:.1f} s"
    report.add(f"create_jobs --csv / bare insert_many, {ROWS:,} rows", seconds / bare, 2.0, note=note)
    peaks = [_peak(uri, rows) for rows in PEAKS]
    report.add(
        f"peak memory, {PEAKS[1]:,} rows / {PEAKS[0]:,} rows",
        peaks[1] / peaks[0],
        1.25,
        note=f"{peaks[1] / 1e6:.1f} MB",
    )


def _peak(uri: str, rows: int) -> float:
    with an_application(uri) as app:
        tracemalloc.start()
        try:
            _order(app, rows)
            return float(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()


def _order(app: Application, rows: int) -> float:
    path = Path(app.configuration.data_dir) / "orders.csv"
    with path.open("w") as file:
        file.write("cin,companyName,priority\n")
        for number in range(rows):
            file.write(
                f"U72900KA{1990 + number // 500_000}PTC{number:06d},Company {number} Private Limited,{number % 10}\n"
            )
    started = time.perf_counter()
    with mock.patch(f"{COMMAND}.application", return_value=app), contextlib.redirect_stderr(io.StringIO()):
        call_command("create_jobs", csv=path, stdout=io.StringIO())
    return time.perf_counter() - started
