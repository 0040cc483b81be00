"""Creates the use cases and their adapters from the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bson import ObjectId

from jobs.adapters import local_scaler
from jobs.adapters.measured_blob import MeasuredBlobStore
from jobs.adapters.mongo import catalogues, local_address
from jobs.adapters.mongo.audit import MongoAuditLog
from jobs.adapters.mongo.breakers import MongoBreakerRepository
from jobs.adapters.mongo.bulk_actions import MongoBulkActionRepository
from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.adapters.mongo.companies import MongoCompanies
from jobs.adapters.mongo.connection import ServerClock, connect, is_embedded, server_version, within
from jobs.adapters.mongo.directory import MongoDirectory
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.hosts import MongoHostRepository
from jobs.adapters.mongo.idempotency import MongoIdempotencyStore
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.adapters.mongo.monitoring import CommandMeter
from jobs.adapters.mongo.order_lists import MongoOrderListRepository
from jobs.adapters.mongo.pages import MongoPages
from jobs.adapters.mongo.pauses import MongoPauseRepository
from jobs.adapters.mongo.queue_numbers import MongoQueueNumbers
from jobs.adapters.mongo.runs import MongoRunRepository
from jobs.adapters.mongo.totals.ledger import Ledger
from jobs.adapters.mongo.totals.workers import MongoTotals
from jobs.adapters.mongo.uploads import MongoUploadStore
from jobs.bootstrap.blob_stores import blob_store
from jobs.bootstrap.exporting import export_service
from jobs.bootstrap.notifications import Notifications
from jobs.bootstrap.once import once, part
from jobs.bootstrap.pausing import pause_service
from jobs.bootstrap.viewing import view_service
from jobs.bootstrap.watching import watch_service
from jobs.configuration.table import Configuration, current
from jobs.services import (
    Estimates,
    ExportService,
    JobService,
    ListService,
    PauseService,
    RereadService,
    SuggestionService,
    Sweep,
    ViewService,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pymongo.database import Database

    from jobs.adapters.mongo.connection import Document
    from jobs.ports import BlobStore
    from jobs.services import WatchService
    from jobs.telemetry.metrics import Instruments


def new_id() -> str:
    """A new job id: an ObjectId, so that ids sort by creation time."""
    return str(ObjectId())


@dataclass
class Application:
    """The use cases and adapters of views, commands and the worker. Each part is created on first use.

    ``instruments`` measure MongoDB and the blob store; they must be set before the first use of either.
    """

    configuration: Configuration
    instruments: Instruments | None = None
    _catalogue: MongoCatalogue | None = field(default=None, init=False, repr=False)

    @part
    def mongodb_uri(self) -> str:
        """MongoDB's connection string. Raises DatabaseUnavailable if `make run` does not run."""
        return self.configuration.mongodb_uri or local_address.running_uri(self.configuration.data_dir)

    @part
    def database(self) -> Database[Document]:
        """For adapters only."""
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
        return MongoDocumentRepository(self.database, self.clock)

    @part
    def runs(self) -> MongoRunRepository:
        return MongoRunRepository(self.database)

    @property
    def catalogue(self) -> MongoCatalogue:
        """Lists, searches and counts for pages and the API. Raises DatabaseUnavailable, DatabaseRefused.

        Not a ``part``: while MongoDB is down, threads would queue for the lock and each wait for a timeout in turn.
        """
        if self._catalogue is None:
            self._catalogue = catalogues.catalogue(self.database, self.clock)
        return self._catalogue

    @part
    def companies(self) -> MongoCompanies:
        """What all orders of a company brought together."""
        return MongoCompanies(self.database)

    @part
    def directory(self) -> MongoDirectory:
        """Companies of the Ministry's master data, ordered or not."""
        return MongoDirectory(self.database)

    @part
    def suggesting(self) -> SuggestionService:
        """Suggests companies for what is typed."""
        return SuggestionService(directory=self.directory)

    @part
    def pages(self) -> MongoPages:
        """The text of all pages, for searching."""
        return MongoPages(self.database, excludes=not is_embedded(self.database))

    @part
    def hosts(self) -> MongoHostRepository:
        """Permits for requests to portals."""
        return MongoHostRepository(self.database, self.clock)

    @part
    def breakers(self) -> MongoBreakerRepository:
        """Holds the jobs of sources that are down."""
        return MongoBreakerRepository(self.database, self.clock)

    @part
    def uploads(self) -> MongoUploadStore:
        """Uploaded lists that await confirmation."""
        return MongoUploadStore(self.database, self.clock)

    @part
    def idempotency(self) -> MongoIdempotencyStore:
        """Plans of orders by idempotency key."""
        return MongoIdempotencyStore(self.database, self.clock)

    @part
    def ledger(self) -> Ledger:
        """The totals of job transitions."""
        return Ledger(self.database)

    @part
    def totals(self) -> MongoTotals:
        """The totals of the workers' counters."""
        return MongoTotals(self.database, self.clock)

    @part
    def blobs(self) -> BlobStore:
        store = self._blob_store("blobs", self.configuration.azure_storage_container)
        return MeasuredBlobStore(store, self.instruments) if self.instruments else store

    @part
    def backups(self) -> BlobStore:
        """Dumps of MongoDB, away from the documents: with a retention and an identity of their own."""
        return self._blob_store("backups", self.configuration.backups_container)

    def _blob_store(self, folder: str, container: str) -> BlobStore:
        return blob_store(self.configuration, folder, container, self._count_retry)

    def _count_retry(self, reason: str) -> None:
        if self.instruments:
            self.instruments.count("filesure_blob_retries_total", reason=reason)

    @part
    def sweep(self) -> Sweep:
        """Removes data that belongs to no job."""
        return Sweep(
            service=self.service,
            jobs=self.jobs,
            documents=self.documents,
            runs=self.runs,
            blobs=self.blobs,
            pages=self.pages,
            exports=self.exporting,
        )

    @part
    def audit(self) -> MongoAuditLog:
        """Who did what."""
        return MongoAuditLog(self.database)

    @part
    def lists(self) -> ListService:
        """Orders of many jobs at once."""
        stored = MongoOrderListRepository(self.database, self.clock)
        return ListService(lists=stored, service=self.service, clock=self.clock)

    @part
    def notifications(self) -> Notifications:
        """Events, and their deliveries to people and webhooks."""
        return Notifications(
            database=self.database, clock=self.clock, configuration=self.configuration, audit=self.audit
        )

    @part
    def bulk_actions(self) -> MongoBulkActionRepository:
        """Actions on many jobs. ``jobs.web.bulk_runner`` continues them."""
        return MongoBulkActionRepository(self.database, self.clock)

    @part
    def views(self) -> ViewService:
        """Saved views of lists."""
        return view_service(self, new_id)

    @part
    def pausing(self) -> PauseService:
        """Pauses and resumes."""
        return pause_service(self)

    @part
    def service(self) -> JobService:
        """The use cases of staff."""
        return JobService(
            jobs=self.jobs,
            documents=self.documents,
            runs=self.runs,
            pages=self.pages,
            audit=self.audit,
            blobs=lambda: self.blobs,
            clock=self.clock,
            new_id=new_id,
            max_attempts=self.configuration.max_attempts,
            wake=lambda: local_scaler.wake(self.configuration.data_dir),
            expect=self.estimates.first,
        )

    @part
    def watching(self) -> WatchService:
        """Watched companies and their rechecks."""
        return watch_service(self, new_id)

    @part
    def estimates(self) -> Estimates:
        """When jobs and lists complete."""
        return Estimates(
            numbers=MongoQueueNumbers(self.database, self.clock),
            pauses=self.pauses,
            clock=self.clock,
            workers=self.configuration.max_workers,
            run_fraction=self.configuration.run_fraction,
        )

    @part
    def exporting(self) -> ExportService:
        """Packs documents into ZIP files."""
        return export_service(self, new_id)

    @part
    def rereading(self) -> RereadService:
        """Reads stored documents again."""
        return RereadService(
            jobs=self.jobs,
            documents=self.documents,
            clock=self.clock,
            new_id=new_id,
            max_attempts=self.configuration.max_attempts,
        )


@once
def application() -> Application:
    """The application of this process. Nothing connects before a fork, so each process creates its own."""
    return Application(current())
