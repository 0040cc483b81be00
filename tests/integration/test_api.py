"""The API over a real server: jobs, documents, errors and the documentation."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from urllib.parse import quote

import jsonschema
import pytest

from jobs.domain.endpoints import CHOICES
from jobs.domain.errors import DatabaseUnavailable
from jobs.domain.job import VISIBLE, JobStatus
from jobs.domain.listing import Cursor
from jobs.web.api.reference import Reference
from jobs.web.api.site import api
from tests.integration.api import is_problem
from tests.integration.conftest import a_stored_job, ordered
from tests.making import a_file, some_filings

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def text_within(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


HUGE_CURSOR = Cursor(id="65a1b2c3d4e5f60718293a4b", value=2**63)
CIN = "L24295GJ1987PLC143792"


def test_jobs_are_found_by_their_end(call, app):
    failed = a_stored_job(app, JobStatus.FAILED)
    after = quote((app.jobs.get(failed.id).completed_at + timedelta(seconds=1)).isoformat())

    def found(query: str) -> list[str]:
        return [each["jobId"] for each in call("GET", f"/api/v1/jobs?{query}").json()["items"]]

    assert found(f"endedUntil={after}") == [failed.id]
    assert found(f"endedSince={after}") == []
    assert found("endedSince=0001-01-01T00:00:00&endedUntil=9999-12-31T23:59:59-12:00") == [failed.id]


def test_job_is_managed_from_order_to_deletion(call, app):
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


def test_lists_continue_at_their_cursor(call, app):
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
    app.blobs.put(
        document.blob_name,
        io.BytesIO(b"%PDF"),
        content_type="application/pdf",
        md5=__import__("hashlib").md5(b"%PDF").digest(),
        fence=1,
        metadata={},
    )
    app.documents.save_stored(lease, document, a_file(document.blob_name))
    items = call("GET", "/api/v1/documents?status=stored").json()["items"]
    assert [(each["jobId"], each["documentNumber"]) for each in items] == [(job.id, 1)]
    answer = call("GET", f"/api/v1/jobs/{job.id}/documents/1/file")
    assert b"".join(answer.streaming_content) == b"%PDF"
    assert is_problem(call("GET", f"/api/v1/jobs/{job.id}/documents/2/file"), 404, "unknown_document")
    assert is_problem(call("GET", f"/api/v1/jobs/{job.id}/documents/1/text"), 404, "unknown_document")


def test_stats_show_the_queue(call, app):
    a_stored_job(app)
    a_stored_job(app, JobStatus.FAILED)
    stats = call("GET", "/api/v1/stats").json()
    assert stats["jobs"]["pending"] == {"number": 1, "more": False}
    assert stats["oldestDueSeconds"] >= 0
    assert sum(bucket["failed"] for bucket in stats["lastHour"]) in (0, 1)  # it may have ended just now


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/nothing", None, 404),
        ("GET", "/api/v1/nothing", None, 404),
        ("PUT", "/api/v1/jobs", None, 405),
        ("GET", "/create-job", None, 405),
        ("GET", "/api/v1/jobs/zzz", None, 404),
        ("GET", "/api/v1/jobs/65a1b2c3d4e5f60718293a4b", None, 404),
        ("GET", "/api/v1/jobs?limit=0", None, 422),
        ("GET", "/api/v1/jobs?limit=1e9", None, 422),
        ("GET", "/api/v1/jobs?cursor=zzz", None, 422),
        ("GET", f"/api/v1/jobs?cursor={HUGE_CURSOR}", None, 422),
        ("GET", f"/api/v1/documents?cursor={HUGE_CURSOR}", None, 422),
        ("GET", f"/api/v1/jobs/65a1b2c3d4e5f60718293a4b/documents/{10**20 - 1}", None, 404),
        ("GET", f"/api/v1/jobs/65a1b2c3d4e5f60718293a4b/documents/{2**63}/file", None, 404),
        ("GET", f"/api/v1/jobs/65a1b2c3d4e5f60718293a4b/documents/{10**40}/text", None, 404),
        ("GET", "/api/v1/jobs/65a1b2c3d4e5f60718293a4b/documents/-1/file", None, 404),
        ("GET", f"/api/v1/jobs/65a1b2c3d4e5f60718293a4b/documents/-{10**40}/file", None, 404),
        ("GET", "/api/v1/jobs?text=%00", None, 422),
        ("GET", "/api/v1/jobs?status[$ne]=x&status=y", None, 422),
        ("POST", "/api/v1/jobs", b"{", 400),
        ("POST", "/api/v1/jobs", b"\xff\xfe", 400),
        ("POST", "/api/v1/jobs", [], 422),
        ("POST", "/api/v1/jobs", {"cin": {"$ne": None}, "companyName": "x"}, 422),
        ("POST", "/api/v1/jobs", {"cin": CIN, "companyName": "a\x00b"}, 422),
        ("POST", "/api/v1/jobs", {"cin": CIN, "companyName": "x", "priority": 10**30}, 422),
        ("POST", "/api/v1/jobs", {"cin": CIN, "companyName": "x", "extra": 1}, 422),
        ("POST", "/api/v1/jobs", {"cin": "nonsense", "companyName": "x"}, 422),
        ("POST", "/create-job", {"num_jobs": 11}, 422),
        ("POST", "/create-job", {"num_jobs": 0}, 422),
        ("POST", "/create-job", {"num_jobs": "3"}, 422),
        ("POST", "/create-job", {}, 422),
        ("POST", "/create-job", {"num_jobs": 1, "cin": CIN}, 422),
    ],
)
def test_errors_are_problem_documents(call, app, method, path, body, status):
    assert is_problem(call(method, path, body), status)
    assert ordered(app) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        ("POST", "/create-job", {"num_jobs": 11}, "body.num_jobs: Input should be less than or equal to 10"),
        ("POST", "/api/v1/jobs", {"cin": CIN}, "body.companyName: Field required"),
        ("POST", "/create-job", None, "body: Field required"),
        ("GET", "/api/v1/jobs?limit=201", None, "query.limit: Input should be less than or equal to 200"),
        ("GET", "/api/v1/jobs?status=done", None, f"query.status.0: must be one of {', '.join(VISIBLE)}"),
    ],
)
def test_faulty_field_is_named_as_clients_know_it(call, method, path, body, detail):
    answer = call(method, path, body)
    assert answer.json()["detail"] == detail
    assert answer.json()["errors"][0]["where"] == detail.partition(":")[0]


def test_mongodb_outage_is_a_retryable_problem(call, monkeypatch):
    def away(_self):
        raise DatabaseUnavailable("secret-host")

    monkeypatch.setattr("jobs.bootstrap.Application.catalogue", property(away))
    answer = call("GET", "/api/v1/jobs")
    assert is_problem(answer, 503, "database_unavailable")
    assert answer["Retry-After"]
    assert b"secret" not in answer.content


def test_documentation_lists_every_operation(client, owner):
    client.force_login(owner)
    page = client.get("/api/docs").content.decode()
    schema = client.get("/api/openapi.json").json()
    for path in schema["paths"]:
        assert path in page
    assert "409 with <code>jobId</code> if" in page
    subjects = re.findall(r'<h2 id="([a-z-]+)-operations">', page)
    assert subjects[:3] == ["jobs", "documents", "companies"]
    assert len(subjects) == len(set(subjects))
    assert all(f'href="#{each}-operations"' in page for each in subjects)
    assert "array of at most 7 of &quot;pending&quot; | " in page
    assert "Ordered on this day of UTC or later." in page


def test_documentation_shows_the_fields_of_a_body(client, owner):
    client.force_login(owner)
    page = client.get("/api/docs").content.decode()
    operation = page[page.index('id="create_job"') :].split("</details>")[0]
    body = text_within(operation[operation.index("Request body") : operation.index("Responses")])
    assert "cin required string, at most 200 characters" in body
    assert "priority integer, 0 to 9 0" in body
    assert 'data-copy="create_job-curl"' in operation
    assert "`" not in page
    assert "<script>" not in page
    for word in ("Idempotency-Key", "&quot;no_filings&quot;", "integer, 0 to 9", "string (date-time) or null"):
        assert word in page
    assert re.search(r'href="/api/docs"\s+aria-current="page"', page)
    anchors = set(re.findall(r' id="([\w.-]+)"', page))
    assert set(re.findall(r'href="#([\w.-]+)"', page)) <= anchors
    assert len(re.findall(r' id="([\w.-]+)"', page)) == len(anchors)


def test_operations_have_short_unique_names(client):
    paths = client.get("/api/openapi.json").json()["paths"].values()
    names = [operation["operationId"] for path in paths for operation in path.values()]
    assert len(set(names)) == len(names) > 30
    assert {"create_job", "create_jobs", "list_jobs"} <= set(names)


def test_documentation_includes_the_first_contract(client):
    schema = client.get("/api/openapi.json").json()
    body = schema["paths"]["/create-job"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["$ref"].rpartition("/")[2] in schema["components"]["schemas"]


def test_header_can_be_sent_as_documented(call, client, app):
    """Web servers drop headers with underscores."""
    schema = client.get("/api/openapi.json").json()
    (name,) = [each["name"] for each in schema["paths"]["/api/v1/jobs"]["post"]["parameters"]]
    assert name == "Idempotency-Key"


def test_examples_are_valid_calls(client):
    """Each body matches its schema, each Python example compiles, each address is complete."""
    schema = client.get("/api/openapi.json").json()
    reference = Reference(schema, "https://filesure.example")
    for operation in reference.operations:
        compile(operation.python, operation.id, "exec")
        assert operation.curl.startswith(f"curl -X {operation.method} ")
        assert "{" not in operation.curl.splitlines()[0]
        if operation.body:
            body = {"$ref": f"#/components/schemas/{operation.body}", "components": schema["components"]}
            jsonschema.Draft202012Validator(body).validate(reference.example(operation.body))


def test_description_is_built_once(client):
    """It takes half a second."""
    assert api.get_openapi_schema() is api.get_openapi_schema()
    assert client.get("/api/openapi.json").content == client.get("/api/openapi.json").content


def test_documentation_shows_what_webhooks_send(staff):
    schema = staff.get("/api/openapi.json").json()
    reference = Reference(schema, "https://filesure.example")
    for webhook in reference.webhooks:
        body = schema["webhooks"][webhook.type]["post"]["requestBody"]["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator({**body, "components": schema["components"]}).validate(
            json.loads(webhook.example)
        )
    page = staff.get("/api/docs").content.decode()
    assert all(f'id="on_{str(kind).replace(".", "_")}"' in page for kind in CHOICES)
    assert {"OrderEventData", "NewFilingData"} <= {each.name for each in reference.schemas()}
    assert "webhook-signature" in page


def test_documentation_builds_each_operation_once(staff, monkeypatch):
    built, build = [], Reference._operation
    monkeypatch.setattr(Reference, "_operation", lambda *given: built.append(given[1:3]) or build(*given))
    assert staff.get("/api/docs").status_code == 200
    assert len(built) == len(set(built)) > 40


def test_every_property_is_typed(client):
    schemas = client.get("/api/openapi.json").json()["components"]["schemas"]
    assert [name for name, schema in schemas.items() if '"additionalProperties": true' in json.dumps(schema)] == []
    untyped = [name for name, schema in schemas.items() if {} in list(schema.get("properties", {}).values())]
    assert untyped == []


def test_hidden_state_is_named_nowhere(call, client):
    described = client.get("/api/openapi.json").content.decode()
    assert "no_filings" in described
    assert "deleting" not in described
    refused = call("GET", "/api/v1/jobs?status=nonsense")
    assert is_problem(refused, 422)
    assert "deleting" not in refused.content.decode()
    assert is_problem(call("GET", "/api/v1/jobs?status=deleting"), 422)
    assert "deleting" not in call("GET", "/api/v1/stats").content.decode()
