"""The claim, against a bare find_one_and_update with 10,000 jobs waiting; and eight processes at once."""

from __future__ import annotations

import multiprocessing

from pymongo import ReturnDocument

from bench.measuring import Report, alternate, an_application
from filesure_site.configuration import Configuration
from jobs.adapters.mongo.jobs import CLAIM_ORDER, due
from jobs.bootstrap import Application
from tests.making import a_job

WAITING = 10_000
ROUNDS = 60
PROCESSES, CLAIMS = 8, 400


def measure(uri: str, report: Report) -> None:
    """Both figures."""
    with an_application(uri) as app:
        _fill(app, WAITING)
        ours, bare = alternate(lambda: app.jobs.claim_next("bench", 600), lambda: _bare(app), ROUNDS)
        report.add("claim / bare find_one_and_update, 10,000 waiting", ours / bare, 1.15, note=f"{ours * 1e3:.1f} ms")
    with an_application(uri) as app:
        _fill(app, CLAIMS)
        context = multiprocessing.get_context("spawn")
        with context.Pool(PROCESSES) as pool:
            lists = pool.map(_claim_all, [app.configuration] * PROCESSES)
        claimed = [job_id for each in lists for job_id in each]
        lost, double = CLAIMS - len(set(claimed)), len(claimed) - len(set(claimed))
        report.add(f"claims lost or doubled, {PROCESSES} processes, {CLAIMS} jobs (count)", lost + double, 0)


def _fill(app: Application, count: int) -> None:
    now = app.clock()
    for _ in range(0, count, 1000):
        app.jobs.add([a_job(now) for _ in range(min(1000, count))], again=True)


def _bare(app: Application) -> None:
    now = app.clock()
    lease = {"lockedBy": "bench", "lockedAt": now, "leaseExpiresAt": now, "runAfter": now.replace(year=2999)}
    app.database["jobs"].find_one_and_update(
        due(now),
        {
            "$set": {"jobStatus": "processing", "updatedAt": now, **lease}, "$min": {"startedAt": now},
            "$inc": {"fence": 1, "runs": 1, "attempts": 1},
        },
        sort=CLAIM_ORDER,
        return_document=ReturnDocument.AFTER,
    )  # fmt: skip


def _claim_all(configuration: Configuration) -> list[str]:
    app = Application(configuration)
    claimed = []
    while job := app.jobs.claim_next("bench", 600):
        claimed.append(job.id)
    app.database.client.close()
    return claimed
