"""The site: pages with 1,000,000 jobs stored, and the dashboard's live request compared with an empty view.

It runs in separate processes with the site's settings, and only on the server of TEST_MONGODB_URI.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime

from bson import ObjectId

from bench.measuring import SMALL, Report, alternate, an_application, sized
from jobs.adapters.mongo.records import new_job_record
from jobs.bootstrap import Application
from jobs.configuration.table import BASE_DIR
from jobs.domain.job import Job, Progress
from jobs.web.collector import FilesureCollector

FEW = sized(1_000, 100)
MANY = int(os.environ.get("BENCH_JOBS", sized(1_000_000, 1_000)))
BATCH, SCRAPES = 5_000, sized(30, 2)
_ENDS = ("completed", "failed", "cancelled")
_USERS = 7
WAITING = 20  # both databases have the same newest jobs and differ only in older ones


def measure(uri: str, report: Report) -> None:
    """Measure page times, queries per page, and requests per second."""
    if not (SMALL or os.environ.get("TEST_MONGODB_URI")):
        print("skip  site: set TEST_MONGODB_URI; the embedded server is too slow for a million jobs")
        return
    with an_application(uri) as small, an_application(uri) as large, tempfile.TemporaryDirectory() as folder:
        fill(small, FEW)
        fill(large, MANY)
        _measure_scrapes(small, large, report)
        results = _in_the_site(folder, uri, small.database.name, large.database.name)
        for path, (few, lots, queries) in results["pages"].items():
            name = f"{path}, {MANY:,} jobs / {FEW:,} jobs"
            report.add(name, lots / few, 2.0, note=f"{lots * 1e3:.1f} ms / {few * 1e3:.1f} ms")
            # The catalogue for the embedded server counts each facet separately; that for DocumentDB asks for ranges
            # first.
            report.add(f"{path}, queries", queries, 10, count="TEST_MONGODB_URI" in os.environ)
        note = f"{results['live']:.0f} / {results['empty']:.0f} requests/s"
        report.add(
            "live request, nothing new / an empty view",
            results["live"] / results["empty"],
            0.9,
            at_least=True,
            note=note,
        )


def _measure_scrapes(small: Application, large: Application, report: Report) -> None:
    """Measure what /metrics reads from MongoDB."""
    _scrape(small), _scrape(large)  # warm connections and plans
    few, lots = alternate(lambda: _scrape(small), lambda: _scrape(large), SCRAPES)
    note = f"{lots * 1e3:.1f} ms / {few * 1e3:.1f} ms"
    report.add(f"a scrape, {MANY:,} jobs / {FEW:,} jobs", lots / few, 1.5, note=note)


def _scrape(app: Application) -> None:
    families = {
        each.name: each for each in FilesureCollector(lambda: app, version="", revision="", site_url="").collect()
    }
    assert families["filesure_collector_success"].samples[0].value == 1


def _in_the_site(folder: str, uri: str, small: str, large: str) -> dict[str, dict[str, tuple[float, float, int]]]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "filesure_site.settings",
        "DATA_DIR": folder,
        "MONGODB_URI": uri,
        "MONGODB_DATABASE": small,
        "LOG_LEVEL": "ERROR",
        "ALLOWED_HOSTS": "testserver,127.0.0.1",
    }
    command = [sys.executable, "-m", "bench.site_requests", small, large]
    done = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def fill(app: Application, count: int, *, waiting: int = WAITING) -> None:
    """Insert jobs from the last weeks in all states, most of them ended."""
    now = int(time.time())
    batch = []
    for number in range(count):
        second = now - (count - number)
        batch.append(_record(number, second, ended=number < count - waiting))
        if len(batch) == BATCH or number == count - 1:
            app.database["jobs"].insert_many(batch, ordered=False)
            batch.clear()


def _record(number: int, second: int, *, ended: bool) -> dict[str, object]:
    at = datetime.fromtimestamp(second, UTC)
    end = "pending" if not ended else _ENDS[0] if number % 50 else _ENDS[number // 50 % 3]
    key = ObjectId(f"{second:08x}{number:016x}")
    job = Job(
        id=str(key),
        cin=f"U72900KA{1990 + number // 1_000_000}PTC{number % 1_000_000:06d}",
        company_name=f"Company {number % 5000} Private Limited",
        priority=number % 10,
        turn=number // _USERS,
        run_after=at,
        max_attempts=5,
        requested_by=f"user{number % _USERS}",
        created_at=at,
        updated_at=at,
        progress=Progress(total=40, downloaded=40),
    )
    record = new_job_record(job, unique=False) | {"jobStatus": end}
    if end != "pending":
        record |= {"completedAt": at}
        del record["runAfter"]
    if end == "failed":
        record |= {"lastError": {"kind": "source_unavailable", "message": "The source is unavailable.", "at": at}}
    return record
