"""The parts of notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.adapters.mongo.outbox import MongoOutbox
from jobs.bootstrap.once import part
from jobs.configuration.table import Configuration
from jobs.ports import Clock

if TYPE_CHECKING:
    from pymongo.database import Database

    from jobs.adapters.mongo.connection import Document


@dataclass(kw_only=True)
class Notifications:
    """Events and their deliveries. Each part is created on first use."""

    database: Database[Document]
    clock: Clock
    configuration: Configuration

    @part
    def outbox(self) -> MongoOutbox:
        """Events that changes have noted."""
        return MongoOutbox(self.database)
