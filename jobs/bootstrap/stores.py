"""The adapters of an application: MongoDB's repositories and the blob stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.adapters.mongo import local_address
from jobs.adapters.mongo.connection import ServerClock, connect, server_version, within
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.pauses import MongoPauseRepository
from jobs.bootstrap.once import asking_part, part

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pymongo.database import Database

    from jobs.adapters.mongo.audit import MongoAuditLog
    from jobs.adapters.mongo.breakers import MongoBreakerRepository
    from jobs.adapters.mongo.bulk_actions import MongoBulkActionRepository
    from jobs.adapters.mongo.catalogue import MongoCatalogue
    from jobs.adapters.mongo.companies import MongoCompanies
    from jobs.adapters.mongo.connection import Document
    from jobs.adapters.mongo.directory import MongoDirectory
    from jobs.adapters.mongo.documents import MongoDocumentRepository
    from jobs.adapters.mongo.hosts import MongoHostRepository
    from jobs.adapters.mongo.idempotency import MongoIdempotencyStore
    from jobs.adapters.mongo.pages import MongoPages
    from jobs.adapters.mongo.runs import MongoRunRepository
    from jobs.adapters.mongo.totals.ledger import Ledger
    from jobs.adapters.mongo.totals.workers import MongoTotals
    from jobs.adapters.mongo.uploads import MongoUploadStore
    from jobs.configuration.table import Configuration
    from jobs.ports import BlobStore
    from jobs.telemetry.metrics import Instruments


@dataclass
class Stores:
    """Each part is created, and its module loaded, on first use.

    ``instruments`` measure MongoDB and the blob store; they must be set before the first use of either.
    """

    configuration: Configuration
    instruments: Instruments | None = None

    @part
    def mongodb_uri(self) -> str:
        """MongoDB's connection string. Raises DatabaseUnavailable if `make run` does not run."""
        return self.configuration.mongodb_uri or local_address.running_uri(self.configuration.data_dir)

    @part
    def database(self) -> Database[Document]:
        """For adapters only."""
        from jobs.adapters.mongo.monitoring import CommandMeter

        config = self.configuration
        meters = [CommandMeter(self.instruments)] if self.instruments else []
        return connect(self.mongodb_uri, config.mongodb_database, config.mongodb_timeout_seconds, meters)

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Limit the total time of MongoDB operations within a block."""
        return within(seconds)

    def ping(self) -> str:
        """Returns MongoDB's version. Raises DatabaseUnavailable, DatabaseRefused."""
        return server_version(self.database)

    @part
    def clock(self) -> ServerClock:
        """MongoDB's clock, which decides which jobs are due."""
        return ServerClock(self.database)

    @part
    def jobs(self) -> MongoJobRepository:
        return MongoJobRepository(self.database, self.clock, self.pauses)

    @part
    def pauses(self) -> MongoPauseRepository:
        """The pauses of the queue and of this installation's source."""
        return MongoPauseRepository(self.database, self.clock, self.configuration.source)

    @part
    def documents(self) -> MongoDocumentRepository:
        from jobs.adapters.mongo.documents import MongoDocumentRepository

        return MongoDocumentRepository(self.database, self.clock)

    @part
    def runs(self) -> MongoRunRepository:
        from jobs.adapters.mongo.runs import MongoRunRepository

        return MongoRunRepository(self.database)

    @asking_part
    def catalogue(self) -> MongoCatalogue:
        """Lists, searches and counts for pages and the API. Raises DatabaseUnavailable, DatabaseRefused."""
        from jobs.adapters.mongo import catalogues

        return catalogues.catalogue(self.database, self.clock)

    @asking_part
    def companies(self) -> MongoCompanies:
        """Companies, across all their orders. Raises DatabaseUnavailable, DatabaseRefused."""
        from jobs.adapters.mongo import catalogues

        return catalogues.companies(self.database)

    @asking_part
    def directory(self) -> MongoDirectory:
        """Companies of the Ministry's master data, ordered or not. Raises DatabaseUnavailable, DatabaseRefused."""
        from jobs.adapters.mongo import catalogues

        return catalogues.directory(self.database)

    @asking_part
    def pages(self) -> MongoPages:
        """The text of all pages, for searching. Raises DatabaseUnavailable, DatabaseRefused."""
        from jobs.adapters.mongo.page_indexes import page_index

        return page_index(self.database, self.configuration.atlas_search_index)

    @part
    def hosts(self) -> MongoHostRepository:
        """Permits for requests to portals."""
        from jobs.adapters.mongo.hosts import MongoHostRepository

        return MongoHostRepository(self.database, self.clock)

    @part
    def breakers(self) -> MongoBreakerRepository:
        """Holds the jobs of sources that are down."""
        from jobs.adapters.mongo.breakers import MongoBreakerRepository

        return MongoBreakerRepository(self.database, self.clock)

    @part
    def uploads(self) -> MongoUploadStore:
        """Uploaded lists that await confirmation."""
        from jobs.adapters.mongo.uploads import MongoUploadStore

        return MongoUploadStore(self.database, self.clock)

    @part
    def idempotency(self) -> MongoIdempotencyStore:
        """Plans of orders by idempotency key."""
        from jobs.adapters.mongo.idempotency import MongoIdempotencyStore

        return MongoIdempotencyStore(self.database, self.clock)

    @part
    def ledger(self) -> Ledger:
        """The totals of job transitions."""
        from jobs.adapters.mongo.totals.ledger import Ledger

        return Ledger(self.database)

    @part
    def totals(self) -> MongoTotals:
        """The totals of the workers' counters."""
        from jobs.adapters.mongo.totals.workers import MongoTotals

        return MongoTotals(self.database, self.clock)

    @part
    def blobs(self) -> BlobStore:
        from jobs.adapters.measured_blob import MeasuredBlobStore

        store = self._blob_store("blobs", self.configuration.azure_storage_container)
        return MeasuredBlobStore(store, self.instruments) if self.instruments else store

    @part
    def backups(self) -> BlobStore:
        """Dumps of MongoDB, away from the documents: with a retention and an identity of their own."""
        return self._blob_store("backups", self.configuration.backups_container)

    def _blob_store(self, folder: str, container: str) -> BlobStore:
        from jobs.bootstrap.blob_stores import blob_store

        return blob_store(self.configuration, folder, container, self._count_retry)

    def _count_retry(self, reason: str) -> None:
        if self.instruments:
            self.instruments.count("filesure_blob_retries_total", reason=reason)

    @part
    def audit(self) -> MongoAuditLog:
        """The audit log."""
        from jobs.adapters.mongo.audit import MongoAuditLog

        return MongoAuditLog(self.database)

    @part
    def bulk_actions(self) -> MongoBulkActionRepository:
        """Actions on many jobs. ``jobs.web.bulk_runner`` continues them."""
        from jobs.adapters.mongo.bulk_actions import MongoBulkActionRepository

        return MongoBulkActionRepository(self.database, self.clock)
