"""Turns noted events into deliveries to people and webhook endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from jobs.domain.channels import Channel
from jobs.domain.deliveries import Delivery, delivery, next_digest
from jobs.domain.events import EndedList, Event, list_event
from jobs.ports import Clock, DeliveryRepository, EndpointRepository, Outbox, SubscriptionRepository
from jobs.ports.notifications import Outgoing

BATCH = 100

#: An event, and whether accounts want a mail about it, see ``OrderList``.
Announced = tuple[Event, Mapping[str, bool]]


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
        ended = self._ended_lists(batch)
        announced = [(event, each.wishes) for each in ended if (event := list_event(each))]
        noted: list[Announced] = [(event, {}) for outgoing in batch for event in outgoing.events]
        self.deliveries.add(list(self._deliveries([*noted, *announced])))
        for each in ended:
            self.outbox.announce(each)
        for outgoing in batch:
            self.outbox.remove(outgoing)
        return len(batch)

    def _ended_lists(self, batch: list[Outgoing]) -> list[EndedList]:
        """Each list is read once, however many of its orders are in the batch."""
        ids = dict.fromkeys(outgoing.list_id for outgoing in batch if outgoing.list_id)
        return [ended for list_id in ids if (ended := self.outbox.ended_list(list_id))]

    def _deliveries(self, events: Sequence[Announced]) -> Iterator[Delivery]:
        now = self.clock()
        endpoints = self.endpoints.all() if events else []
        people = {name for each in events for name in _people(*each)}
        subscribed = {name: self.subscriptions.get(name) for name in people}
        for event, wishes in events:
            for endpoint in endpoints:
                if endpoint.wants(event):
                    yield delivery(event, Channel.WEBHOOK, endpoint.id, now)
            for name in _people(event, wishes):
                if channel := subscribed[name].channel(event, wishes.get(name)):
                    due = next_digest(now, self.zone) if channel is Channel.DIGEST else now
                    yield delivery(event, channel, name, now, due)


def _people(event: Event, wishes: Mapping[str, bool]) -> list[str]:
    """The accounts that may get an email: the account that the event is for, and those that asked for it."""
    return sorted({event.by, *wishes} - {""})
