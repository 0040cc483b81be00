"""The two APIs, ``/api/`` and ``/create-job``, with their documentation and URLs."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from jobs.web.api import bulk_actions, companies, exports, lists, operations, pauses, watches, webhooks
from jobs.web.api.auth import ReadLimit, WriteLimit
from jobs.web.api.problems import CONTENT_TYPE, handle_all
from jobs.web.api.reference import Reference


class Docs(DocsBase):
    """The documentation as a page of the site, without inline scripts or scripts from other hosts."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **_: Any) -> HttpResponse:
        reference = Reference(api.get_openapi_schema(), f"{request.scheme}://{request.get_host()}")
        context = {
            "groups": reference.groups(),
            "webhooks": reference.webhooks,
            "webhook_headers": reference.webhook_headers(),
            "schemas": reference.schemas(),
        }
        return render(request, "api_docs.html", context)


class _Named(NinjaAPI):
    """Names operations by their functions, because generated clients use these names."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return str(operation.view_func.__name__)


class _Api(_Named):
    """Documents both APIs, and what ninja declares wrongly: the content type of errors, and the names of headers."""

    #: By the arguments. Building one takes half a second.
    _schemas: ClassVar[dict[str, OpenAPISchema]] = {}

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        """Callers share the schema and must not change it."""
        key = repr(sorted(given.items()))
        if key not in self._schemas:
            self._schemas[key] = self._new_schema(**given)
        return self._schemas[key]

    def _new_schema(self, **given: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**given)
        other = create_job_api.get_openapi_schema()
        schema["paths"].update(other["paths"])
        for kind, parts in other["components"].items():
            schema["components"][kind] = {**parts, **schema["components"][kind]}
        schema["webhooks"] = webhooks.described()
        schema["components"]["schemas"] |= webhooks.data_schemas()
        for each in _parameters(schema):
            if each["in"] == "header":  # web servers drop headers with underscores
                each["name"] = each["name"].replace("_", "-").title()
        answers = [
            answer
            for path in schema["paths"].values()
            for operation in path.values()
            for status, answer in operation["responses"].items()
            if int(status) >= HTTPStatus.BAD_REQUEST
        ]
        for answer in answers:
            answer["content"] = {CONTENT_TYPE: answer["content"]["application/json"]}
        return schema


def _parameters(schema: OpenAPISchema) -> Iterator[dict[str, Any]]:
    for path in schema["paths"].values():
        for operation in path.values():
            yield from operation.get("parameters", ())


api = _Api(
    title="Filesure",
    version="1",
    urls_namespace="api",
    throttle=[ReadLimit(), WriteLimit()],
    docs=Docs(),
    docs_url="docs",
    openapi_url="openapi.json",
    description="Times are ISO 8601 in UTC. Errors are problem details (RFC 9457)."
    " Lists are paged: `next` is the cursor of the following page.",
)
create_job_api = _Named(
    title="create-job",
    urls_namespace="create-job",
    throttle=[WriteLimit()],
    docs_url=None,
    openapi_url=None,
)


def addresses(ninja: NinjaAPI) -> tuple[list[URLResolver | URLPattern], str, str]:
    """The API's URLs. It authenticates by itself and returns 401 instead of redirecting to the login page."""
    patterns, app_name, namespace = ninja.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name != "openapi-view":
            pattern.callback = login_not_required(pattern.callback)
    return patterns, app_name, namespace


ROUTERS = (
    *(operations.job_router, operations.document_router, companies.company_router),
    *(operations.stats_router, pauses.pause_router, lists.list_router, bulk_actions.bulk_router),
    *(watches.watch_router, exports.export_router, webhooks.webhook_router),
)
for router in ROUTERS:
    api.add_router("/v1", router)
create_job_api.add_router("", operations.create_job_router)
for each in (api, create_job_api):
    handle_all(each)
