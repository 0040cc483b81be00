"""Metrics of 50 workers that end each second, stored and folded beside the parts of the last hour."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import bson

from bench.filling import insert
from bench.measuring import Report, an_application, sized
from jobs.bootstrap import Application
from jobs.telemetry.metrics import CATALOGUE, Kind, Origin
from jobs.telemetry.series import series_key

WORKERS_PER_SECOND = 50
AN_HOUR = sized(3600 * WORKERS_PER_SECOND, 500)
MEASURED = sized(20 * WORKERS_PER_SECOND, 60)
MOST_BYTES = 64 * 1024


def measure(uri: str, report: Report) -> None:
    with an_application(uri) as app:
        _count_an_hour(app)
        storing = _store(app)
        began = time.monotonic()
        folded = sum(iter(app.totals.fold, 0))
        folding = time.monotonic() - began
        report.add("parts of metrics lost or doubled", abs(folded - MEASURED), 0, count=True)
        report.add(
            f"workers' metrics stored and folded per second / {WORKERS_PER_SECOND}",
            MEASURED / (storing + folding) / WORKERS_PER_SECOND,
            1,
            at_least=True,
            note=f"{storing / MEASURED * 1e3:.1f} ms to store, {folding / MEASURED * 1e3:.1f} ms to fold one",
        )
        size = len(bson.encode(app.database["totals"].find_one({"_id": "worker_totals"}) or {}))
        report.add("bytes of the workers' totals", size, MOST_BYTES, count=True)


def _count_an_hour(app: Application) -> None:
    """Fill the collection with the parts that were counted in the last hour and are kept to detect repeats."""
    now = app.clock()
    times = (now - timedelta(seconds=number % 3500) for number in range(AN_HOUR))
    insert(app, "parts", ({"_id": f"{uuid4().hex} 1", "countedAt": at} for at in times))


def _store(app: Application) -> float:
    """Store the metrics of each worker, with the series of an average one. Returns the seconds."""
    amounts = _amounts()
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: app.totals.add(uuid4().hex, 1, amounts), range(MEASURED)))
    return time.monotonic() - began


def _amounts() -> dict[str, float]:
    """Every counter and one bucket per histogram."""
    amounts: dict[str, float] = {}
    for family in CATALOGUE:
        if family.origin is Origin.WORKERS and family.kind is Kind.COUNTER:
            for values in family.known or [("x",) * len(family.labels)]:
                amounts[series_key(family.name, dict(zip(family.labels, values, strict=True)))] = 1
        elif family.origin is Origin.WORKERS:
            amounts[series_key(f"{family.name}_sum", {})] = 0.5
    return amounts
