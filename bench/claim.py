"""Claims with 10,000 due jobs, compared with a bare find_one_and_update; one order beside a list of 20,000 rows; and
claims by eight processes at once.
"""

from __future__ import annotations

import multiprocessing
import os

from pymongo import ReturnDocument

from bench.measuring import Report, alternate, an_application, sized
from jobs.adapters.mongo.claiming import CLAIM_ORDER
from jobs.adapters.mongo.queue_filters import due
from jobs.bootstrap import Application
from jobs.configuration.table import Configuration
from tests.making import a_job

WAITING = sized(10_000, 500)
# A claim first asks whether the queue is paused. The embedded server claims so fast that this is a third of it.
LIMIT = 1.15 if "TEST_MONGODB_URI" in os.environ else 1.6
LISTED = sized(20_000, 1_000)
ROUNDS = sized(60, 5)
PROCESSES, CLAIMS = sized(8, 2), sized(400, 40)


def measure(uri: str, report: Report) -> None:
    with an_application(uri) as app:
        _fill(app, WAITING)
        ours, bare = alternate(lambda: app.jobs.claim_next("bench", 600), lambda: _bare(app), ROUNDS)
        name = f"claim / bare find_one_and_update, {WAITING:,} waiting"
        report.add(name, ours / bare, LIMIT, note=f"{ours * 1e3:.1f} ms")
        _fill(app, LISTED - WAITING)
        before = _claims_before(app)
        report.add(f"claims before somebody else's, {LISTED:,} rows listed", before, 0, count=True)
    with an_application(uri) as app:
        _fill(app, CLAIMS)
        context = multiprocessing.get_context("spawn")
        with context.Pool(PROCESSES) as pool:
            lists = pool.map(_claim_all, [app.configuration] * PROCESSES)
        claimed = [job_id for each in lists for job_id in each]
        lost, double = CLAIMS - len(set(claimed)), len(claimed) - len(set(claimed))
        report.add(
            f"claims lost or doubled, {PROCESSES} processes, {CLAIMS} jobs (count)", lost + double, 0, count=True
        )


def _fill(app: Application, count: int) -> None:
    now = app.clock()
    for _ in range(0, count, 1000):
        app.jobs.add([a_job(now) for _ in range(min(1000, count))], again=True)


def _claims_before(app: Application) -> int:
    """How many jobs of the long list are claimed before a single order of somebody else."""
    app.jobs.add([a_job(app.clock(), requested_by="somebody else")], again=True)
    claimed = 0
    while (job := app.jobs.claim_next("bench", 600)) and job.requested_by != "somebody else":
        claimed += 1
    return claimed


def _bare(app: Application) -> None:
    now = app.clock()
    lease = {"lockedBy": "bench", "lockedAt": now, "leaseExpiresAt": now, "runAfter": now.replace(year=2999)}
    app.database["jobs"].find_one_and_update(
        due(now),
        {
            "$set": {"jobStatus": "processing", "updatedAt": now, **lease},
            "$min": {"startedAt": now},
            "$inc": {"fence": 1, "runs": 1, "attempts": 1},
        },
        sort=CLAIM_ORDER,
        return_document=ReturnDocument.AFTER,
    )


def _claim_all(configuration: Configuration) -> list[str]:
    app = Application(configuration)
    claimed = []
    while job := app.jobs.claim_next("bench", 600):
        claimed.append(job.id)
    app.database.client.close()
    return claimed
