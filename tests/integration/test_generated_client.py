"""A client that openapi-python-client generates from the OpenAPI document."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from django.test import Client

from filesure_site.wsgi import application as site
from jobs.web import tokens
from jobs.web.permissions import Permission

pytestmark = [pytest.mark.server, pytest.mark.django_db]

ORDER = {"cin": "L24295GJ1987PLC143792", "companyName": "Vindhya Chemicals Limited", "priority": 7}


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Path:
    """The folder of the generated package."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_bytes(Client().get("/api/openapi.json").content)
    (folder / "config.yaml").write_text("post_hooks: []\n")
    target = ["--output-path", str(folder / "filesure_client"), "--meta", "none"]
    command = [str(Path(sys.executable).parent / "openapi-python-client"), "generate", *target]
    done = subprocess.run(
        [*command, "--path", "openapi.json", "--config", "config.yaml"],
        cwd=folder,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    warnings = done.stdout.count("WARNING")
    assert warnings == done.stdout.count("Unsupported content_type application/x-ndjson"), done.stdout
    return folder


@pytest.fixture
def modules(generated, monkeypatch):
    monkeypatch.syspath_prepend(generated)

    def module(path: str) -> ModuleType:
        return importlib.import_module(f"filesure_client.{path}")

    yield module
    for name in [name for name in sys.modules if name.partition(".")[0] == "filesure_client"]:
        del sys.modules[name]


@pytest.fixture
def client_of(modules, owner):
    """A client with a token of these scopes, in this process."""

    def made(*scopes: Permission):
        secret = tokens.issue(owner, "generated", scopes, None)[1]
        client = modules("client").AuthenticatedClient(base_url="http://testserver", token=secret)
        headers = {"Authorization": f"Bearer {secret}"}
        http = httpx.Client(base_url="http://testserver", transport=httpx.WSGITransport(app=site), headers=headers)
        return client.set_httpx_client(http)

    return made


def test_generated_client_orders_and_reads_the_job(modules, client_of):
    client = client_of(*Permission)
    body = modules("models").OrderIn.from_dict(ORDER)
    made = modules("api.jobs.create_job").sync_detailed(client=client, body=body, idempotency_key="one order")
    assert made.status_code == 201
    job = modules("api.jobs.get_job").sync(made.parsed.job_id, client=client)
    assert (job.job_id, job.cin, job.priority, str(job.job_status)) == (made.parsed.job_id, ORDER["cin"], 7, "pending")
    again = modules("api.jobs.create_job").sync(client=client, body=body, idempotency_key="one order")
    assert again.job_id == job.job_id
    listed = modules("api.jobs.list_jobs").sync(client=client, text=ORDER["cin"])
    assert [each.job_id for each in listed.items] == [job.job_id]


def test_generated_client_knows_the_first_contract_and_errors(modules, client_of):
    body = modules("models").CreateJobIn.from_dict({"num_jobs": 2})
    made = modules("api.jobs.create_jobs").sync(client=client_of(*Permission), body=body)
    assert (made.total_jobs, len(made.jobs)) == (2, 2)
    refused = modules("api.jobs.create_jobs").sync_detailed(client=client_of(Permission.VIEW), body=body)
    assert (refused.status_code, refused.parsed.status) == (403, 403)
