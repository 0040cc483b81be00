"""Puts the use cases and their adapters together, as the configuration says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import pymongo
from bson import ObjectId

from filesure_site.configuration import Configuration, current
from jobs.adapters.measured_blob import MeasuredBlobStore
from jobs.adapters.mongo import embedded
from jobs.adapters.mongo.audit import MongoAuditLog
from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.adapters.mongo.catalogue_embedded import EmbeddedCatalogue
from jobs.adapters.mongo.connection import ServerClock, connect, is_embedded, server_version
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.idempotency import MongoIdempotencyStore
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.ledger import Ledger
from jobs.adapters.mongo.monitoring import CommandMeter
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.adapters.mongo.totals import MongoTotals
from jobs.adapters.mongo.uploads import MongoUploadStore
from jobs.services import JobService

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pymongo.database import Database

    from jobs.adapters.mongo.connection import Document
    from jobs.domain.metrics import Instruments
    from jobs.ports import BlobStore


def new_id() -> str:
    """A new job's id: MongoDB's own kind, which rises with time."""
    return str(ObjectId())


@dataclass
class Application:
    """What views, commands and the worker use. Each part is made at its first use.

    ``instruments`` measure MongoDB and the blob store; they are set before that.
    """

    configuration: Configuration
    instruments: Instruments | None = None

    @cached_property
    def mongodb_uri(self) -> str:
        """The connection string. Raises DatabaseUnavailable if the embedded server is not running."""
        return self.configuration.mongodb_uri or embedded.running_uri(self.configuration.data_dir)

    @cached_property
    def database(self) -> Database[Document]:
        """The database; for adapters only."""
        config = self.configuration
        meters = [CommandMeter(self.instruments)] if self.instruments else []
        return connect(self.mongodb_uri, config.mongodb_database, config.mongodb_timeout_seconds, meters)

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """A block in which all of MongoDB together may take so long."""
        return pymongo.timeout(seconds)

    def ping(self) -> str:
        """MongoDB's version. Raises DatabaseUnavailable, DatabaseRefused."""
        return server_version(self.database)

    @cached_property
    def clock(self) -> ServerClock:
        """The time that decides what is due."""
        return ServerClock(self.database)

    @cached_property
    def jobs(self) -> MongoJobRepository:
        """The queue."""
        return MongoJobRepository(self.database, self.clock)

    @cached_property
    def documents(self) -> MongoDocumentRepository:
        """The documents of all jobs."""
        return MongoDocumentRepository(self.database, self.clock)

    @cached_property
    def runs(self) -> MongoRunRepository:
        """The history of runs."""
        return MongoRunRepository(self.database)

    @cached_property
    def catalogue(self) -> MongoCatalogue:
        """What people look at."""
        kind = EmbeddedCatalogue if is_embedded(self.database) else MongoCatalogue
        return kind(self.database, self.clock)

    @cached_property
    def uploads(self) -> MongoUploadStore:
        """Lists that wait for a yes."""
        return MongoUploadStore(self.database, self.clock)

    @cached_property
    def idempotency(self) -> MongoIdempotencyStore:
        """What callers of the API asked for with a key."""
        return MongoIdempotencyStore(self.database, self.clock)

    @cached_property
    def ledger(self) -> Ledger:
        """What happened to jobs, added up."""
        return Ledger(self.database)

    @cached_property
    def totals(self) -> MongoTotals:
        """What workers counted, added up."""
        return MongoTotals(self.database, self.clock)

    @cached_property
    def blobs(self) -> BlobStore:
        """The blob store."""
        store = self._blob_store()
        return MeasuredBlobStore(store, self.instruments) if self.instruments else store

    def _blob_store(self) -> BlobStore:
        config = self.configuration
        if config.blob_store == "azure":
            from jobs.adapters.azure_blob import AzureBlobStore

            return AzureBlobStore(
                connection_string=config.azure_storage_connection_string,
                account_url=config.azure_storage_account_url,
                container=config.azure_storage_container,
            )
        from jobs.adapters.file_blob import FileBlobStore

        return FileBlobStore(config.data_dir / "blobs")

    @cached_property
    def service(self) -> JobService:
        """The use cases of the people who order."""
        return JobService(
            jobs=self.jobs, documents=self.documents, runs=self.runs, audit=MongoAuditLog(self.database),
            blobs=lambda: self.blobs, clock=self.clock,
            new_id=new_id, max_attempts=self.configuration.max_attempts,
        )  # fmt: skip


@cache
def application() -> Application:
    """The process's application. After a fork each process makes its own: nothing is connected before."""
    return Application(current())
