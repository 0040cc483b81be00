"""Orders through the API: an idempotency key orders once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pymongo.collection import Collection
from pymongo.errors import WriteError

from jobs.adapters.mongo.racing import DEADLOCK
from jobs.domain.job import JobStatus
from jobs.web import tokens
from jobs.web.permissions import Permission
from tests.integration.api import caller, is_problem
from tests.integration.conftest import a_stored_job, ordered
from tests.making import a_cin

pytestmark = [pytest.mark.server, pytest.mark.django_db]

CIN = "L24295GJ1987PLC143792"


def test_create_job_stores_what_it_reports(call, app):
    answer = call("POST", "/create-job", {"num_jobs": 10})
    body = answer.json()
    assert (answer.status_code, body["totalJobs"], body["message"]) == (201, 10, "10 jobs created.")
    assert {job["jobId"] for job in body["jobs"]} == {job.id for job in ordered(app)}
    one = call("POST", "/create-job", {"cin": CIN, "companyName": "Example", "priority": 7}).json()
    assert (one["totalJobs"], one["jobs"][0]["cin"]) == (1, CIN)
    assert app.jobs.get(one["jobs"][0]["jobId"]).priority == 7


@pytest.mark.parametrize(("written", "stored"), [("aab1234", "AAB-1234"), (" f01234 ", "F01234")])
def test_llpins_and_fcrns_are_accepted(call, written, stored):
    made = call("POST", "/api/v1/jobs", {"cin": written, "companyName": "Example"})
    assert (made.status_code, made.json()["cin"]) == (201, stored)
    assert call("POST", "/create-job", {"cin": stored, "companyName": "Example"}).status_code == 409
    assert call("GET", f"/api/v1/companies/{written.strip()}").json()["cin"] == stored


def test_delayed_order_waits_or_runs_now(call, app):
    order = {"cin": "L24295GJ1987PLC143792", "companyName": "Example"}
    time = (app.clock() + timedelta(days=2)).replace(hour=6, minute=30, second=0, microsecond=0)
    made = call("POST", "/api/v1/jobs", order | {"notBefore": f"{time:%Y-%m-%dT%H:%M:%S}+05:30"})
    assert made.json()["runAfter"].startswith(f"{time:%Y-%m-%d}T01:00:00")
    assert app.jobs.count_due(1) == 0
    now = call("POST", f"/api/v1/jobs/{made.json()['jobId']}/run-now")
    assert (now.status_code, now.json()["priority"]) == (200, 9)
    assert app.jobs.count_due(1) == 1
    assert call("POST", "/api/v1/jobs", order | {"notBefore": "2999-01-01T00:00:00Z"}).status_code == 422


def test_fresh_order_says_so(call):
    order = {"cin": "L24295GJ1987PLC143792", "companyName": "Example", "fresh": True}
    assert call("POST", "/api/v1/jobs", order).json()["fresh"] is True


def test_idempotency_key_orders_once(call, app, owner):
    first = call("POST", "/create-job", {"num_jobs": 3}, **{"Idempotency-Key": "k1"})
    again = call("POST", "/create-job", {"num_jobs": 3}, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert len(ordered(app)) == 3
    other = call("POST", "/create-job", {"num_jobs": 4}, **{"Idempotency-Key": "k1"})
    assert is_problem(other, 422, "idempotency_key_reused")
    _, secret = tokens.issue(owner, "another caller", list(Permission), None)
    assert caller(secret)("POST", "/create-job", {"num_jobs": 3}, **{"Idempotency-Key": "k1"}).json() != first.json()
    assert len(ordered(app)) == 6


def test_retry_completes_a_half_finished_order(call, app, monkeypatch):
    body, key = {"num_jobs": 5}, {"Idempotency-Key": "k"}
    original = type(app.jobs).add

    def dies(self, jobs, *, again, expect):
        original(self, jobs[:2], again=again, expect=expect)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(app.jobs), "add", dies)
        with pytest.raises(KeyboardInterrupt):
            call("POST", "/create-job", body, **key)
    assert len(ordered(app)) == 2
    answer = call("POST", "/create-job", body, **key).json()
    assert {job["jobId"] for job in answer["jobs"]} == {job.id for job in ordered(app)}
    assert len(ordered(app)) == 5


def test_racing_requests_with_one_key_order_once(app):
    from jobs.web.api.create_job import create
    from jobs.web.api.inputs import CreateJobIn

    body = CreateJobIn(num_jobs=4)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: [job.id for job in create(body, "me", "k", "caller")], range(6)))
    assert len({tuple(answer) for answer in answers}) == 1
    assert len(ordered(app)) == 4


def test_endless_documentdb_conflicts_are_reported(call, app, monkeypatch):
    def insert_one(*_):
        raise WriteError("deadlock detected", DEADLOCK)

    body = {"cin": a_cin(), "companyName": "Example"}
    with monkeypatch.context() as racing:
        racing.setattr(Collection, "insert_one", insert_one)
        assert is_problem(call("POST", "/create-job", body, **{"Idempotency-Key": "k"}), 503)
    assert call("POST", "/create-job", body, **{"Idempotency-Key": "k"}).status_code == 201
    assert len(ordered(app)) == 1


def test_refused_order_keeps_its_key_usable(call, app):
    cin = a_cin()
    job = a_stored_job(app, cin=cin)
    body, key = {"cin": cin, "companyName": "Example"}, {"Idempotency-Key": "k"}
    assert is_problem(call("POST", "/create-job", body, **key), 409)
    app.jobs.cancel(job.id)
    assert call("POST", "/create-job", body, **key).status_code == 201


def test_retry_beside_another_job_needs_again(call, app):
    job = a_stored_job(app, JobStatus.FAILED)
    other = a_stored_job(app, cin=job.cin)
    refused = call("POST", f"/api/v1/jobs/{job.id}/retry")
    assert is_problem(refused, 409, "already_ordered")
    assert refused.json()["jobId"] == other.id
    assert call("POST", f"/api/v1/jobs/{job.id}/retry", {"again": False}).status_code == 409
    answer = call("POST", f"/api/v1/jobs/{job.id}/retry", {"again": True})
    assert (answer.status_code, answer.json()["jobStatus"]) == (200, "pending")


def test_replay_after_a_later_order_answers_with_the_first_job(call, app, monkeypatch):
    """The job is stored, the request dies before it ends, and the company is ordered again meanwhile."""
    cin = a_cin()
    body, key = {"cin": cin, "companyName": "Example"}, {"Idempotency-Key": "k"}

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(app.idempotency), "finish", dies)
        with pytest.raises(KeyboardInterrupt):
            call("POST", "/create-job", body, **key)
    (first,) = ordered(app)
    app.jobs.cancel(first.id)
    a_stored_job(app, cin=cin)
    for _ in range(2):
        answer = call("POST", "/create-job", body, **key)
        assert (answer.status_code, [job["jobId"] for job in answer.json()["jobs"]]) == (201, [first.id])
    assert len(ordered(app)) == 2


def test_refused_order_is_stored_under_its_planned_id(call, app):
    cin = a_cin()
    other = a_stored_job(app, cin=cin)
    body, key = {"cin": cin, "companyName": "Example"}, {"Idempotency-Key": "k"}
    assert is_problem(call("POST", "/create-job", body, **key), 409)
    (plan,) = app.database["idempotency"].find()
    app.jobs.cancel(other.id)
    assert [job["jobId"] for job in call("POST", "/create-job", body, **key).json()["jobs"]] == [
        plan["orders"][0]["jobId"]
    ]
