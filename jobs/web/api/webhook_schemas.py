"""Bodies of the operations on webhooks, and of the webhooks themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from jobs.domain.channels import Channel
from jobs.domain.deliveries import Delivery, DeliveryState
from jobs.domain.endpoints import CHOICES, LONGEST_NAME, LONGEST_URL, MOST_LISTS, Endpoint, Format
from jobs.domain.events import EventType
from jobs.web.api.base import Out, PageOut
from jobs.web.api.inputs import Body, CursorQuery, Text

_TYPES = {"items": {"type": "string", "enum": [str(each) for each in CHOICES]}}


Lists = Annotated[list[Text], Field(max_length=MOST_LISTS)]


class WebhookIn(Body):
    """A new endpoint. `types`: the events that it receives."""

    name: Annotated[str, Field(max_length=LONGEST_NAME)]
    url: Annotated[str, Field(max_length=LONGEST_URL)]
    types: Annotated[list[str], Field(json_schema_extra=_TYPES)]
    format: Format = Format.STANDARD
    lists: Lists = Field([], description="Only events of these lists, their orders and watches. Empty: all events.")


class WebhookListsIn(Body):
    """The lists whose events an endpoint receives; empty: all events."""

    lists: Lists


class DeliveriesQuery(CursorQuery):
    """Filters of the log. `to`: an endpoint's id or an account's name."""

    to: Annotated[str, Field(max_length=150)] = ""
    channel: Channel | None = None
    state: DeliveryState | None = None


class WebhookOut(Out):
    """An endpoint. Only its host is shown, since the path of an address may be a secret."""

    webhook_id: str
    name: str
    host: str
    types: list[str]
    lists: list[str]
    format: Format
    by: str
    created_at: datetime
    succeeded_at: datetime | None
    failures: int
    disabled_at: datetime | None
    disabled_reason: str

    @classmethod
    def of(cls, endpoint: Endpoint) -> WebhookOut:
        return cls(**_fields(endpoint))


class WebhookSecretOut(WebhookOut):
    """An endpoint with its secret, which is not shown again."""

    secret: str

    @classmethod
    def of(cls, endpoint: Endpoint) -> WebhookSecretOut:
        return cls(**_fields(endpoint), secret=endpoint.secret)


def _fields(endpoint: Endpoint) -> dict[str, Any]:
    same = ("name", "host", "format", "by", "created_at", "succeeded_at", "failures", "disabled_at", "disabled_reason")
    return {
        "webhook_id": endpoint.id,
        "types": sorted(map(str, endpoint.types)),
        "lists": sorted(endpoint.lists),
        **{name: getattr(endpoint, name) for name in same},
    }


class WebhooksOut(Out):
    """All endpoints, the oldest first."""

    items: list[WebhookOut]


class DeliveryOut(Out):
    """One event for one recipient. `lastError` is empty if the latest attempt succeeded, or there was none."""

    delivery_id: str
    event_id: str
    type: EventType
    at: datetime
    channel: Channel
    to: str
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    last_status: int | None
    last_error: str

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        last = delivery.last
        return cls(
            delivery_id=delivery.id,
            event_id=delivery.event.id,
            type=delivery.event.type,
            at=delivery.event.at,
            channel=delivery.channel,
            to=delivery.target,
            state=delivery.state,
            attempts=delivery.attempts,
            next_at=delivery.next_at,
            last_status=last.status if last else None,
            last_error=last.error if last else "",
        )


class DeliveriesOut(PageOut):
    """A page of deliveries, newest first."""

    items: list[DeliveryOut]


# --- what endpoints receive: the data of each event


def _shown(example: object) -> Any:
    """The example of a field in the documentation."""
    return Field(json_schema_extra={"example": example})  # type: ignore[dict-item]


class DocumentCounts(Out):
    """Documents of an order."""

    total: Annotated[int, _shown(12)]
    downloaded: Annotated[int, _shown(11)]
    failed: Annotated[int, _shown(1)]


class OrderEventData(Out):
    """An order that has ended. `error` says why it failed, or what is missing."""

    job_id: str
    cin: str
    company_name: str
    requested_by: Annotated[str, _shown("asha")]
    list_id: str | None
    status: str
    documents: DocumentCounts
    error: Annotated[str | None, _shown(None)]


class ListEventData(Out):
    """A list whose orders have all ended. `orders`: their number by status; `refusedRows`: rows never ordered."""

    list_id: str
    name: str
    requested_by: Annotated[str, _shown("asha")]
    orders: Annotated[dict[str, int], _shown({"completed": 11, "failed": 1})]
    refused_rows: int


class NewFilingData(Out):
    """A filing that an earlier check did not list."""

    document_type: Annotated[str, _shown("AOC-4")]
    file_name: Annotated[str, _shown("AOC-4_2026.pdf")]
    srn: Annotated[str | None, _shown("H12345678")]
    filed_on: Annotated[str | None, _shown("2026-11-28")]


class FilingsEventData(Out):
    """New filings of a watched company, which may have been added with a list.

    `filings` has the first 50 of `count`; `since`: the check before.
    """

    cin: str
    company_name: str
    list_id: str | None
    count: int
    since: Annotated[str | None, _shown("2026-11-24T03:30:00+00:00")]
    filings: list[NewFilingData]
