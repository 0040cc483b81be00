"""The external dependencies of the use cases and the worker, as Protocols.

Adapters implement them and translate their vendor's exceptions into ``jobs.domain.errors``.
Besides the errors it documents, every method can raise DatabaseUnavailable and DatabaseRefused
(repositories), or BlobStoreUnavailable and BlobStoreRefused (blob stores).

Each is loaded when it is first used, since a worker, for which a job waits, needs few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.loading import on_first_use

if TYPE_CHECKING:
    from jobs.ports.allowances import Allowances
    from jobs.ports.companies import Companies
    from jobs.ports.directory import Directory, Saved
    from jobs.ports.estimates import QueueNumbers
    from jobs.ports.exports import Exports
    from jobs.ports.facts import FactIndex
    from jobs.ports.filings import Blob, BlobStore, Extractor, Source
    from jobs.ports.notifications import (
        DeliveryRepository,
        EndpointRepository,
        Outbox,
        Outgoing,
        Sender,
        SubscriptionRepository,
    )
    from jobs.ports.pages import PageIndex
    from jobs.ports.queue import Clock, DocumentRepository, Expect, JobRepository, PauseRepository, RunRepository
    from jobs.ports.site import (
        AuditLog,
        BulkActionRepository,
        Catalogue,
        IdempotencyStore,
        OrderListRepository,
        Plan,
        Totals,
        UploadStore,
    )
    from jobs.ports.sources import BreakerRepository, HostRepository
    from jobs.ports.usage import UsageSums
    from jobs.ports.views import SavedViewRepository
    from jobs.ports.watches import WatchRepository

__all__ = [
    "Allowances",
    "AuditLog",
    "Blob",
    "BlobStore",
    "BreakerRepository",
    "BulkActionRepository",
    "Catalogue",
    "Clock",
    "Companies",
    "DeliveryRepository",
    "Directory",
    "DocumentRepository",
    "EndpointRepository",
    "Expect",
    "Exports",
    "Extractor",
    "FactIndex",
    "HostRepository",
    "IdempotencyStore",
    "JobRepository",
    "OrderListRepository",
    "Outbox",
    "Outgoing",
    "PageIndex",
    "PauseRepository",
    "Plan",
    "QueueNumbers",
    "RunRepository",
    "Saved",
    "SavedViewRepository",
    "Sender",
    "Source",
    "SubscriptionRepository",
    "Totals",
    "UploadStore",
    "UsageSums",
    "WatchRepository",
]

__getattr__ = on_first_use(
    __name__,
    {
        "Allowances": "allowances",
        "AuditLog": "site",
        "Blob": "filings",
        "BlobStore": "filings",
        "BreakerRepository": "sources",
        "BulkActionRepository": "site",
        "Catalogue": "site",
        "Clock": "queue",
        "Companies": "companies",
        "DeliveryRepository": "notifications",
        "Directory": "directory",
        "DocumentRepository": "queue",
        "EndpointRepository": "notifications",
        "Expect": "queue",
        "Exports": "exports",
        "Extractor": "filings",
        "FactIndex": "facts",
        "HostRepository": "sources",
        "IdempotencyStore": "site",
        "JobRepository": "queue",
        "OrderListRepository": "site",
        "Outbox": "notifications",
        "Outgoing": "notifications",
        "PageIndex": "pages",
        "PauseRepository": "queue",
        "Plan": "site",
        "QueueNumbers": "estimates",
        "RunRepository": "queue",
        "Saved": "directory",
        "SavedViewRepository": "views",
        "Sender": "notifications",
        "Source": "filings",
        "SubscriptionRepository": "notifications",
        "Totals": "site",
        "UploadStore": "site",
        "UsageSums": "usage",
        "WatchRepository": "watches",
    },
)
