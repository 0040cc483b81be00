"""The local scaler: runs per minute beside one that starts each worker anew, and the start of an order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from bench.measuring import Report, an_application, sized
from jobs.bootstrap import Application
from jobs.configuration.table import BASE_DIR
from jobs.domain.job import JobStatus
from jobs.services import Order
from tests.making import a_cin
from worker.workers import Fork, Worker, start_worker

WORKERS, RUNS, ORDERS = 2, sized(60, 4), sized(5, 1)


def measure(uri: str, report: Report) -> None:
    """Workers that find no job cost as much as the start and end of a run."""
    with an_application(uri) as app, _environment(app, uri):
        fork = Fork()
        fork.prepare()
        fork.start(0).wait(60)
        anew, forked = _per_minute(start_worker), _per_minute(fork.start)
        fork.close()
        note = f"{forked:.0f} / {anew:.0f} per minute"
        report.add("idle workers per minute, forked / started", forked / anew, 3.0, at_least=True, note=note)
        report.add("seconds from order to start", _start_seconds(app), 0.3)


def _per_minute(start: Callable[[int], Worker]) -> float:
    began = time.perf_counter()
    running = [start(place) for place in range(WORKERS)]
    for number in range(RUNS - WORKERS):
        running[number % WORKERS].wait(60)
        running[number % WORKERS] = start(number % WORKERS)
    for worker in running:
        worker.wait(60)
    return RUNS / (time.perf_counter() - began) * 60


def _start_seconds(app: Application) -> float:
    """The median, with a scaler that polls once a minute."""
    command = [sys.executable, "manage.py", "run_scaler"]
    environment = os.environ | {"POLL_SECONDS": "60"}
    times = []
    with subprocess.Popen(command, cwd=BASE_DIR, env=environment, stderr=subprocess.DEVNULL) as scaler:
        time.sleep(sized(5, 3))
        for _ in range(ORDERS):
            began = time.perf_counter()
            (job,) = app.service.order([Order(cin=a_cin(), company_name="Company")], requested_by="bench")
            while app.jobs.get(job.id).status is JobStatus.PENDING:  # type: ignore[union-attr]
                time.sleep(0.005)
            times.append(time.perf_counter() - began)
            while app.jobs.has_unfinished():
                time.sleep(0.1)
        scaler.send_signal(signal.SIGTERM)
    return sorted(times)[len(times) // 2]


@contextlib.contextmanager
def _environment(app: Application, uri: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ |= {
        "MONGODB_URI": uri,
        "MONGODB_DATABASE": app.configuration.mongodb_database,
        "DATA_DIR": str(app.configuration.data_dir),
        "LOG_LEVEL": "ERROR",
        "SIMULATED_SECONDS_PER_DOCUMENT": "0",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
