"""A pod's two processes compared with bare scripts that do the same: CPU time, idle and for a run of 14 documents."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from bench.measuring import SMALL, Report, an_application, sized
from jobs.bootstrap import Application
from jobs.configuration.table import BASE_DIR
from jobs.domain.job import JobStatus
from tests.making import a_cin, a_job
from tests.servers import Unavailable
from tests.servers.azurite import azurite
from worker.sources.simulated import SimulatedSource

ROUNDS = sized(7, 1)
FILES, SHARE = sized(40, 6), 0.35
SOME = -(-FILES * 35 // 100)
#: The goals include that process, which is the same for both; these ratios only show what the rest does.
NO_READER = 1.8
_CIN = a_cin(14)


@dataclass(frozen=True)
class Cost:
    """Seconds of CPU time. ``reading`` is that of the process that reads files; 0 if it is not known."""

    total: float
    reading: float = 0.0


@dataclass(frozen=True)
class Pods:
    """Starts both kinds of pods on one database, with the same files."""

    app: Application
    uri: str
    files: Path
    folder: Path
    connection_string: str = ""

    def ours(self, share: float, *, idle: bool = False) -> tuple[Cost, Cost]:
        """What the claim and the worker cost. Afterwards the database is as before."""
        job = a_job(self.app.clock(), cin=_CIN)
        if not idle:
            self.app.jobs.add([job], again=True)
        environment = self._environment(share)
        claimed = _cost(["-m", "worker.claim"], environment)
        worked = _cost(["manage.py", "process_job"], environment | _claimed(self.folder / "job.env"))
        if not idle:
            done = self.app.jobs.get(job.id)
            assert done.status in (JobStatus.PENDING, JobStatus.COMPLETED), done
        for name in ("jobs", "documents", "pages", "facts", "runs", "run_details"):
            self.app.database[name].delete_many({})
        return claimed, worked

    def bare(self, count: int, *, idle: bool = False) -> tuple[Cost, Cost]:
        """The same for the bare scripts."""
        database, at = self.app.database, datetime(2020, 1, 1, tzinfo=UTC)
        store = self.connection_string or str(self.folder / "bare")
        given = [self.uri, database.name, str(self.files / _CIN), str(count), store]
        costs = []
        for step in ("claim", "work"):
            if not idle:  # the worker takes over what the claim has taken
                job = {"priority": 0, "turn": 1, "createdAt": at, "runAfter": at, "fence": 0, "runs": 0}
                database["bare_jobs"].delete_many({})
                database["bare_jobs"].insert_one(job)
            costs.append(_cost(["-m", "bench.bare_worker", step, *given], dict(os.environ)))
        for name in ("bare_jobs", "bare_documents", "bare_pages"):
            database[name].delete_many({})
        return costs[0], costs[1]

    def _environment(self, share: float) -> dict[str, str]:
        store = {"BLOB_STORE": "azure", "AZURE_STORAGE_CONNECTION_STRING": self.connection_string}
        return {
            **os.environ,
            **(store if self.connection_string else {}),
            "MONGODB_URI": self.uri,
            "MONGODB_DATABASE": self.app.database.name,
            "DATA_DIR": str(self.folder),
            "JOB_FILE": str(self.folder / "job.env"),
            "WORKER_ID": "pod",
            "SOURCE": "directory",
            "FILINGS_DIR": str(self.files),
            "RUN_FRACTION": str(share),
            "LOG_FORMAT": "json",
            "METRICS_PORT": "0",
        }


def measure(uri: str, report: Report) -> None:
    """Both stores. Ratios of medians, measured in turns."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        _save_files(files / _CIN)
        _measure_store(uri, report, files, "file store", 1.3)
        try:
            with azurite() as connection_string:
                BlobServiceClient.from_connection_string(connection_string).create_container("bare-worker")
                _measure_store(uri, report, files, "Azurite", 1.1, connection_string)
        except Unavailable as error:
            report.skip("Azurite", str(error))


def _measure_store(uri: str, report: Report, files: Path, store: str, most: float, connection_string: str = "") -> None:
    with an_application(uri) as app, tempfile.TemporaryDirectory() as folder:
        pods = Pods(app=app, uri=uri, files=files, folder=Path(folder), connection_string=connection_string)
        if not connection_string:
            claim, idle = _median(lambda: pods.ours(SHARE, idle=True), lambda: pods.bare(SOME, idle=True))
            _add(report, "worker.claim / bare", *claim, 1.3)
            _add(report, "idle worker / bare", *idle, 1.3)
        claims, some = _median(lambda: pods.ours(SHARE), lambda: pods.bare(SOME))
        _, all_ = _median(lambda: pods.ours(1.0), lambda: pods.bare(FILES))
    both = [Cost(claim.total + work.total) for claim, work in zip(claims, some, strict=True)]
    _add(report, f"claim and run of {SOME} documents / bare, {store}", *both, 1.3)
    alone = [Cost(cost.total - some[1].reading) for cost in both]
    _add(report, f"the same without the process that reads, {store}", *alone, NO_READER)
    each = [Cost((most_.total - few.total) / (FILES - SOME)) for few, most_ in zip(some, all_, strict=True)]
    _add(report, f"each document / bare, {store}", *each, most)


def _add(report: Report, name: str, ours: Cost, bare: Cost, limit: float) -> None:
    note = f"{ours.total * 1e3:.0f} ms / {bare.total * 1e3:.0f} ms of CPU time"
    report.add(name, ours.total / bare.total, limit, note=note)


Both = tuple[Cost, Cost]


def _median(ours: Callable[[], Both], bare: Callable[[], Both]) -> tuple[Both, Both]:
    """Medians of (ours, bare) for the claim and for the worker, after a warm-up."""
    if not SMALL:
        ours(), bare()
    rounds = [(ours(), bare()) for _ in range(ROUNDS)]

    def middle(step: int, kind: int) -> Cost:
        costs = [each[kind][step] for each in rounds]
        return Cost(statistics.median(cost.total for cost in costs), statistics.median(cost.reading for cost in costs))

    return (middle(0, 0), middle(0, 1)), (middle(1, 0), middle(1, 1))


def _cost(arguments: list[str], environment: Mapping[str, str]) -> Cost:
    """Run a Python process and return what it and its children cost."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=BASE_DIR, env=environment, stdout=output, stderr=errors
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0), output.seek(0)
        assert process.returncode == 0, errors.read().decode()
        printed = output.read().decode().strip()
    return Cost(used.ru_utime + used.ru_stime, float(printed) if printed else 0.0)


def _claimed(job_file: Path) -> dict[str, str]:
    """As a pod's shell sets it before the worker starts."""
    first, _, _ = job_file.read_text(encoding="ascii").partition("\n")
    return {"JOB_ID": first.removeprefix("JOB_ID=").strip("'")}


def _save_files(folder: Path) -> None:
    """Filings as files of a company's folder."""
    folder.mkdir()
    source = SimulatedSource(seconds_per_document=0, fault_rate=0)
    filings = source.filings(_CIN, "Bench Private Limited")
    for number in range(FILES):
        filing = filings[number % len(filings)]
        data = b"".join(source.download(_CIN, "Bench Private Limited", filing, 1))
        # A comment at the end, since equal files are stored once.
        (folder / f"{number:02d}_{filing.file_name}").write_bytes(data + f"\n%{number}\n".encode())
