"""Runs one job to its end after a deploy: web site, MongoDB, KEDA, claim, source and blob store, all at once."""

from __future__ import annotations

import json
import time

from kubectl import NAMESPACE, Failed, kubectl

SECONDS, PAUSE = 600, 5.0
_GOOD = {"completed", "partial", "no_filings"}
_BAD = {"failed", "cancelled"}


def smoke(company: str) -> str:
    """Order ``simulated``, or ``CIN=NAME`` of a real company. Returns the job's state. Raises Failed."""
    cin, _, name = company.partition("=")
    chosen = ("--cin", cin, "--company", name, "--again") if name else ("--count", "1")
    job_id = _manage("create_jobs", *chosen, "--priority", "9").split(maxsplit=1)[0]
    deadline = time.monotonic() + SECONDS
    while True:
        job = json.loads(_manage("job_status", job_id, "--json"))
        state = job["jobStatus"]
        if state in _GOOD:
            return str(state)
        if state in _BAD:
            raise Failed(f"The smoke job {job_id} is {state}: {(job.get('lastError') or {}).get('message')}")
        if time.monotonic() > deadline:
            raise Failed(f"The smoke job {job_id} is {state} after {SECONDS} seconds.")
        time.sleep(PAUSE)


def _manage(*arguments: str) -> str:
    return kubectl("exec", "-n", NAMESPACE, "deploy/web", "-c", "web", "--", "python", "manage.py", *arguments)
