"""``POST /create-job``: orders, each key once, exactly as many as it says."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from typing import Any

from jobs.api.schemas import CreateJobIn
from jobs.bootstrap import application
from jobs.domain.errors import AlreadyOrdered, InvalidOrder, KeyUsedOtherwise
from jobs.domain.job import Job
from jobs.domain.simulated_companies import simulated_companies
from jobs.services import Order


def create(body: CreateJobIn, requested_by: str, key: str | None, caller: str) -> list[Job]:
    """Order what is asked for. Raises InvalidCin, InvalidOrder, AlreadyOrdered, KeyUsedOtherwise.

    With a key the plan is stored before any job: who asks again, at the same time or after a crash
    in between, meets the same plan and stores the same jobs, which are then there once.
    """
    jobs = _planned(body, requested_by)
    again = body.num_jobs is not None
    if key is None:
        application().service.place(jobs, again=again)
        return jobs
    store, name = application().idempotency, hashlib.sha256(f"{caller}\n{key}".encode()).hexdigest()
    plan = store.begin(name, _fingerprint(body), [_as_row(job) for job in jobs])
    if plan.fingerprint != _fingerprint(body):
        raise KeyUsedOtherwise
    jobs = [_from_row(row, job) for row, job in zip(plan.orders, jobs, strict=True)]
    if plan.done:
        return jobs
    try:
        application().service.place(jobs, again=again)
    except AlreadyOrdered:
        store.forget(name)  # nothing is stored for it: later the same request may succeed
        raise
    store.finish(name)
    return jobs


def _planned(body: CreateJobIn, requested_by: str) -> list[Job]:
    service = application().service
    if body.num_jobs is not None:
        if body.cin or body.companyName:
            raise InvalidOrder("Give either num_jobs, or cin and companyName.")
        companies = simulated_companies(body.num_jobs, random.Random())  # noqa: S311
        orders = [Order(cin=cin, company_name=name, priority=body.priority) for cin, name in companies]
    elif body.cin is None or body.companyName is None:
        raise InvalidOrder("Give num_jobs (1 to 10), or cin and companyName.")
    else:
        orders = [Order(cin=body.cin, company_name=body.companyName, priority=body.priority)]
    return [service.prepare(order, requested_by=requested_by) for order in orders]


def _fingerprint(body: CreateJobIn) -> str:
    return hashlib.sha256(json.dumps(body.dict(), sort_keys=True).encode()).hexdigest()


def _as_row(job: Job) -> dict[str, Any]:
    return {"jobId": job.id, "cin": job.cin, "companyName": job.company_name}


def _from_row(row: Mapping[str, Any], job: Job) -> Job:
    from dataclasses import replace

    return replace(job, id=row["jobId"], cin=row["cin"], company_name=row["companyName"])
