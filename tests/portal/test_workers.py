"""Real workers against the portal, from the claim to the stored documents."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jobs.domain.document import DocumentStatus
from jobs.domain.job import JobStatus
from tests.integration.conftest import Installation, an_installation
from tests.portal.conftest import CIN, StandIn, mapping_file
from tests.portal.stand_in import PASSWORD, USER, content
from tests.processes import wait_until

pytestmark = pytest.mark.server

FILINGS = 4
Make = Callable[..., Installation]


@pytest.fixture
def install(portal: StandIn, mongodb_uri: str, empty_database: str, data_dir: Path, tmp_path: Path) -> Iterator[Make]:
    """Makes an installation that reads the portal; lines of the mapping can be changed."""
    with ExitStack() as made:

        def make(**changes: str) -> Installation:
            settings = {
                "SOURCE": "portal",
                "PORTAL_MAPPING": str(mapping_file(tmp_path, portal, **changes)),
                "PORTAL_USER": USER,
                "PORTAL_PASSWORD": PASSWORD,
                "SOURCE_PROBE_SECONDS": "0.5",
                "RUN_FRACTION": "1",
            }
            return made.enter_context(an_installation(data_dir, mongodb_uri, empty_database, **settings))

        yield make


def order(installation: Installation, portal: StandIn) -> str:
    """Order a company that the portal knows."""
    (job_id,) = installation.order()
    cin = installation.app.jobs.get(job_id).cin
    portal.set(companies={cin: FILINGS, CIN: 1})
    return job_id


def works_until(installation: Installation, job_id: str, status: JobStatus, **settings: str) -> None:
    """Start one worker after the other until the job has this status."""

    def work() -> bool:
        done = installation.run("process_job", "--claim", **settings)
        assert done.returncode in (0, 1), done.stderr
        assert "Traceback" not in done.stderr
        return installation.app.jobs.get(job_id).status is status

    wait_until(work)


def assert_all_is_stored(installation: Installation, job_id: str, padding: int = 0) -> None:
    details = installation.app.service.details(job_id)
    assert details.job.status is JobStatus.COMPLETED
    assert len(details.documents) == FILINGS
    for document in details.documents:
        expected = content(document.cin, document.filing.number, padding)
        assert document.status is DocumentStatus.STORED
        assert document.file.checksum == f"sha256:{hashlib.sha256(expected).hexdigest()}"


def test_faulty_portal_costs_no_document(install, portal):
    installation = install()
    job_id = order(installation, portal)
    portal.set(padding=200_000)
    portal.fault("/login", "status", status=502, times=1)
    portal.fault("filings", "status", status=429, headers={"Retry-After": "1"}, times=1)
    portal.fault("/files/.*1001", "truncate", bytes=100_000, times=1)
    portal.fault("/files/.*1002", "html", times=1)
    portal.fault("/files/.*1003", "status", status=500, times=2)
    portal.fault("/files/.*1004", "expire", times=1)
    works_until(installation, job_id, JobStatus.COMPLETED)
    assert_all_is_stored(installation, job_id, padding=200_000)


def test_changed_pages_hold_the_jobs(install, portal):
    installation = install()
    job_id = order(installation, portal)
    portal.fault("filings", "changed")
    for _ in range(3):
        wait_until(lambda: installation.app.jobs.count_due(1))
        assert installation.run("process_job", "--claim").returncode == 0
    job = installation.app.jobs.get(job_id)
    assert (job.status, job.attempts, job.last_error.kind) == (JobStatus.PENDING, 0, "source_on_hold")
    assert "table#filings tbody tr" in job.last_error.message
    breaker = installation.app.breakers.get("portal")
    assert breaker.is_open
    assert job.run_after >= breaker.probe_at
    portal.set(faults=[])
    works_until(installation, job_id, JobStatus.COMPLETED)
    assert not installation.app.breakers.get("portal").is_open
    assert_all_is_stored(installation, job_id)


def test_killed_worker_s_permit_expires(install, portal):
    installation = install(read_seconds="1", connect_seconds="1", concurrency="1")
    job_id = order(installation, portal)
    portal.fault("/files/", "", seconds=0.8)
    with installation.start("process_job", job_id, LEASE_SECONDS="1", WORKER_CONCURRENCY="1") as worker:
        wait_until(lambda: portal.requests("/files/"))
        worker.send_signal(signal.SIGKILL)
    use = installation.app.hosts.in_use()[0]
    assert (use.in_use, use.waiting) == (1, 0)
    works_until(installation, job_id, JobStatus.COMPLETED)
    assert_all_is_stored(installation, job_id)
    assert max(each["active"] for each in portal.requests()) == 1


def test_wrong_mapping_claims_no_job(install, portal):
    installation = install(rows='"table["')
    job_id = order(installation, portal)
    done = installation.run("process_job", "--claim")
    assert done.returncode == 2
    assert '[listing] rows "table[" is not a CSS selector.' in done.stderr
    assert installation.app.jobs.get(job_id).runs == 0
    checked = installation.run("check_services")
    assert "[listing] rows" in checked.stdout + checked.stderr


def test_check_of_services_reads_the_portal(install, portal):
    checked = install().run("check_services")
    assert f"portal {portal.address}, 10 filings" in checked.stdout
