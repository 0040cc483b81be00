"""A world with watched companies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from jobs.adapters.memory import (
    MemoryAllowances,
    MemoryAuditLog,
    MemoryCompanies,
    MemoryDocumentRepository,
    MemoryJobRepository,
    MemoryRunRepository,
    MemoryWatchRepository,
)
from jobs.services import OrderLimits, WatchService
from tests.contract.growing_source import COMPANIES
from tests.contract.stepping import Actor, Stepped
from tests.contract.stores import Stores
from tests.contract.world import World, a_world

DAY = timedelta(days=1)


class Watched:
    """A world whose companies were ordered once, and a watch service on it."""

    def __init__(self, clock) -> None:
        self.jobs, self.documents = MemoryJobRepository(clock), MemoryDocumentRepository(clock)
        self.world: World = a_world(Stores(self.jobs, self.documents, MemoryRunRepository()), clock)
        self.clock = clock
        self.watches = MemoryWatchRepository(clock)
        self.allowances = MemoryAllowances(self.jobs)
        #: How many orders a user may place in a month.
        self.limit: int | None = None
        for cin in COMPANIES:
            self.world.order(self.world.ports, cin)
        self.world.drain()

    def service(self, actor: Actor | None = None) -> WatchService:
        ports = self.world.ports.stepped(actor) if actor else self.world.ports
        allowances = Stepped(self.allowances, actor) if actor else self.allowances
        limits = OrderLimits(allowances=allowances, jobs=ports.jobs, clock=self.clock, zone=UTC, by_role={})
        return WatchService(
            watches=Stepped(self.watches, actor) if actor else self.watches,
            jobs=ports.jobs,
            documents=ports.documents,
            companies=MemoryCompanies(self.jobs, self.documents),
            service=replace(self.world.service(ports), limits=limits),
            audit=MemoryAuditLog(),
            clock=self.clock,
            new_id=self.world._new_id,
            most=3,
            limit_of=lambda _: self.limit,
        )

    def pass_time(self, time: timedelta = DAY) -> None:
        self.clock.advance(time.total_seconds())

    def orders(self) -> int:
        return sum(job.recheck for job in self.jobs.newest_first())

    def names(self) -> list[str]:
        """The file names of all announced filings."""
        return sorted(each["fileName"] for _, note in self.watches.notes for each in note.data["filings"])
