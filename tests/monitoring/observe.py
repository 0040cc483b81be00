"""``make observe``: checks a real Prometheus against a Filesure whose workers are killed.

It prints a table that compares Prometheus's counts with MongoDB's and shows each panel, rule and alert with its data.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jobs.bootstrap import Application
from jobs.configuration.table import load
from tests.monitoring.committed import LOCAL_DASHBOARDS, RULE_FILES, panels
from tests.processes import wait_until
from tests.servers import free_port
from tests.servers.machine import Machine
from tests.servers.prometheus import Prometheus, QueryRefused, prometheus

WORKERS = 4
VARIABLES = {"$namespace": "filesure", "$window": "1m", "$__rate_interval": "30s", "$__range": "5m"}
SETTINGS = {
    "MAX_WORKERS": str(WORKERS),
    "LEASE_SECONDS": "2",
    "MAX_ATTEMPTS": "100",
    "BACKOFF_SECONDS": "0.2",
    "SIMULATED_SECONDS_PER_DOCUMENT": "0.3",
    "SIMULATED_FAULT_RATE": "0.1",  # few jobs must have faults too
    "WEB_PROCESSES": "2",
}
# Panels that may be empty, and why.
QUIET = {
    "Alerts": "(no alert fires)",
    "Errors": "(no page raised an exception)",
    "Wait for a permit": "(the simulated source needs no permits)",
}
_SESSION = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from jobs.web.sessions import SessionStore
user, session = get_user_model().objects.get(), SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session.save()
print(session.session_key)
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One check. ``problem`` is empty if it passed."""

    kind: str
    name: str
    found: str
    problem: str = ""


def observe(jobs: int, seed: int = 1) -> list[Row]:
    """Run jobs, kill workers, then check everything. Raises Unavailable without Prometheus."""
    first = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        machine = Machine(folder / "data", **SETTINGS, METRICS_PORT=str(min(first, 65_000)))
        with prometheus(folder, scrapes(machine, WORKERS), quick_rules(folder)) as watching, _running(machine):
            since = time.time()
            app = Application(load(machine.environment))
            _order(machine, app, jobs)
            with _simulated_user(machine, app):
                kills = _kill_until_done(machine, app, random.Random(seed))
            wait_until(lambda: watching.value("max(filesure_jobs_due)") == 0)
            time.sleep(5)  # a few more scrapes after the end
            rows = [Row(kind="workers", name="killed", found=str(kills)), *_exact(watching, app), *_rules(watching)]
            rows += _panels(watching, since, time.time())
            app.database.client.close()
    return rows


@contextmanager
def _running(machine: Machine) -> Iterator[None]:
    with (machine.data_dir.parent / "output.txt").open("w") as output:
        process = machine.start(output)
        try:
            yield
        finally:
            process.terminate()
            process.wait(40)


def scrapes(machine: Machine, workers: int) -> list[dict[str, Any]]:
    """Scrape configurations with fixed addresses; METRICS_PORT is the first worker's."""
    first = int(machine.environment["METRICS_PORT"])
    pods = {"web-0": machine.port} | {f"worker-{place}": first + place for place in range(workers)}
    targets = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": "filesure", "pod": pod}}
        for pod, port in pods.items()
    ]
    often = {"scrape_interval": "500ms", "scrape_timeout": "500ms"}  # workers live for a second
    return [
        {"job_name": "filesure-web", "static_configs": targets[:1]},
        {"job_name": "filesure-worker", "static_configs": targets[1:], **often},
    ]


def quick_rules(folder: Path, *, at_once: bool = False) -> list[Path]:
    """The committed rules, evaluated every second because the run is short. ``at_once``: alerts have no delay."""
    paths = []
    for source in RULE_FILES:
        rules = yaml.safe_load(source.read_text())
        for group in rules["groups"]:
            group["interval"] = "1s"
            for rule in group["rules"] if at_once else ():
                rule.pop("for", None)
        path = folder / f"rules-{source.name}"
        path.write_text(yaml.safe_dump(rules))
        paths.append(path)
    return paths


def _order(machine: Machine, app: Application, jobs: int) -> None:
    """The first job is completed before the others are ordered, so that these have an expected completion."""
    for count in (1, jobs - 1):
        wait_until(lambda: not app.jobs.has_unfinished())
        done = machine.manage("create_jobs", "--count", str(count))
        assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1].split()[0]
    for command in ("cancel_job", "retry_job"):  # to create the series of both actions
        assert machine.manage(command, last).returncode == 0


