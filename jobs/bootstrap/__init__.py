"""Creates the use cases and their adapters from the configuration."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bson import ObjectId

from jobs.adapters import local_scaler
from jobs.bootstrap.once import asking_part, once, part
from jobs.bootstrap.stores import Stores
from jobs.configuration.table import current

if TYPE_CHECKING:
    from jobs.bootstrap.notifications import Notifications
    from jobs.services import (
        Estimates,
        ExportService,
        JobService,
        ListService,
        OrderLimits,
        PauseService,
        RereadService,
        SuggestionService,
        Sweep,
        ViewService,
        WatchService,
    )


def new_id() -> str:
    """A new job id: an ObjectId, so that ids sort by creation time."""
    return str(ObjectId())


class Application(Stores):
    """The use cases and adapters of views, commands and the worker. Each part is created on first use."""

    @asking_part
    def suggesting(self) -> SuggestionService:
        """Suggests companies for what is typed. Raises DatabaseUnavailable, DatabaseRefused."""
        from jobs.services import SuggestionService

        return SuggestionService(directory=self.directory)

    @asking_part
    def sweep(self) -> Sweep:
        """Removes data that belongs to no job."""
        from jobs.services import Sweep

        return Sweep(
            service=self.service,
            jobs=self.jobs,
            documents=self.documents,
            runs=self.runs,
            blobs=self.blobs,
            pages=self.pages,
            exports=self.exporting,
        )

    @asking_part
    def lists(self) -> ListService:
        """Orders of many jobs at once."""
        from jobs.adapters.mongo.order_lists import MongoOrderListRepository
        from jobs.services import ListService

        stored = MongoOrderListRepository(self.database, self.clock)
        return ListService(lists=stored, service=self.service, clock=self.clock)

    @part
    def notifications(self) -> Notifications:
        """Events, and their deliveries to people and webhooks."""
        from jobs.bootstrap.notifications import Notifications

        return Notifications(
            database=self.database, clock=self.clock, configuration=self.configuration, audit=self.audit
        )

    @part
    def views(self) -> ViewService:
        """Saved views of lists."""
        from jobs.adapters.mongo.saved_views import MongoSavedViewRepository
        from jobs.services import ViewService

        stored = MongoSavedViewRepository(self.database)
        return ViewService(views=stored, audit=self.audit, clock=self.clock, new_id=new_id)

    @part
    def pausing(self) -> PauseService:
        """Pauses and resumes."""
        from jobs.services import PauseService

        return PauseService(
            pauses=self.pauses,
            breakers=self.breakers,
            jobs=self.jobs,
            audit=self.audit,
            clock=self.clock,
            source=self.configuration.source,
            probe_time=timedelta(seconds=self.configuration.source_probe_seconds),
            wake=self._wake_scaler,
        )

    @asking_part
    def service(self) -> JobService:
        """The use cases of staff."""
        from jobs.services import JobService

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
            wake=self._wake_scaler,
            expect=self.estimates.first,
            limits=self.limits,
        )

    def _wake_scaler(self) -> None:
        local_scaler.wake(self.configuration.data_dir)

    @part
    def limits(self) -> OrderLimits:
        """How many orders a person may place in a month."""
        from jobs.adapters.mongo.allowances import MongoAllowances
        from jobs.services import OrderLimits

        return OrderLimits(
            allowances=MongoAllowances(self.database),
            jobs=self.jobs,
            clock=self.clock,
            zone=ZoneInfo(self.configuration.time_zone_shown),
            by_role=dict(self.configuration.orders_per_month),
        )

    @asking_part
    def watching(self) -> WatchService:
        """Watched companies and their rechecks."""
        from jobs.adapters.mongo.watches import MongoWatchRepository
        from jobs.services import WatchService

        return WatchService(
            watches=MongoWatchRepository(self.database, self.clock),
            jobs=self.jobs,
            documents=self.documents,
            companies=self.companies,
            service=self.service,
            audit=self.audit,
            clock=self.clock,
            new_id=new_id,
            limit_of=self.limits.of_person,
        )

    @part
    def estimates(self) -> Estimates:
        """When jobs and lists complete."""
        from jobs.adapters.mongo.queue_numbers import MongoQueueNumbers
        from jobs.services import Estimates

        return Estimates(
            numbers=MongoQueueNumbers(self.database, self.clock),
            pauses=self.pauses,
            clock=self.clock,
            workers=self.configuration.max_workers,
            run_fraction=self.configuration.run_fraction,
        )

    @asking_part
    def exporting(self) -> ExportService:
        """Packs documents into ZIP files."""
        from jobs.adapters.mongo.exports import MongoExports
        from jobs.services import ExportService

        return ExportService(
            exports=MongoExports(self.database),
            service=self.service,
            part_bytes=self.configuration.export_part_mib * 1024 * 1024,
        )

    @part
    def rereading(self) -> RereadService:
        """Reads stored documents again."""
        from jobs.services import RereadService

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
