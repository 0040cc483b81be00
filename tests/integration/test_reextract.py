"""``manage.py reextract`` with real workers, and the pages of its jobs."""

from __future__ import annotations

import random
import time

import pytest

from jobs.domain.filings.reading import READER_VERSION
from jobs.domain.job import JobStatus, Progress
from jobs.domain.rereading import Reread
from tests.integration.conftest import a_stored_job, text_of
from tests.integration.test_process_job import nothing_is_missing_or_double
from tests.making import a_job

pytestmark = pytest.mark.server


def test_killed_workers_read_every_document_again(installation):
    (job_id,) = installation.order()
    documents = installation.app.database["documents"]
    assert installation.run("process_job", job_id, RUN_FRACTION="1").returncode == 0
    documents.update_many({"parentNumber": {"$exists": False}}, {"$set": {"reading.version": 0}})
    before = installation.app.jobs.get(job_id)
    number = before.progress.total
    would = installation.run("reextract", "--dry-run").stdout
    assert would == f"{number} documents of 1 jobs would be read again.\n"
    assert not installation.app.jobs.has_unfinished()
    assert installation.run("reextract").stdout == f"{number} documents of 1 jobs will be read again.\n"
    again = installation.run("reextract").stdout
    assert again == "0 documents of 0 jobs will be read again.\n1 jobs are already being read again.\n"
    chance, settings = random.Random(7), {"LEASE_SECONDS": "1", "MAX_ATTEMPTS": "100"}
    for _ in range(3):
        with installation.start("process_job", "--claim", **settings) as worker:
            time.sleep(chance.uniform(0.5, 2))
            worker.kill()
            worker.communicate()
    for _ in range(40):
        if not installation.app.jobs.has_unfinished():
            break
        assert installation.run("process_job", "--claim", **settings).returncode == 0
    versions = documents.distinct("reading.version", {"parentNumber": {"$exists": False}})
    assert versions == [READER_VERSION]
    after = installation.app.jobs.get(job_id)
    assert (after.status, after.progress, after.runs, after.completed_at) == (
        JobStatus.COMPLETED,
        before.progress,
        before.runs,
        before.completed_at,
    )
    nothing_is_missing_or_double(installation, job_id)
    assert installation.run("reextract").stdout == "0 documents of 0 jobs will be read again.\n"


def test_wrong_options_are_refused(installation):
    for option, value in [("--since", "yesterday"), ("--company", "X"), ("--version-below", "many")]:
        done = installation.run("reextract", option, value)
        assert (done.returncode, value in done.stderr) == (2, True), done.stderr


@pytest.mark.django_db
def test_page_of_the_job_lists_the_documents(app, staff, call):
    original = a_stored_job(app, JobStatus.COMPLETED)
    reread = Reread(job_id=original.id, form="AOC-4")
    job = a_job(app.clock(), cin=original.cin, priority=-1, progress=Progress(total=1), reread=reread)
    assert app.jobs.add_tasks([job]) == {job.id}
    page = text_of(staff.get(f"/jobs/{job.id}/"))
    assert "after all orders" in page
    assert f'href="/jobs/{original.id}/"' in page
    assert "reads again" in text_of(staff.get("/jobs/"))
