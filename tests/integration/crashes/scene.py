"""Shared by the crash tests: servers behind a proxy, companies with filings, workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from bson import ObjectId

from jobs.bootstrap import Application
from jobs.domain.audit import Actor
from jobs.domain.job import UNFINISHED, Job
from jobs.domain.wrong_use import UnknownJob
from jobs.services import Order
from tests.conftest import a_database
from tests.integration.conftest import an_installation
from tests.integration.crashes.warm import Fork, Forks
from tests.making import a_cin
from tests.servers.azurite import connection_string
from tests.servers.proxy import Gate, proxied
from worker.bootstrap import pipeline
from worker.extractors.reader import Reader
from worker.sources.simulated_pdf import text_pdf
from worker.stopping import Stop

STAFF = Actor(name="tests")
FILINGS = 3
_LONG_AGO = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One Filesure for many crashes. ``app`` connects to the servers directly, ``forks`` through the proxy."""

    app: Application
    gate: Gate
    forks: Forks
    extractor: Reader
    filings_dir: Path
    environment: dict[str, str] = field(repr=False)
    cins: dict[str, str] = field(default_factory=dict, repr=False)
    stories: dict[str, str] = field(default_factory=dict, repr=False)

    def clear(self) -> None:
        for name in ("jobs", "documents", "runs", "totals", "audit"):
            self.app.database[name].delete_many({})
        for name in list(self.app.blobs.names("jobs/")):
            self.app.blobs.delete(name)

    def order(self) -> str:
        """Order a job for a new company, all but one of whose filings have SRNs. Returns its id."""
        cin = a_cin()
        folder = self.filings_dir / cin
        folder.mkdir()
        for number in range(1, FILINGS + 1):
            srn = f"_H{number:08}" if number > 1 else ""
            (folder / f"AOC-4_{number}{srn}.pdf").write_bytes(text_pdf([[f"{cin} {number}"]], title=cin))
        return self.order_again(cin)

    def order_again(self, cin: str) -> str:
        """Raises AlreadyOrdered."""
        (job,) = self.app.service.order([Order(cin=cin, company_name="Crash Limited")], requested_by="tests")
        if not isinstance(job, Job):
            raise job
        self.cins[job.id] = cin
        return job.id

    def note(self, job_id: str, story: str) -> None:
        """Record what was done to a job, for the message if the test fails."""
        self.stories[job_id] = story

    def start(self, *arguments: str) -> Fork:
        return self.forks.start(*arguments, **self.environment)

    def order_twice(self) -> tuple[str, str]:
        """A completed order of a new company, and another one that waits."""
        first = self.order()
        self.drain([first])
        return first, self.order_again(self.cins[first])

    def run_once(self, job_id: str, worker: str = "rival") -> None:
        """Run the job once in this process, undisturbed, if it is due."""
        self._run(self.app.jobs.claim(job_id, worker, 60), 1)

    def run_half(self, job_id: str) -> None:
        """Run the job for half of its documents."""
        self._run(self.app.jobs.claim(job_id, "half", 60), 0.5)

    def _run(self, job: Job, fraction: float) -> None:
        run = pipeline(self.app, Stop())
        limits = replace(run.limits, run_fraction=fraction)
        replace(run, extractor=self.extractor, limits=limits).run(job)

    def expire(self, job_id: str) -> None:
        """Expire the job's lease if it has one."""
        past = self.app.clock() - _LONG_AGO
        held = {"_id": self._key(job_id), "jobStatus": "processing"}
        self.app.database["jobs"].update_one(held, {"$set": {"runAfter": past, "leaseExpiresAt": past}})

    def wait_no_longer(self, job_id: str) -> None:
        """End the wait before the next run."""
        self.expire(job_id)
        waiting = {"_id": self._key(job_id), "jobStatus": "pending"}
        self.app.database["jobs"].update_one(waiting, {"$set": {"runAfter": self.app.clock() - _LONG_AGO}})

    def _key(self, job_id: str) -> Any:
        return ObjectId(job_id)

    def drain(self, job_ids: list[str]) -> None:
        """Run the jobs until all are finished, as workers would."""
        for _ in range(12):
            left = [job_id for job_id in self.existing(job_ids) if self.app.jobs.get(job_id).status in UNFINISHED]
            if not left:
                return
            for job_id in left:
                self.wait_no_longer(job_id)
                self.run_once(job_id, "drain")
        raise AssertionError(f"these jobs do not end: {left}")

    def existing(self, job_ids: list[str]) -> list[str]:
        return [job_id for job_id in job_ids if self.job(job_id)]

    def job(self, job_id: str) -> Job | None:
        try:
            return self.app.jobs.get(job_id)
        except UnknownJob:
            return None


@contextmanager
def a_scene(folder: Path, mongodb_uri: str, azurite: str) -> Iterator[Scene]:
    filings = folder / "filings"
    filings.mkdir()
    settings = {
        "SOURCE": "directory",
        "FILINGS_DIR": str(filings),
        "BLOB_STORE": "azure",
        "AZURE_STORAGE_CONTAINER": f"crashes-{uuid4().hex[:12]}",
        "WORKER_CONCURRENCY": "1",
        "STOP_SECONDS": "1",
        "BACKOFF_SECONDS": "0.1",
        "WEBHOOKS_ALLOW_HTTP": "1",
        "WEBHOOKS_ALLOW_PRIVATE": "1",
    }
    gate = Gate()
    with ExitStack() as stack:
        blob_port = int(azurite.partition("127.0.0.1:")[2].partition("/")[0])
        direct = {**settings, "AZURE_STORAGE_CONNECTION_STRING": azurite}
        database = stack.enter_context(a_database(mongodb_uri))
        made = stack.enter_context(an_installation(folder / "data", mongodb_uri, database, **direct))
        made.app.ping()
        mongodb = stack.enter_context(proxied(gate, made.app.database.client.address[1]))
        blobs = stack.enter_context(proxied(gate, blob_port, http=True))
        environment = made.environment | {
            "MONGODB_URI": f"mongodb://127.0.0.1:{mongodb}/?directConnection=true",
            "AZURE_STORAGE_CONNECTION_STRING": connection_string(blobs),
            "RUN_FRACTION": "0.5",
        }
        forks = Forks(environment, folder)
        stack.callback(forks.close)
        extractor = Reader()
        stack.callback(extractor.close)
        stack.callback(made.app.blobs.close)
        yield Scene(
            app=made.app,
            gate=gate,
            forks=forks,
            extractor=extractor,
            filings_dir=filings,
            environment=environment,
        )