@contextmanager
def _simulated_user(machine: Machine, app: Application) -> Iterator[None]:
    """Simulate a user with an open dashboard, who sometimes reads a document."""
    done = machine.manage("shell", "-v", "0", "-c", _SESSION)
    assert done.returncode == 0, done.stderr
    cookie, ended = {"Cookie": f"filesure_session={done.stdout.split()[-1]}"}, threading.Event()

    def look() -> None:
        while not ended.wait(0.5):
            stored = app.database["documents"].find_one({"status": "stored"}) or {}
            document = f"/jobs/{stored.get('jobId')}/documents/{stored.get('documentNumber')}/file"
            for path in ("/", "/live/?span=hour", document if stored else "/jobs/"):
                url = f"http://127.0.0.1:{machine.port}{path}"
                with urllib.request.urlopen(urllib.request.Request(url, headers=cookie), timeout=10) as page:
                    page.read()

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield
        finally:
            ended.set()
            looking.result()


def _kill_until_done(machine: Machine, app: Application, chance: random.Random) -> int:
    kills = 0
    while app.jobs.has_unfinished():
        time.sleep(chance.uniform(0.2, 1.0))
        workers = machine.workers()
        if workers and chance.random() < 0.5:
            chance.choice(workers).kill()
            kills += 1
    return kills


def _exact(watching: Prometheus, app: Application) -> Iterator[Row]:
    """The numbers that must match exactly."""
    jobs, documents = list(app.database["jobs"].find()), app.database["documents"]
    states = Counter(job["jobStatus"] for job in jobs)
    filings = {"parentNumber": {"$exists": False}}
    stored = documents.count_documents({"status": "stored", **filings})
    held = {
        "filesure_jobs_created_total": len(jobs),
        "filesure_jobs_completed_total": states["completed"],
        "filesure_jobs_failed_total": states["failed"],
        "filesure_jobs_cancelled_total": 1,
        "filesure_jobs_retried_total": 1,
        "filesure_jobs_claimed_total": sum(job["runs"] for job in jobs),
        'filesure_jobs{state="completed"}': states["completed"],
        "filesure_documents_listed_total": documents.count_documents(filings),
        "filesure_documents_stored_total": stored,
        'filesure_documents{state="stored"}': stored,
    }
    for query, truth in held.items():
        reported = watching.value(f"max({query})")
        found = f"Prometheus {reported:g}, MongoDB {truth}" if reported is not None else "Prometheus has none"
        yield Row(kind="exact", name=query, found=found, problem="" if reported == truth else "they differ")


def _rules(watching: Prometheus) -> Iterator[Row]:
    for group in watching.ask("api/v1/rules")["groups"]:
        for rule in group["rules"]:
            state = rule.get("state", "recorded")
            yield Row(kind=rule["type"], name=rule["name"], found=state, problem=rule.get("lastError", ""))


def _panels(watching: Prometheus, since: float, until: float) -> Iterator[Row]:
    for board in LOCAL_DASHBOARDS.values():
        for panel in panels(board):
            yield _panel(watching, f"{board['title']}: {panel['title']}", panel, since, until)


def _panel(watching: Prometheus, name: str, panel: dict[str, Any], since: float, until: float) -> Row:
    try:
        numbers = [
            sum(len(values) for _, values in watching.series(filled(target["expr"]), since, until))
            for target in panel["targets"]
        ]
    except QueryRefused as error:
        return Row(kind="panel", name=name, found="", problem=str(error))
    found = f"{sum(map(bool, numbers))} of {len(numbers)} queries have data"
    quiet = QUIET.get(panel["title"], "")
    if any(numbers):
        return Row(kind="panel", name=name, found=found)
    return Row(kind="panel", name=name, found=f"{found} {quiet}", problem="" if quiet else "no data")


def filled(expression: str) -> str:
    """Fill in the dashboards' variables: all namespaces, and windows as short as the run."""
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def table(rows: list[Row]) -> str:
    """One line per check, problems first."""
    width = max(len(row.name) for row in rows)
    return "\n".join(
        f"{'BAD ' if row.problem else 'ok  '} {row.kind:<9} {row.name:<{width}}  {row.found}  {row.problem}".rstrip()
        for row in rows
    )


def main() -> int:
    """Print the table. Returns 1 if a check failed."""
    rows = observe(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
    bad = sum(bool(row.problem) for row in rows)
    print(table(rows), f"{len(rows)} checks, {bad} failed", sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
