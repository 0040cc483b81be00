"""``process_job`` as KEDA runs it: real processes, signals and servers."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import time

import pytest

from jobs.adapters.mongo import embedded
from jobs.adapters.mongo.schema import ensure
from jobs.domain.audit import Actor
from jobs.domain.job import JobStatus
from tests.integration.conftest import Installation, an_installation
from tests.making import blobs_of
from tests.processes import wait_until
from tests.servers.mongodb import embedded_mongodb

pytestmark = pytest.mark.server


def nothing_is_missing_or_double(installation: Installation, job_id: str) -> None:
    """Assert that a completed job has each document exactly once.

    A reading given up because its worker was killed twice leaves blobs for the sweep.
    """
    details = installation.app.service.details(job_id)
    assert details.job.status is JobStatus.COMPLETED
    total = details.job.progress.total
    filings = [document for document in details.documents if document.parent is None]
    assert details.job.progress.downloaded == total == len(filings) > 0
    blobs = installation.app.blobs
    expected = set()
    for document in details.documents:
        file, reading = document.file, document.reading
        assert reading, "a stored document was not read"
        expected |= document.blob_names
        with blobs.open(file.blob_name) as original:
            content = original.read()
        assert file.checksum == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert file.size == len(content)
        if document.parent or reading.method in ("ocr", "none"):
            continue  # attachments need not name the company, and the text of scans may contain errors
        with blobs.open(reading.text_blob_name) as text:
            assert document.cin.encode() in text.read()
    assert set(blobs_of(blobs, job_id)) >= expected
    swept = installation.run("sweep")
    assert swept.returncode == 0, swept.stderr
    assert set(blobs_of(blobs, job_id)) == expected
    assert all(run.outcome is not None for run in details.runs)


def test_three_runs_complete_a_job(installation):
    (job_id,) = installation.order()
    for _ in range(3):
        done = installation.run("process_job", job_id)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    nothing_is_missing_or_double(installation, job_id)
    assert [run["outcome"] for run in installation.status(job_id)["runHistory"]] == [
        "advanced",
        "advanced",
        "completed",
    ]


def test_azure_holds_the_job_s_documents(azurite_connection_string, mongodb_uri, empty_database, data_dir):
    azure = {"BLOB_STORE": "azure", "AZURE_STORAGE_CONNECTION_STRING": azurite_connection_string}
    with an_installation(data_dir, mongodb_uri, empty_database, **azure) as installation:
        (job_id,) = installation.order()
        for _ in range(3):
            done = installation.run("process_job", job_id)
            assert done.returncode == 0, done.stderr
        nothing_is_missing_or_double(installation, job_id)


@pytest.mark.own_mongodb
def test_mongodb_crash_loses_nothing(data_dir):
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "0.3", "WORKER_CONCURRENCY": "2", "MONGODB_TIMEOUT_SECONDS": "2"}
    with embedded_mongodb(data_dir) as uri, an_installation(data_dir, uri, "crashed") as before:
        ensure(before.app.database)
        (job_id,) = before.order()
        with before.start("process_job", job_id, LEASE_SECONDS="5", **slow) as worker:
            wait_until(lambda: before.app.jobs.get(job_id).progress.downloaded > 0)
            os.kill(embedded.running_pid(data_dir), signal.SIGKILL)
            _, err = worker.communicate(timeout=60)
    assert worker.returncode in (1, 3), err
    assert "Traceback" not in err
    with embedded_mongodb(data_dir) as uri, an_installation(data_dir, uri, "crashed") as after:
        wait_until(lambda: after.run("process_job", "--claim") and after.status(job_id)["jobStatus"] == "completed")
        nothing_is_missing_or_double(after, job_id)


def test_llp_s_filings_are_stored_and_read(installation):
    assert installation.run("create_jobs", "--cin", "aab1234", "--company", "Kaveri Foods LLP").returncode == 0
    assert installation.run("run_scaler", "--until-idle").returncode == 0
    (job,) = installation.app.companies.orders("AAB-1234", 9)
    assert job.status is JobStatus.COMPLETED
    documents = installation.app.companies.documents("AAB-1234", 99).documents
    assert {"LLP-8", "LLP-11"} <= {each.reading.facts.form for each in documents}


def test_id_comes_from_environment_or_file(installation, tmp_path):
    first, second, third = installation.order(3)
    assert installation.run("process_job", JOB_ID=first).returncode == 0
    bare, quoted = tmp_path / "bare", tmp_path / "job.env"
    bare.write_text(f"{second}\n")
    quoted.write_text(f"JOB_ID='{third}'\n")
    assert installation.run("process_job", JOB_FILE=str(bare)).returncode == 0
    assert installation.run("process_job", JOB_FILE=str(quoted)).returncode == 0
    for job_id in (first, second, third):
        assert installation.app.jobs.get(job_id).runs == 1


def test_nothing_to_do_exits_with_0(installation, tmp_path):
    assert installation.run("process_job", "--claim").returncode == 0
    assert installation.run("process_job", JOB_FILE=str(tmp_path / "absent")).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "--claim"),
        (["not-an-id"], "is not a job id"),
        (["0" * 24], "There is no job"),
        (["0" * 24, "--claim"], "not both"),
        (["--unknown"], "unrecognized arguments"),
    ],
)
def test_wrong_arguments_exit_with_2(installation, arguments, sentence):
    done = installation.run("process_job", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_job_in_another_state_is_untouched(installation):
    (job_id,) = installation.order()
    installation.app.service.cancel(job_id, Actor(name="tests"))
    done = installation.run("process_job", job_id)
    assert (done.returncode, done.stderr) == (2, f"Job {job_id} is cancelled; only a pending job can be processed.\n")


def test_wrong_setting_exits_with_2(installation):
    done = installation.run("process_job", "--claim", RUN_FRACTION="all")
    assert done.returncode == 2
    assert done.stderr == "RUN_FRACTION must be a number from 0.01 to 1, for example RUN_FRACTION=0.35.\n"


def test_mongodb_outage_exits_with_1(installation):
    done = installation.run("process_job", "--claim", MONGODB_URI="mongodb://127.0.0.1:9/", MONGODB_TIMEOUT_SECONDS="1")
    assert done.returncode == 1
    assert "MongoDB does not answer: 127.0.0.1:9" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_kill_9_loses_and_duplicates_nothing(installation):
    job_ids = installation.order(
        2, MAX_ATTEMPTS="100"
    )  # on a busy machine, many are killed before their first document
    chance = random.Random(7)
    settings = {"LEASE_SECONDS": "1", "SIMULATED_SECONDS_PER_DOCUMENT": "0.05"}
    with started(installation, job_ids[0], **settings) as worker:
        worker.kill()
        worker.communicate()
    for _ in range(12):
        with installation.start("process_job", "--claim", **settings) as worker:
            time.sleep(chance.uniform(0.3, 1.2))
            worker.kill()
            worker.communicate()
    for _ in range(40):  # more than the remaining runs, because a claim may come before the job's lease has expired
        if not installation.app.jobs.has_unfinished():
            break
        done = installation.run("process_job", "--claim", **settings)
        assert done.returncode == 0, done.stderr
    for job_id in job_ids:
        nothing_is_missing_or_double(installation, job_id)
    assert installation.status(job_ids[0])["runHistory"][0]["outcome"] == "lost"


def test_concurrent_workers_process_each_job_once(installation):
    job_ids = installation.order(4)
    for _ in range(12):  # once a single job is left, each round runs it only once
        if not installation.app.jobs.has_unfinished():
            break
        workers = [installation.start("process_job", "--claim") for _ in range(5)]
        for worker in workers:
            with worker:
                _, err = worker.communicate(timeout=60)
                assert worker.returncode == 0, err
    for job_id in job_ids:
        nothing_is_missing_or_double(installation, job_id)
        assert installation.app.jobs.get(job_id).runs == 3


def started(installation: Installation, job_id: str, **settings: str) -> subprocess.Popen[str]:
    """Start a worker and wait until it is in the middle of a run."""
    worker = installation.start("process_job", job_id, **settings)
    wait_until(lambda: installation.app.jobs.get(job_id).progress.total)
    return worker


def test_sigterm_finishes_current_work_and_releases(installation):
    (job_id,) = installation.order()
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "1", "WORKER_CONCURRENCY": "2"}
    with started(installation, job_id, **slow) as worker:
        wait_until(lambda: installation.app.jobs.get(job_id).progress.downloaded)
        asked = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=60)
    assert worker.returncode == 0, err
    assert time.monotonic() - asked < 20
    job = installation.app.jobs.get(job_id)
    assert (job.status, job.attempts, job.locked_by) == (JobStatus.PENDING, 0, None)
    assert 0 < job.progress.downloaded < job.progress.total * 0.35
    assert installation.status(job_id)["runHistory"][0]["outcome"] == "released"
    assert {document.attempts for document in installation.app.service.details(job_id).documents} == {0}


def test_silent_source_does_not_block_stopping(installation):
    (job_id,) = installation.order()
    with started(installation, job_id, SIMULATED_SECONDS_PER_DOCUMENT="3000", STOP_SECONDS="0.5") as worker:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert installation.app.jobs.get(job_id).status is JobStatus.PENDING
    assert {document.attempts for document in installation.app.service.details(job_id).documents} == {0}


def test_cancelling_stops_at_the_next_heartbeat(installation):
    (job_id,) = installation.order()
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "20", "WORKER_CONCURRENCY": "1", "LEASE_SECONDS": "2"}
    with started(installation, job_id, **slow) as worker:
        assert installation.run("cancel_job", job_id).returncode == 0
        worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert installation.app.jobs.get(job_id).status is JobStatus.CANCELLED


def test_frozen_worker_exits_with_3(installation):
    (job_id,) = installation.order()
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "3000", "WORKER_CONCURRENCY": "1", "LEASE_SECONDS": "1"}
    with started(installation, job_id, **slow) as worker:
        worker.send_signal(signal.SIGSTOP)
        wait_until(lambda: installation.app.jobs.count_due(1))
        assert installation.run("process_job", "--claim").returncode == 0
        worker.send_signal(signal.SIGCONT)
        _, err = worker.communicate(timeout=60)
    assert worker.returncode == 3, err
    assert "is lost" in err
    while installation.app.jobs.has_unfinished():
        installation.run("process_job", "--claim")
    nothing_is_missing_or_double(installation, job_id)
    assert installation.status(job_id)["runHistory"][0]["outcome"] == "lost"
