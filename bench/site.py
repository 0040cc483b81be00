"""The site: every page and API read with many jobs compared with 1,000, and the dashboard's live request.

It runs in separate processes with the site's settings.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from bench.filling import fill_documents, insert
from bench.history import fill_history
from bench.measuring import SMALL, Report, alternate, an_application, sized
from jobs.adapters.mongo.records import new_job_record
from jobs.bootstrap import Application
from jobs.configuration.table import BASE_DIR
from jobs.domain.job import Job, Progress
from jobs.web.collector import FilesureCollector

IS_GIVEN = "TEST_MONGODB_URI" in os.environ
FEW = sized(1_000, 100)
#: The embedded server is for one machine, and would fill a million for an hour.
MANY = int(os.environ.get("BENCH_JOBS", sized(1_000_000 if IS_GIVEN else 100_000, 300)))
#: Per job: at full size, 1,000,000 in all.
DOCUMENTS = max(1, sized(1_000_000, 600) // MANY)
SLOWEST_SECONDS = 0.5
#: Of the times with many jobs, compared with few.
GROWTH = 2.0 if IS_GIVEN else 20.0
#: Shorter times count as this: on DocumentDB, a page takes a few small queries where few jobs would need only one.
NOTICED = 0.02
SCRAPES = sized(30, 2)
_ENDS = ("completed", "failed", "cancelled")
_USERS = 7
WAITING = 20  # both databases have the same newest jobs and differ only in older ones


def measure(uri: str, report: Report) -> None:
    """Measure the times of all pages, queries per page, and requests per second."""
    with an_application(uri) as small, an_application(uri) as large:
        for app, jobs in ((small, FEW), (large, MANY)):
            fill(app, jobs)
            fill_documents(app, DOCUMENTS)
            fill_history(app, jobs)
        _measure_scrapes(small, large, report)
        _measure_pages(uri, small, large, report)
        live, empty = _in_the_site("bench.site_requests", uri, small)
        note = f"{live:.0f} / {empty:.0f} requests/s"
        report.add("live request, nothing new / an empty view", live / empty, 0.9, at_least=True, note=note)


def _measure_pages(uri: str, small: Application, large: Application, report: Report) -> None:
    few, lots = (_in_the_site("bench.every_address", uri, app) for app in (small, large))
    if not SMALL:
        for page, (seconds, queries) in lots.items():
            print(f"      {page:<56} {seconds * 1e3:8.1f} ms / {few[page][0] * 1e3:.1f} ms, {queries} queries")
    assert few.keys() == lots.keys()
    slowest = max(lots, key=lambda page: lots[page][0])
    note = f"{slowest}: {lots[slowest][0] * 1e3:.0f} ms"
    report.add(f"slowest of {len(lots)} pages, {MANY:,} jobs: seconds", lots[slowest][0], SLOWEST_SECONDS, note=note)
    ratios = {page: lots[page][0] / max(few[page][0], NOTICED) for page in lots}
    page = max(ratios, key=lambda page: ratios[page])
    note = f"{page}: {lots[page][0] * 1e3:.1f} ms / {few[page][0] * 1e3:.1f} ms"
    report.add(f"growth of any page, {MANY:,} jobs / {FEW:,} jobs", ratios[page], GROWTH, note=note)
    # The catalogue for the embedded server counts each facet separately; that for DocumentDB asks for ranges first.
    report.add("queries of the list of jobs", lots["jobs"][1], 10, count=IS_GIVEN)


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


def _in_the_site(module: str, uri: str, app: Application) -> Any:
    """What a module prints that runs with the site's settings on an application's data."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "filesure_site.settings",
        "DATA_DIR": str(app.configuration.data_dir),
        "MONGODB_URI": uri,
        "MONGODB_DATABASE": app.database.name,
        "LOG_LEVEL": "ERROR",
        "ALLOWED_HOSTS": "testserver,127.0.0.1",
        "API_READS_PER_MINUTE": "1000000",
    }
    command = [sys.executable, "-m", module]
    done = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def fill(app: Application, count: int, *, waiting: int = WAITING) -> None:
    """Insert jobs from the last weeks in all states, most of them ended."""
    first = int(time.time()) - count
    insert(app, "jobs", (_record(number, first + number, ended=number < count - waiting) for number in range(count)))


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
