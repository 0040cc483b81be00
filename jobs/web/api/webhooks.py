"""The operations on webhook endpoints and deliveries, and the description of the messages to endpoints."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from jobs.bootstrap import application
from jobs.domain.deliveries import DeliveryFilter
from jobs.domain.endpoints import CHOICES
from jobs.domain.events import EventType
from jobs.domain.listing import parse_cursor
from jobs.web.api.auth import needing
from jobs.web.api.base import Out
from jobs.web.api.schemas import PROBLEMS
from jobs.web.api.webhook_schemas import (
    DeliveriesOut,
    DeliveriesQuery,
    DeliveryOut,
    FilingsEventData,
    ListEventData,
    OrderEventData,
    WebhookIn,
    WebhookListsIn,
    WebhookOut,
    WebhookSecretOut,
    WebhooksOut,
)
from jobs.web.permissions import Permission
from jobs.web.request_context import actor

webhook_router = Router(tags=["webhooks"], by_alias=True)
_AUTH = needing(Permission.WEBHOOK)


@webhook_router.get("/webhooks", auth=_AUTH, response={200: WebhooksOut, **PROBLEMS})
def list_webhooks(request: HttpRequest) -> WebhooksOut:
    """All webhook endpoints, the oldest first."""
    return WebhooksOut(items=[WebhookOut.of(each) for each in application().notifications.endpoints.all()])


@webhook_router.post("/webhooks", auth=_AUTH, response={201: WebhookSecretOut, **PROBLEMS})
def add_webhook(request: HttpRequest, body: WebhookIn) -> Status[WebhookSecretOut]:
    """Add an endpoint. The response contains its secret, which is not shown again."""
    made = application().notifications.webhooks.add(
        **body.model_dump(exclude={"format"}), format=str(body.format), actor=actor(request)
    )
    return Status(HTTPStatus.CREATED, WebhookSecretOut.of(made))


@webhook_router.get("/webhooks/{webhook_id}", auth=_AUTH, response={200: WebhookOut, **PROBLEMS})
def get_webhook(request: HttpRequest, webhook_id: str) -> WebhookOut:
    """One endpoint."""
    return WebhookOut.of(application().notifications.endpoints.get(webhook_id))


@webhook_router.delete("/webhooks/{webhook_id}", auth=_AUTH, response={204: None, **PROBLEMS})
def remove_webhook(request: HttpRequest, webhook_id: str) -> Status[None]:
    """Remove an endpoint. Its deliveries stay in the log."""
    application().notifications.webhooks.remove(webhook_id, actor(request))
    return Status(HTTPStatus.NO_CONTENT, None)


@webhook_router.put("/webhooks/{webhook_id}/lists", auth=_AUTH, response={200: WebhookOut, **PROBLEMS})
def limit_webhook(request: HttpRequest, webhook_id: str, body: WebhookListsIn) -> WebhookOut:
    """Limit an endpoint to the events of some lists, or send it all again. Idempotent."""
    return WebhookOut.of(application().notifications.webhooks.limit(webhook_id, body.lists, actor(request)))


@webhook_router.post("/webhooks/{webhook_id}/secret", auth=_AUTH, response={200: WebhookSecretOut, **PROBLEMS})
def replace_webhook_secret(request: HttpRequest, webhook_id: str) -> WebhookSecretOut:
    """Replace the secret. For 24 hours, messages carry signatures with both."""
    return WebhookSecretOut.of(application().notifications.webhooks.rotate(webhook_id, actor(request)))


@webhook_router.post("/webhooks/{webhook_id}/disable", auth=_AUTH, response={200: WebhookOut, **PROBLEMS})
def disable_webhook(request: HttpRequest, webhook_id: str) -> WebhookOut:
    """Disable an endpoint. Idempotent."""
    return WebhookOut.of(application().notifications.webhooks.disable(webhook_id, actor(request)))


@webhook_router.post("/webhooks/{webhook_id}/enable", auth=_AUTH, response={200: WebhookOut, **PROBLEMS})
def enable_webhook(request: HttpRequest, webhook_id: str) -> WebhookOut:
    """Enable an endpoint that was disabled, by whomever. Idempotent."""
    return WebhookOut.of(application().notifications.webhooks.enable(webhook_id, actor(request)))


@webhook_router.post("/webhooks/{webhook_id}/test", auth=_AUTH, response={202: DeliveryOut, **PROBLEMS})
def test_webhook(request: HttpRequest, webhook_id: str) -> Status[DeliveryOut]:
    """Send a test event. Its result is in `/deliveries` within seconds."""
    made = application().notifications.webhooks.test(webhook_id, actor(request))
    return Status(HTTPStatus.ACCEPTED, DeliveryOut.of(made))


@webhook_router.get("/deliveries", auth=_AUTH, response={200: DeliveriesOut, **PROBLEMS})
def list_deliveries(request: HttpRequest, query: Query[DeliveriesQuery]) -> dict[str, Any]:
    """A page of the log of all deliveries, by mail too, newest first."""
    wanted = DeliveryFilter(target=query.to.replace("\x00", ""), channel=query.channel, state=query.state)
    page = application().notifications.deliveries.log(wanted, parse_cursor(query.cursor), query.limit)
    items = [DeliveryOut.of(each) for each in page.items]
    return {"items": items, "next": page.next, "previous": page.previous}


@webhook_router.post("/deliveries/{delivery_id}/resend", auth=_AUTH, response={202: DeliveryOut, **PROBLEMS})
def resend_delivery(request: HttpRequest, delivery_id: str) -> Status[DeliveryOut]:
    """Send a delivery that has ended again, with the same `webhook-id`."""
    again = application().notifications.webhooks.resend(delivery_id, actor(request))
    return Status(HTTPStatus.ACCEPTED, DeliveryOut.of(again))


# --- the OpenAPI document

_HEADERS = {
    "webhook-id": "The event's id: the same in all attempts.",
    "webhook-timestamp": "When it was signed, in seconds since 1970. Refuse messages older than 5 minutes.",
    "webhook-signature": "`v1,` and the base64 of HMAC-SHA256 of `id.timestamp.body`; two of them after a rotation.",
}


def described() -> dict[str, Any]:
    """The part ``webhooks`` of the OpenAPI document."""
    return {str(kind): {"post": _operation(kind, about)} for kind, about in CHOICES.items()}


_DATA: dict[str, type[Out]] = {"order": OrderEventData, "list": ListEventData, "filings": FilingsEventData}


def data_schemas() -> dict[str, Any]:
    """The schemas that ``described`` refers to, by name."""
    found: dict[str, Any] = {}
    for model in _DATA.values():
        schema = model.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found


def _operation(kind: EventType, about: str) -> dict[str, Any]:
    body = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": str(kind)},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"$ref": f"#/components/schemas/{_DATA[kind.partition('.')[0]].__name__}"},
        },
    }
    headers = [
        {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in _HEADERS.items()
    ]
    return {
        "operationId": f"on_{kind.replace('.', '_')}",
        "summary": about,
        "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"2XX": {"description": "Received. Anything else is tried again."}},
    }
