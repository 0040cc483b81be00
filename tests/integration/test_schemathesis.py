"""Schemathesis calls every operation of the API with valid and invalid requests.

SCHEMATHESIS_EXAMPLES (default 25) sets the number of calls per operation.
"""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from filesure_site.wsgi import application as site
from jobs.web import tokens
from jobs.web.permissions import Permission
from tests.integration.conftest import a_stored_job

pytestmark = [pytest.mark.server, pytest.mark.django_db, pytest.mark.timeout(600)]

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "25"))
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
UNAVAILABLE = 503

schema = schemathesis.openapi.from_wsgi("/api/openapi.json", site)


@pytest.fixture
def headers(app, django_user_model, request, settings) -> dict[str, str]:
    """No credentials, or a token with all scopes. Also stores a job that ids can match."""
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 1_000_000
    a_stored_job(app)
    owner = django_user_model.objects.create_superuser("owner")
    if request.param == "anonymous":
        return {}
    return {"Authorization": f"Bearer {tokens.issue(owner, 'schemathesis', list(Permission), None)[1]}"}


@pytest.mark.parametrize("headers", ["anonymous", "authenticated"], indirect=True)
@schema.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_call_matches_the_openapi_document(case, headers):
    response = case.call(headers={**(case.headers or {}), "Accept-Encoding": "identity", **headers})
    assert response.status_code != UNAVAILABLE
    case.validate_response(response, checks=CHECKS)
