"""The parts of notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jobs.adapters.mongo.deliveries import MongoDeliveryRepository
from jobs.adapters.mongo.endpoints import MongoEndpointRepository, MongoSubscriptionRepository
from jobs.adapters.mongo.order_lists import MongoOrderListRepository
from jobs.adapters.mongo.outbox import MongoOutbox
from jobs.adapters.webhook_post import WebhookPost
from jobs.bootstrap import new_id
from jobs.bootstrap.once import part
from jobs.configuration.table import Configuration
from jobs.ports import AuditLog, Clock
from jobs.services.notifying import Notifier
from jobs.services.webhooks import WebhookService

if TYPE_CHECKING:
    from pymongo.database import Database

    from jobs.adapters.mongo.connection import Document


@dataclass(kw_only=True)
class Notifications:
    """Events and their deliveries. Each part is created on first use."""

    database: Database[Document]
    clock: Clock
    configuration: Configuration
    audit: AuditLog

    @part
    def outbox(self) -> MongoOutbox:
        """Events that changes have noted."""
        return MongoOutbox(self.database)

    @part
    def deliveries(self) -> MongoDeliveryRepository:
        return MongoDeliveryRepository(self.database, self.clock)

    @part
    def endpoints(self) -> MongoEndpointRepository:
        return MongoEndpointRepository(self.database, self.clock)

    @part
    def subscriptions(self) -> MongoSubscriptionRepository:
        return MongoSubscriptionRepository(self.database)

    @part
    def notifier(self) -> Notifier:
        """Makes deliveries of events."""
        return Notifier(
            outbox=self.outbox,
            deliveries=self.deliveries,
            endpoints=self.endpoints,
            subscriptions=self.subscriptions,
            clock=self.clock,
            zone=ZoneInfo(self.configuration.time_zone_shown),
        )

    @part
    def webhooks(self) -> WebhookService:
        """Manages endpoints and the delivery log."""
        return WebhookService(
            endpoints=self.endpoints,
            deliveries=self.deliveries,
            lists=MongoOrderListRepository(self.database, self.clock),
            audit=self.audit,
            clock=self.clock,
            new_id=new_id,
            allow_http=self.configuration.webhooks_allow_http,
            allow_private=self.configuration.webhooks_allow_private,
        )

    @part
    def post(self) -> WebhookPost:
        """Sends webhooks."""
        config = self.configuration
        return WebhookPost(allow_http=config.webhooks_allow_http, allow_private=config.webhooks_allow_private)
