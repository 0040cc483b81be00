"""Orders by the API: they create exactly what they report, once per idempotency key."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ninja import Schema

from jobs.bootstrap import application
from jobs.domain.job import Job
from jobs.domain.wrong_use import IdempotencyKeyReused, InvalidIdempotencyKey, InvalidOrder
from jobs.ports import Plan
from jobs.services import Order
from jobs.simulated_companies import simulated_companies
from jobs.web.api.inputs import CreateJobIn

LONGEST_KEY = 255


def create(body: CreateJobIn, requested_by: str, key: str | None, caller: str, limit: int | None = None) -> list[Job]:
    """``POST /create-job``. Raises as ``place_once``, and InvalidCin, InvalidOrder."""
    again = body.num_jobs is not None
    return place_once(body, _planned(body, requested_by), key, caller, again=again, limit=limit)


def place_once(
    body: Schema, jobs: list[Job], key: str | None, caller: str, *, again: bool = False, limit: int | None = None
) -> list[Job]:
    """Store the jobs. Raises AlreadyOrdered, MonthlyLimit, InvalidIdempotencyKey, IdempotencyKeyReused.

    With a key, the plan is stored before any job: a repeated request, whether concurrent or after a
    crash, finds the same plan and stores the same jobs, so that each is stored only once.
    """
    if key is None:
        application().service.place(jobs, again=again, limit=limit)
        return jobs
    store, name = application().idempotency, plan_name(key, caller)
    plan = begun(name, body, [_as_row(job) for job in jobs])
    jobs = [_from_row(row, job) for row, job in zip(plan.orders, jobs, strict=True)]
    if plan.done:
        return jobs
    # If this raises, the plan is kept: a repeated request stores the same jobs or none.
    application().service.place(jobs, again=again, limit=limit)
    store.finish(name)
    return jobs


def plan_name(key: str, caller: str) -> str:
    """The name of a caller's plan. Raises InvalidIdempotencyKey."""
    if not key.strip() or len(key) > LONGEST_KEY:
        raise InvalidIdempotencyKey
    return hashlib.sha256(f"{caller}\n{key}".encode()).hexdigest()


def begun(name: str, body: Schema, rows: Sequence[Mapping[str, Any]]) -> Plan:
    """The stored plan of this request. Raises IdempotencyKeyReused."""
    plan = application().idempotency.begin(name, _fingerprint(body), rows)
    if plan.fingerprint != _fingerprint(body):
        raise IdempotencyKeyReused
    return plan


def _planned(body: CreateJobIn, requested_by: str) -> list[Job]:
    service = application().service
    if body.num_jobs is not None:
        if body.cin or body.company_name:
            raise InvalidOrder("Give either num_jobs, or cin and companyName.")
        companies = simulated_companies(body.num_jobs, random.Random())  # noqa: S311
        orders = [Order(cin=cin, company_name=name, priority=body.priority) for cin, name in companies]
    elif body.cin is None or body.company_name is None:
        raise InvalidOrder("Give num_jobs (1 to 10), or cin and companyName.")
    else:
        orders = [Order(cin=body.cin, company_name=body.company_name, priority=body.priority)]
    return [service.prepare(order, requested_by=requested_by) for order in orders]


def _fingerprint(body: Schema) -> str:
    text = json.dumps(body.model_dump(mode="json", by_alias=True), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_row(job: Job) -> dict[str, Any]:
    return {"jobId": job.id, "cin": job.cin, "companyName": job.company_name}


def _from_row(row: Mapping[str, Any], job: Job) -> Job:
    return replace(job, id=row["jobId"], cin=row["cin"], company_name=row["companyName"])
