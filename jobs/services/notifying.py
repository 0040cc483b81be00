"""Turns noted events into deliveries to people and webhook endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from jobs.domain.deliveries import Channel, Delivery, delivery, next_digest
from jobs.domain.endpoints import Endpoint
from jobs.domain.events import Event, EventType, list_event
from jobs.ports import Clock, DeliveryRepository, EndpointRepository, Outbox, SubscriptionRepository
from jobs.ports.notifications import Outgoing

BATCH = 100


@dataclass(frozen=True, kw_only=True)
class Notifier:
    """Reads the outbox. Several may run at once: what two of them read twice becomes the same deliveries."""

    outbox: Outbox
    deliveries: DeliveryRepository
    endpoints: EndpointRepository
    subscriptions: SubscriptionRepository
    clock: Clock
    #: In which digests have their time.
    zone: tzinfo

    def drain(self) -> int:
        """Store the deliveries of one batch of notes, then remove the notes. Returns the number of records read.

        The order makes an interruption harmless: notes that remain are read again, and make the same deliveries.
        """
        batch = self.outbox.waiting(BATCH)
        endpoints = self.endpoints.all() if batch else []
        for outgoing in batch:
            self._drain(outgoing, endpoints)
        return len(batch)

    def _drain(self, outgoing: Outgoing, endpoints: list[Endpoint]) -> None:
        ended = self.outbox.ended_list(outgoing.list_id) if outgoing.list_id else None
        announced = list_event(ended) if ended else None
        events = [*outgoing.events, *([announced] if announced else [])]
        self.deliveries.add([each for event in events for each in self._deliveries(event, endpoints)])
        if ended:
            self.outbox.announce(ended)
        self.outbox.remove(outgoing)

    def _deliveries(self, event: Event, endpoints: list[Endpoint]) -> Iterator[Delivery]:
        now = self.clock()
        for endpoint in endpoints:
            if endpoint.wants(event):
                yield delivery(event, Channel.WEBHOOK, endpoint.id, now)
        channel = self.subscriptions.get(event.by).channel(event) if event.by else None
        if channel:
            due = next_digest(now, self.zone) if channel is Channel.DIGEST else now
            yield delivery(event, channel, event.by, now, due)

    def test(self, endpoint: Endpoint, event_id: str, by: str) -> Delivery:
        """Store a delivery that tests an endpoint."""
        now = self.clock()
        data = {"message": "This is a test.", "endpoint": endpoint.name, "requestedBy": by}
        event = Event(id=event_id, type=EventType.TEST, at=now, by=by, data=data)
        made = delivery(event, Channel.WEBHOOK, endpoint.id, now)
        self.deliveries.add([made])
        return made
