"""Manages webhook endpoints; each action is recorded in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

from jobs.domain.audit import Action, Actor
from jobs.domain.channels import Channel
from jobs.domain.deliveries import Delivery, delivery
from jobs.domain.endpoints import (
    MOST_LISTS,
    ROTATION,
    Endpoint,
    checked_format,
    checked_name,
    checked_types,
    checked_url,
    new_secret,
)
from jobs.domain.events import Event, EventType
from jobs.domain.wrong_use import InvalidEndpoint, UnknownList, WrongState
from jobs.ports import AuditLog, Clock, DeliveryRepository, EndpointRepository, OrderListRepository
from jobs.services.auditing import audited


@dataclass(frozen=True, kw_only=True)
class WebhookService:
    """The use cases of endpoints and of the delivery log."""

    endpoints: EndpointRepository
    deliveries: DeliveryRepository
    lists: OrderListRepository
    audit: AuditLog
    clock: Clock
    new_id: Callable[[], str]
    allow_http: bool
    allow_private: bool

    def add(
        self,
        *,
        name: str,
        url: str,
        types: list[str],
        lists: Collection[str] = (),
        format: str,  # noqa: A002
        actor: Actor,
    ) -> Endpoint:
        """Add an endpoint. Returns it with its secret, which is not shown again. Raises InvalidEndpoint."""
        endpoint = Endpoint(
            id=self.new_id(),
            name=checked_name(name),
            url=checked_url(url, allow_http=self.allow_http, allow_private=self.allow_private),
            types=checked_types(types),
            lists=self._checked_lists(lists),
            format=checked_format(format),
            secret=new_secret(),
            by=actor.name,
            created_at=self.clock(),
        )
        with self._audited(actor, "added", endpoint):
            self.endpoints.add(endpoint)
        return endpoint

    def limit(self, endpoint_id: str, lists: Collection[str], actor: Actor) -> Endpoint:
        """Limit the endpoint to events of lists; none: it receives all. Raises UnknownEndpoint, InvalidEndpoint."""
        checked = self._checked_lists(lists)
        what = f"limited to the lists {', '.join(sorted(checked))}" if checked else "no longer limited to lists"
        with self._audited(actor, what, self.endpoints.get(endpoint_id)):
            return self.endpoints.limit(endpoint_id, checked)

    def _checked_lists(self, lists: Collection[str]) -> frozenset[str]:
        if len(lists) > MOST_LISTS:
            raise InvalidEndpoint(f"An endpoint can be limited to at most {MOST_LISTS} lists.", field="lists")
        try:
            return frozenset(self.lists.get(each).id for each in lists)
        except UnknownList as error:
            raise InvalidEndpoint(str(error), field="lists") from None

    def rotate(self, endpoint_id: str, actor: Actor) -> Endpoint:
        """Replace the secret. The one before signs as well for a day. Raises UnknownEndpoint."""
        with self._audited(actor, "secret replaced", self.endpoints.get(endpoint_id)):
            return self.endpoints.rotate(endpoint_id, new_secret(), self.clock() + ROTATION)

    def disable(self, endpoint_id: str, actor: Actor) -> Endpoint:
        """Raises UnknownEndpoint. Idempotent. Pending deliveries are dropped when they become due."""
        with self._audited(actor, "disabled", self.endpoints.get(endpoint_id)):
            return self.endpoints.disable(endpoint_id, f"Disabled by {actor.name}.")

    def enable(self, endpoint_id: str, actor: Actor) -> Endpoint:
        """Raises UnknownEndpoint. Idempotent."""
        with self._audited(actor, "enabled", self.endpoints.get(endpoint_id)):
            return self.endpoints.enable(endpoint_id)

    def remove(self, endpoint_id: str, actor: Actor) -> None:
        """Remove the endpoint; its deliveries stay in the log. Raises UnknownEndpoint."""
        with self._audited(actor, "removed", self.endpoints.get(endpoint_id)):
            self.endpoints.remove(endpoint_id)

    def test(self, endpoint_id: str, actor: Actor) -> Delivery:
        """Send a test event. Raises UnknownEndpoint, WrongState."""
        endpoint = self.endpoints.get(endpoint_id)
        with self._audited(actor, "test sent", endpoint):
            if not endpoint.is_enabled:
                raise WrongState("The endpoint is disabled. Enable it before you send a test.")
            now = self.clock()
            data = {"message": "This is a test.", "endpoint": endpoint.name, "requestedBy": actor.name}
            event = Event(id=f"test-{self.new_id()}", type=EventType.TEST, at=now, by=actor.name, data=data)
            made = delivery(event, Channel.WEBHOOK, endpoint.id, now)
            self.deliveries.add([made])
            return made

    def resend(self, delivery_id: str, actor: Actor) -> Delivery:
        """Send an ended delivery again, with the same id. Raises UnknownDelivery, UnknownEndpoint, WrongState."""
        found = self.deliveries.get(delivery_id)
        what = f"{found.event.type} resent to {found.target}"
        if found.channel is Channel.WEBHOOK:
            endpoint = self.endpoints.get(found.target)
            what = f"{found.event.type} resent to {endpoint.name} ({endpoint.host})"
            if not endpoint.is_enabled:
                raise WrongState("The endpoint is disabled. Enable it before you resend.")
        with audited(self.audit, self.clock, Action.WEBHOOK, actor, details=what):
            return self.deliveries.resend(delivery_id)

    def _audited(self, actor: Actor, what: str, endpoint: Endpoint) -> AbstractContextManager[None]:
        details = f"{endpoint.name} ({endpoint.host}): {what}"
        return audited(self.audit, self.clock, Action.WEBHOOK, actor, details=details)
