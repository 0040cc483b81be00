"""Jobs and documents to list, search and count."""

from __future__ import annotations

from jobs.adapters.mongo.catalogues import catalogue
from jobs.adapters.mongo.documents import MongoDocumentRepository
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.domain.ending import Ending
from jobs.domain.job import JobError, Progress, RunOutcome, Transition
from jobs.domain.listing import JobFilter, JobOrder
from tests.making import a_cin, a_job


class World:
    """A few jobs and their documents."""

    def __init__(self, database, clock) -> None:
        self.database, self.clock = database, clock
        self.jobs = MongoJobRepository(database, clock)
        self.documents = MongoDocumentRepository(database, clock)
        self.catalogue = catalogue(database, clock)

    def add(self, count: int = 1, **fields):
        jobs = [a_job(self.clock(), **{"cin": a_cin(), **fields}) for _ in range(count)]
        assert not self.jobs.add(jobs, again=True)
        return jobs

    def end(self, job, transition, progress, *, outcome=RunOutcome.COMPLETED, attempts=0, error=None):
        lease = self.jobs.claim(job.id, "w", 60).lease
        ending = Ending(transition=transition, outcome=outcome, attempts=attempts, progress=progress, error=error)
        self.jobs.end(lease, ending)

    def fail(self, job, kind="source_unavailable", message="The source is unavailable."):
        error = JobError(kind=kind, message=message, at=self.clock())
        progress = Progress(total=1, failed=1)
        self.end(job, Transition.FAIL, progress, outcome=RunOutcome.FAILED, attempts=1, error=error)

    def found(self, order=JobOrder.NEWEST, **wanted):
        return [job.id for job in self.catalogue.jobs(JobFilter(**wanted), order, None, 100).items]
