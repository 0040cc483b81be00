"""Requesters take turns, with worker processes that claim, run, die and are replaced."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobs.domain.audit import Actor
from jobs.domain.job import Job, JobStatus
from jobs.services import Order
from tests.integration.conftest import Installation, an_installation
from tests.integration.crashes.warm import Forks
from tests.making import a_cin
from tests.processes import wait_until

pytestmark = pytest.mark.server

WORKERS = 2
STAFF = Actor(name="tests")


@pytest.fixture
def installation(mongodb_uri: str, empty_database: str, data_dir: Path) -> Iterator[Installation]:
    """Each job takes one run."""
    at_once = {"RUN_FRACTION": "1", "SIMULATED_SECONDS_PER_DOCUMENT": "0"}
    with an_installation(data_dir, mongodb_uri, empty_database, **at_once) as made:
        yield made


@pytest.fixture
def forks(installation: Installation, tmp_path: Path) -> Iterator[Forks]:
    made = Forks(installation.environment, tmp_path)
    yield made
    made.close()


def order(installation: Installation, requester: str, count: int) -> list[Job]:
    orders = [Order(cin=a_cin(), company_name="Example Limited") for _ in range(count)]
    return [job for job in installation.app.service.order(orders, requested_by=requester) if isinstance(job, Job)]


@contextmanager
def workers(forks: Forks) -> Iterator[None]:
    """During the block, each worker process is followed by another one."""
    over, lock = threading.Event(), threading.Lock()

    def work() -> None:
        while not over.is_set():
            _run_one(forks, lock)

    with ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(work) for _ in range(WORKERS)]
        try:
            yield
        finally:
            over.set()
        for each in running:
            each.result()


def _run_one(forks: Forks, lock: threading.Lock) -> None:
    """Threads take turns at the pipe to the prepared process."""
    with lock:
        fork = forks.start("manage", "process_job", "--claim")

    def ended() -> bool:
        with lock:
            return fork.poll() is not None

    wait_until(ended)


def starts(installation: Installation) -> list[str]:
    """The requesters of all started jobs, in the order of their first claims."""
    rows = installation.app.database["jobs"].find({"startedAt": {"$exists": True}}, sort=[("startedAt", 1)])
    return [row["requestedBy"] for row in rows]


def test_one_order_does_not_wait_for_a_long_list(installation, forks):
    order(installation, "list", 300)
    with workers(forks):
        wait_until(lambda: len(starts(installation)) >= 2 * WORKERS)
        (job,) = order(installation, "single", 1)
        ordered_at = installation.app.clock()
        wait_until(lambda: "single" in starts(installation))
    jobs = installation.app.database["jobs"]
    started_at = installation.app.jobs.get(job.id).started_at
    between = jobs.count_documents({"startedAt": {"$gt": ordered_at, "$lt": started_at}})
    assert between <= WORKERS, "the order waits for at most one run of each worker"


def test_two_lists_advance_at_the_same_pace(installation, forks):
    order(installation, "a", 30)
    order(installation, "b", 30)
    with workers(forks):
        wait_until(lambda: len(starts(installation)) >= 6)
    started = starts(installation)
    assert all(abs(started[:at].count("a") - started[:at].count("b")) <= WORKERS for at in range(len(started)))


def test_turn_survives_a_killed_worker_a_retry_and_a_new_priority(installation, forks):
    _, job = order(installation, "a", 2)
    turn = installation.app.jobs.get(job.id).turn
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "3000", "LEASE_SECONDS": "1"}
    dies = forks.start("manage", "process_job", job.id, **slow)
    wait_until(lambda: installation.app.jobs.get(job.id).progress.total)
    dies.kill()
    dies.wait()
    wait_until(lambda: installation.app.jobs.get(job.id).is_due(installation.app.clock()))
    stopped = forks.start("manage", "process_job", job.id, SIMULATED_SECONDS_PER_DOCUMENT="3000", STOP_SECONDS="0")
    wait_until(lambda: installation.app.jobs.get(job.id).runs == 2)
    stopped.kill(signal.SIGTERM)
    assert stopped.wait() == 0
    service = installation.app.service
    service.cancel(job.id, STAFF)
    service.retry(job.id, STAFF)
    service.prioritise(job.id, 3, STAFF)
    after = installation.app.jobs.get(job.id)
    assert (after.turn, after.runs, after.status) == (turn, 2, JobStatus.PENDING)
    assert turn == 2
