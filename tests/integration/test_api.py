"""The API over a real server: what it answers, whom it lets, and that a key orders once."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client, override_settings
from django.utils import timezone
from pymongo.errors import WriteError

from filesure_site.configuration import load
from jobs import tokens
from jobs.adapters.mongo.idempotency import DEADLOCK
from jobs.domain.errors import ConfigurationError, DatabaseUnavailable
from jobs.domain.job import JobStatus
from jobs.domain.listing import JobFilter, JobOrder
from jobs.models import ApiToken
from jobs.permissions import Permission
from tests.integration.conftest import a_stored_job
from tests.making import a_cin, a_file, some_filings

pytestmark = [pytest.mark.server, pytest.mark.django_db]

CIN = "L24295GJ1987PLC143792"


@pytest.fixture
def owner(app, django_user_model):
    return django_user_model.objects.create_superuser("owner")


@pytest.fixture
def call(owner):
    """Calls the API with a token of all scopes."""
    _, secret = tokens.issue(owner, "tests", list(Permission), None)
    return caller(secret)


def caller(secret: str | None = None, **session):
    client = session.get("client") or Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def ask(method: str, path: str, body: object = None, **more: str):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return client.generic(method, path, data, content_type="application/json", headers={**headers, **more})

    return ask


def ordered(app):
    return app.catalogue.jobs(JobFilter(), JobOrder.OLDEST, None, 200).items


def is_problem(answer, status: int, kind: str | None = None) -> bool:
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json", answer.content
    assert (answer.status_code, body["status"]) == (status, status), body
    assert kind is None or body["kind"] == kind, body
    return {"type", "title", "detail", "instance"} <= body.keys()


# --- jobs and documents


def test_a_job_from_order_to_deletion(call, app):
    created = call("POST", "/api/v1/jobs", {"cin": CIN, "companyName": "Example", "priority": 3})
    assert created.status_code == 201
    job = created.json()
    assert (job["cin"], job["jobStatus"], job["requestedBy"]) == (CIN, "pending", "owner")
    again = call("POST", "/api/v1/jobs", {"cin": CIN, "companyName": "Example"})
    assert is_problem(again, 409, "already_ordered")
    assert again.json()["jobId"] == job["jobId"]
    path = f"/api/v1/jobs/{job['jobId']}"
    assert call("POST", f"{path}/priority", {"priority": 9}).json()["priority"] == 9
    assert is_problem(call("DELETE", path), 409, "wrong_state")
    assert call("POST", f"{path}/cancel").json()["jobStatus"] == "cancelled"
    assert call("POST", f"{path}/retry").json()["jobStatus"] == "pending"
    assert is_problem(call("POST", f"{path}/retry"), 409, "wrong_state")
    assert [entry["action"] for entry in call("GET", path).json()["audit"]][-1] == "prioritise"
    call("POST", f"{path}/cancel")
    assert call("DELETE", path).status_code == 204
    assert is_problem(call("GET", path), 404, "unknown_job")


def test_lists_go_on_at_their_cursor(call, app):
    jobs = [a_stored_job(app, company_name=f"Company {number}") for number in range(5)]
    found, cursor = [], ""
    while cursor is not None:
        page = call("GET", f"/api/v1/jobs?limit=2&order=oldest&cursor={cursor}").json()
        found += [job["jobId"] for job in page["items"]]
        cursor = page["next"]
    assert found == [job.id for job in jobs]
    assert len(call("GET", "/api/v1/jobs?status=failed&status=pending").json()["items"]) == 5
    assert call("GET", "/api/v1/jobs?text=company&requestedBy=nobody").json()["items"] == []


def test_documents_are_listed_and_downloaded(call, app):
    job = a_stored_job(app)
    lease = app.jobs.claim(job.id, "w", 60).lease
    app.documents.add(lease, job, some_filings(2))
    document = app.documents.of_job(job.id)[0]
    app.blobs.put(document.blob_name, io.BytesIO(b"%PDF"), content_type="application/pdf",
                  md5=__import__("hashlib").md5(b"%PDF").digest(), fence=1, metadata={})  # fmt: skip
    app.documents.save_stored(lease, document, a_file(document.blob_name))
    items = call("GET", "/api/v1/documents?status=stored").json()["items"]
    assert [(each["jobId"], each["documentNumber"]) for each in items] == [(job.id, 1)]
    answer = call("GET", f"/api/v1/jobs/{job.id}/documents/1/file")
    assert b"".join(answer.streaming_content) == b"%PDF"
    assert is_problem(call("GET", f"/api/v1/jobs/{job.id}/documents/2/file"), 404, "unknown_document")
    assert is_problem(call("GET", f"/api/v1/jobs/{job.id}/documents/1/text"), 404, "unknown_document")


def test_stats_tell_the_queue(call, app):
    a_stored_job(app)
    a_stored_job(app, JobStatus.FAILED)
    stats = call("GET", "/api/v1/stats").json()
    assert stats["jobs"]["pending"] == {"number": 1, "more": False}
    assert stats["oldestDueSeconds"] >= 0
    assert sum(bucket["failed"] for bucket in stats["lastHour"]) in (0, 1)  # it may have ended in this very moment


# --- errors


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/nothing", None, 404), ("GET", "/api/v1/nothing", None, 404), ("PUT", "/api/v1/jobs", None, 405),
        ("GET", "/create-job", None, 405), ("GET", "/api/v1/jobs/zzz", None, 422),
        ("GET", "/api/v1/jobs/65a1b2c3d4e5f60718293a4b", None, 404), ("GET", "/api/v1/jobs?limit=0", None, 422),
        ("GET", "/api/v1/jobs?limit=1e9", None, 422), ("GET", "/api/v1/jobs?cursor=zzz", None, 422),
        ("GET", "/api/v1/jobs?text=%00", None, 422), ("GET", "/api/v1/jobs?status[$ne]=x&status=y", None, 422),
        ("POST", "/api/v1/jobs", b"{", 400), ("POST", "/api/v1/jobs", b"\xff\xfe", 400),
        ("POST", "/api/v1/jobs", [], 422),
        ("POST", "/api/v1/jobs", {"cin": {"$ne": None}, "companyName": "x"}, 422),
        ("POST", "/api/v1/jobs", {"cin": CIN, "companyName": "a\x00b"}, 422),
        ("POST", "/api/v1/jobs", {"cin": CIN, "companyName": "x", "priority": 10**30}, 422),
        ("POST", "/api/v1/jobs", {"cin": CIN, "companyName": "x", "extra": 1}, 422),
        ("POST", "/api/v1/jobs", {"cin": "nonsense", "companyName": "x"}, 422),
        ("POST", "/create-job", {"num_jobs": 11}, 422), ("POST", "/create-job", {"num_jobs": 0}, 422),
        ("POST", "/create-job", {"num_jobs": "3"}, 422), ("POST", "/create-job", {}, 422),
        ("POST", "/create-job", {"num_jobs": 1, "cin": CIN}, 422),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_as_a_problem(call, app, method, path, body, status):
    assert is_problem(call(method, path, body), status)
    assert ordered(app) == []


def test_mongodb_away_is_a_problem_to_try_again(call, monkeypatch):
    def away(_self):
        raise DatabaseUnavailable("secret-host")

    monkeypatch.setattr("jobs.bootstrap.Application.catalogue", property(away))
    answer = call("GET", "/api/v1/jobs")
    assert is_problem(answer, 503, "database_unavailable")
    assert answer["Retry-After"]
    assert b"secret" not in answer.content


# --- who


def test_nothing_without_a_proof(app):
    ask = caller()
    for method, path in (
        ("GET", "/api/v1/jobs"),
        ("POST", "/api/v1/jobs"),
        ("POST", "/create-job"),
        ("GET", "/api/v1/stats"),
    ):
        answer = ask(method, path, {"num_jobs": 1})
        assert is_problem(answer, 401, "not_authenticated")
        assert "Bearer" in answer["WWW-Authenticate"]
    assert ordered(app) == []


@pytest.mark.parametrize("secret", ["", "x", "fsr_unknown", "fsr_" + "a" * 10_000])
def test_an_unknown_token_is_refused(app, secret):
    assert is_problem(caller(secret)("GET", "/api/v1/jobs"), 401)


def test_a_token_does_what_its_scopes_say_and_its_account_still_may(app, django_user_model):
    user = django_user_model.objects.create_user("op")
    user.groups.set(Group.objects.filter(name="Operator"))
    _, secret = tokens.issue(user, "reader", [Permission.VIEW, Permission.DELETE], None)
    ask = caller(secret)
    job = a_stored_job(app)
    assert ask("GET", "/api/v1/jobs").status_code == 200
    assert is_problem(ask("POST", f"/api/v1/jobs/{job.id}/cancel"), 403, "forbidden")
    assert is_problem(ask("DELETE", f"/api/v1/jobs/{job.id}"), 403)  # Operators may not, whatever the token says
    user.groups.clear()
    assert is_problem(ask("GET", "/api/v1/jobs"), 403)
    user.is_active = False
    user.save()
    assert is_problem(ask("GET", "/api/v1/jobs"), 401)


def test_a_revoked_or_expired_token_is_dead(owner):
    token, secret = tokens.issue(owner, "x", [Permission.VIEW], timezone.now() + timedelta(hours=1))
    assert caller(secret)("GET", "/api/v1/jobs").status_code == 200
    assert ApiToken.objects.get(pk=token.pk).last_used_at is not None
    assert secret not in str(ApiToken.objects.filter(pk=token.pk).values())
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert is_problem(caller(secret)("GET", "/api/v1/jobs"), 401)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=None)
    tokens.revoke(token)
    assert is_problem(caller(secret)("GET", "/api/v1/jobs"), 401)


def test_a_session_writes_with_its_csrf_token_only(owner, app):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    ask = caller(client=client)
    assert ask("GET", "/api/v1/jobs").status_code == 200
    assert is_problem(ask("POST", "/create-job", {"num_jobs": 1}), 403)
    client.get("/order/")
    value = client.cookies["filesure_csrf"].value
    assert ask("POST", "/create-job", {"num_jobs": 1}, **{"X-CSRFToken": value}).status_code == 201
    assert len(ordered(app)) == 1


def test_the_demonstration_is_open_for_create_job_alone(app):
    with override_settings(ALLOW_ANONYMOUS_DEMO=True):
        anybody = caller(client=Client(enforce_csrf_checks=True))
        assert anybody("POST", "/create-job", {"num_jobs": 2}).json()["totalJobs"] == 2
        assert is_problem(anybody("GET", "/api/v1/jobs"), 401)
    assert {job.requested_by for job in ordered(app)} == {"demo"}


@pytest.mark.parametrize("debug", [{}, {"DEBUG": "0"}])
def test_the_demonstration_is_refused_in_production(debug):
    with pytest.raises(ConfigurationError, match="ALLOW_ANONYMOUS_DEMO=1 is for demonstrations"):
        load({"ALLOW_ANONYMOUS_DEMO": "1", **debug})
    assert load({"ALLOW_ANONYMOUS_DEMO": "1", "DEBUG": "1"}).allow_anonymous_demo


def test_too_many_requests_are_told_to_wait(call, monkeypatch):
    monkeypatch.setattr("jobs.api.operations.api.throttle", [])
    answers = [call("POST", "/create-job", {}) for _ in range(61)]
    assert is_problem(answers[-1], 429, "too_many")
    assert int(answers[-1]["Retry-After"]) > 0
    assert is_problem(answers[0], 422)


# --- ordering once


def test_create_job_stores_exactly_what_it_tells(call, app):
    answer = call("POST", "/create-job", {"num_jobs": 10})
    body = answer.json()
    assert (answer.status_code, body["totalJobs"], body["message"]) == (201, 10, "10 jobs created.")
    assert {job["jobId"] for job in body["jobs"]} == {job.id for job in ordered(app)}
    one = call("POST", "/create-job", {"cin": CIN, "companyName": "Example", "priority": 7}).json()
    assert (one["totalJobs"], one["jobs"][0]["cin"]) == (1, CIN)
    assert app.jobs.get(one["jobs"][0]["jobId"]).priority == 7


def test_a_key_orders_once(call, app, owner):
    first = call("POST", "/create-job", {"num_jobs": 3}, **{"Idempotency-Key": "k1"})
    again = call("POST", "/create-job", {"num_jobs": 3}, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert len(ordered(app)) == 3
    other = call("POST", "/create-job", {"num_jobs": 4}, **{"Idempotency-Key": "k1"})
    assert is_problem(other, 422, "key_used_otherwise")
    _, secret = tokens.issue(owner, "another caller", list(Permission), None)
    assert caller(secret)("POST", "/create-job", {"num_jobs": 3}, **{"Idempotency-Key": "k1"}).json() != first.json()
    assert len(ordered(app)) == 6


def test_a_process_that_died_half_way_is_made_up_for(call, app, monkeypatch):
    body, key = {"num_jobs": 5}, {"Idempotency-Key": "k"}
    original = type(app.jobs).add

    def dies(self, jobs, *, again):
        original(self, jobs[:2], again=again)
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
    from jobs.api.creating import create
    from jobs.api.schemas import CreateJobIn

    body = CreateJobIn(num_jobs=4)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: [job.id for job in create(body, "me", "k", "caller")], range(6)))
    assert len({tuple(answer) for answer in answers}) == 1
    assert len(ordered(app)) == 4


def test_a_caller_whom_documentdb_turns_away_in_a_race_tries_again(app, monkeypatch):
    plans, turned_away = app.idempotency._plans, []
    insert = plans.insert_one

    def insert_one(row):
        if not turned_away:
            turned_away.append(row)
            raise WriteError("deadlock detected", DEADLOCK)
        return insert(row)

    monkeypatch.setattr(plans, "insert_one", insert_one)
    assert app.idempotency.begin("k", "f", [{"cin": "x"}]).fingerprint == "f"
    assert plans.count_documents({"key": "k"}) == len(turned_away) == 1


def test_a_caller_whom_documentdb_always_turns_away_is_told_so(call, app, monkeypatch):
    def insert_one(_row):
        raise WriteError("deadlock detected", DEADLOCK)

    body = {"cin": a_cin(), "companyName": "Example"}
    with monkeypatch.context() as racing:
        racing.setattr(app.idempotency._plans, "insert_one", insert_one)
        assert is_problem(call("POST", "/create-job", body, **{"Idempotency-Key": "k"}), 503)
    assert call("POST", "/create-job", body, **{"Idempotency-Key": "k"}).status_code == 201
    assert len(ordered(app)) == 1


def test_a_refused_order_does_not_use_up_its_key(call, app):
    cin = a_cin()
    job = a_stored_job(app, cin=cin)
    body, key = {"cin": cin, "companyName": "Example"}, {"Idempotency-Key": "k"}
    assert is_problem(call("POST", "/create-job", body, **key), 409)
    app.jobs.cancel(job.id)
    assert call("POST", "/create-job", body, **key).status_code == 201


# --- the site's part


def test_tokens_are_made_shown_once_and_revoked(client, owner):
    client.force_login(owner)
    page = client.post("/tokens/", {"name": "Report", "scopes": ["view"], "expires": ""}).content.decode()
    secret = page.split('id="secret">')[1].split("<")[0]
    assert caller(secret)("GET", "/api/v1/stats").status_code == 200
    assert secret not in client.get("/tokens/").content.decode()
    token = ApiToken.objects.get()
    client.post(f"/tokens/{token.pk}/revoke/")
    assert is_problem(caller(secret)("GET", "/api/v1/stats"), 401)
    assert client.post("/tokens/", {"name": "", "scopes": ["fly"], "expires": "2001-01-01"}).status_code == 422


def test_nobody_revokes_another_persons_token(client, owner, django_user_model):
    token, _ = tokens.issue(owner, "x", [Permission.VIEW], None)
    client.force_login(django_user_model.objects.create_superuser("other"))
    assert client.post(f"/tokens/{token.pk}/revoke/").status_code == 404
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None


def test_the_documentation_lists_every_operation(client, owner):
    client.force_login(owner)
    page = client.get("/api/docs").content.decode()
    schema = client.get("/api/openapi.json").json()
    for path in schema["paths"]:
        assert path in page
    assert "409 with <code>jobId</code> if" in page
    assert "`" not in page
    assert "<script>" not in page
