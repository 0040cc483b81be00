"""In-memory repositories for tests. They pass the same test suite as the MongoDB repositories."""

from jobs.adapters.memory.allowances import MemoryAllowances
from jobs.adapters.memory.audit import MemoryAuditLog
from jobs.adapters.memory.breakers import MemoryBreakerRepository
from jobs.adapters.memory.bulk_actions import MemoryBulkActionRepository
from jobs.adapters.memory.companies import MemoryCompanies
from jobs.adapters.memory.deliveries import (
    MemoryDeliveryRepository,
    MemoryEndpointRepository,
    MemorySubscriptionRepository,
)
from jobs.adapters.memory.directory import MemoryDirectory
from jobs.adapters.memory.documents import MemoryDocumentRepository
from jobs.adapters.memory.exports import MemoryExports
from jobs.adapters.memory.facts import MemoryFacts
from jobs.adapters.memory.hosts import MemoryHostRepository
from jobs.adapters.memory.jobs import MemoryJobRepository
from jobs.adapters.memory.order_lists import MemoryOrderListRepository
from jobs.adapters.memory.outbox import MemoryOutbox
from jobs.adapters.memory.pages import MemoryPages
from jobs.adapters.memory.pauses import MemoryPauseRepository
from jobs.adapters.memory.queue_numbers import MemoryQueueNumbers
from jobs.adapters.memory.runs import MemoryRunRepository
from jobs.adapters.memory.saved_views import MemorySavedViewRepository
from jobs.adapters.memory.watches import MemoryWatchRepository

__all__ = [
    "MemoryAllowances",
    "MemoryAuditLog",
    "MemoryBreakerRepository",
    "MemoryBulkActionRepository",
    "MemoryCompanies",
    "MemoryDeliveryRepository",
    "MemoryDirectory",
    "MemoryDocumentRepository",
    "MemoryEndpointRepository",
    "MemoryExports",
    "MemoryFacts",
    "MemoryHostRepository",
    "MemoryJobRepository",
    "MemoryOrderListRepository",
    "MemoryOutbox",
    "MemoryPages",
    "MemoryPauseRepository",
    "MemoryQueueNumbers",
    "MemoryRunRepository",
    "MemorySavedViewRepository",
    "MemorySubscriptionRepository",
    "MemoryWatchRepository",
]
