"""The other commands, with their effects and error messages."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
from bson import ObjectId

from jobs.domain.audit import Actor
from jobs.domain.job import JobStatus
from jobs.services import Order
from tests.making import a_cin, blobs_of

pytestmark = pytest.mark.server

CIN = "L24295GJ1987PLC143792"


def test_job_status_shows_runs_and_documents(installation):
    (job_id,) = installation.order()
    installation.run("process_job", job_id)
    status = installation.status(job_id)
    assert (status["jobStatus"], status["runs"], len(status["runHistory"])) == ("pending", 1, 1)
    listed = [document for document in status["documents"] if document["parent"] is None]
    assert len(listed) == status["totalDocuments"]
    text = installation.run("job_status", job_id).stdout
    assert "documents: " in text
    assert "AOC-4" in text


def test_cancelled_job_can_be_retried(installation):
    (job_id,) = installation.order()
    assert installation.run("retry_job", job_id).returncode == 2
    assert installation.run("cancel_job", job_id).stdout == f"Job {job_id} is cancelled.\n"
    assert installation.run("retry_job", job_id).stdout == f"Job {job_id} is pending.\n"
    assert installation.app.jobs.get(job_id).status is JobStatus.PENDING


def test_retry_beside_another_job_needs_again(installation):
    service = installation.app.service
    order = Order(cin=a_cin(), company_name="Example Limited")
    (cancelled,) = service.order([order], requested_by="tests")
    service.cancel(cancelled.id, Actor(name="tests"))
    (other,) = service.order([order], requested_by="tests")
    refused = installation.run("retry_job", cancelled.id)
    assert (refused.returncode, other.id in refused.stderr) == (2, True)
    assert installation.app.jobs.get(cancelled.id).status is JobStatus.CANCELLED
    assert installation.run("retry_job", cancelled.id, "--again").stdout == f"Job {cancelled.id} is pending.\n"


def test_all_services_are_checked(installation):
    done = installation.run("check_services")
    assert done.returncode == 0, done.stdout
    words = [line.split()[0] for line in done.stdout.splitlines()]
    assert (words[:4], len(words)) == (["ok"] * 4, 6)
    assert set(words[4:]) <= {"ok", "limited"}  # this machine may lack Landlock or Tesseract


def test_missing_ocr_language_is_limited(installation):
    done = installation.run("check_services", OCR_LANGUAGES="eng+xyz")
    assert done.returncode == 0
    limited = next(line for line in done.stdout.splitlines() if " OCR " in line)
    assert limited.startswith("limited")
    assert "apt-get install tesseract-ocr" in limited
    assert "tesseract-ocr-xyz" in limited


def test_atlas_search_on_another_server_is_reported(installation):
    reason = "this server is not MongoDB, and only MongoDB has Atlas Search"
    migrated = installation.run("migrate_documents", ATLAS_SEARCH_INDEX="pages")
    assert f"Atlas Search index pages not created: {reason}" in migrated.stdout
    checked = installation.run("check_services", ATLAS_SEARCH_INDEX="pages")
    assert (migrated.returncode, checked.returncode) == (0, 0)
    assert f"limited text search {reason}. Searches use MongoDB's text index." in checked.stdout


def test_one_outage_does_not_stop_other_checks(installation, tmp_path):
    wrong = {
        "MONGODB_URI": "mongodb://127.0.0.1:9/",
        "MONGODB_TIMEOUT_SECONDS": "1",
        "SOURCE": "directory",
        "FILINGS_DIR": str(tmp_path / "none"),
    }
    done = installation.run("check_services", **wrong)
    assert done.returncode == 1
    words = [line.split()[0] for line in done.stdout.splitlines()]
    assert words[:4] == ["FAILED", "FAILED", "ok", "FAILED"]
    assert "FILINGS_DIR" in done.stdout


def test_indexes_are_created_once(installation):
    installation.app.database.drop_collection("jobs")
    assert "jobs (runAfter)" in installation.run("check_services").stdout
    assert "jobs: index due created" in installation.run("migrate_documents").stdout
    again = installation.run("migrate_documents")
    assert (again.returncode, "index" in again.stdout) == (0, False)


def test_connection_string_secret_is_never_shown(installation):
    uri = "mongodb://someone:hunter2@127.0.0.1:9/"
    for command in (["check_services"], ["job_status"], ["process_job", "--claim"]):
        done = installation.run(*command, MONGODB_URI=uri, MONGODB_TIMEOUT_SECONDS="1")
        assert done.returncode == 1
        assert "hunter2" not in done.stdout + done.stderr


def test_unusable_data_directory_is_named(installation, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = installation.run("job_status", DATA_DIR=str(tmp_path / "file" / "data"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"DATA_DIR={tmp_path}/file/data cannot be used: ")


def test_missing_embedded_mongodb_explains_the_start(installation):
    done = installation.run("job_status", MONGODB_URI="")
    assert done.returncode == 1
    assert "make run" in done.stderr


def test_real_files_are_stored_whatever_they_hold(installation, tmp_path):
    from worker.sources.simulated_pdf import text_pdf

    folder = tmp_path / "filings" / CIN
    folder.mkdir(parents=True)
    good = text_pdf([["A readable page"]], title="A filing")
    (folder / "AOC-4_1.pdf").write_bytes(good)
    (folder / "MGT-7_2.pdf").write_bytes(good)
    (folder / "3-cut.pdf").write_bytes(good[: len(good) // 2])
    (folder / "4-empty.pdf").touch()
    (folder / "5-not.pdf").write_text("hello")
    settings = {"SOURCE": "directory", "FILINGS_DIR": str(tmp_path / "filings"), "RUN_FRACTION": "1"}
    ordered = installation.run("create_jobs", "--cin", CIN, "--company", "Real Ltd")
    job_id = ordered.stdout.split()[0]
    assert installation.run("process_job", job_id, **settings).returncode == 0
    status = installation.status(job_id)
    assert status["jobStatus"] == "completed"
    assert [each["status"] for each in status["documents"]] == ["stored"] * 5
    readings = {each["fileName"]: each["reading"] for each in status["documents"]}
    assert {name: reading["state"] for name, reading in readings.items()} == {
        "3-cut.pdf": "unreadable",
        "4-empty.pdf": "unreadable",
        "5-not.pdf": "unsupported",
        "AOC-4_1.pdf": "read",
        "MGT-7_2.pdf": "read",
    }
    assert readings["4-empty.pdf"]["reason"] == "The file is empty (0 bytes)."


def test_prune_deletes_only_old_ended_jobs(installation):
    old, new, waiting = installation.order(3)
    for job_id in (old, new):
        installation.run("process_job", job_id)
        installation.run("cancel_job", job_id)
    app = installation.app
    long_ago = app.clock() - timedelta(days=40)
    app.database["jobs"].update_one({"_id": ObjectId(old)}, {"$set": {"completedAt": long_ago}})
    assert blobs_of(app.blobs, old)

    asked = installation.run("prune", "--older-than-days", "30")
    assert (asked.returncode, ": 1. Nothing is deleted" in asked.stdout) == (0, True)
    done = installation.run("prune", "--older-than-days", "30", "--yes")
    assert (done.returncode, done.stdout) == (0, "1 job deleted.\n")
    assert {str(job["_id"]) for job in app.database["jobs"].find()} == {new, waiting}
    assert not blobs_of(app.blobs, old)
    assert app.database["documents"].count_documents({"jobId": old}) == 0
    assert app.database["audit"].count_documents({"jobId": old, "action": "delete"}) == 1
    assert installation.run("prune", "--older-than-days", "0").returncode == 2


def test_backup_is_kept_in_blob_storage(installation, tmp_path):
    dump = tmp_path / "filesure.archive.gz"
    dump.write_bytes(b"\x1f\x8b" * 1000)
    done = installation.run("keep_backup", str(dump))
    assert done.returncode == 0, done.stderr
    (name,) = installation.app.backups.names("")
    assert done.stdout == f"{name}: 2000 bytes\n"
    assert name not in installation.app.blobs.names("")
    with installation.app.backups.open(name) as kept:
        assert kept.read() == dump.read_bytes()
    missing = installation.run("keep_backup", "/nowhere.gz")
    assert missing.returncode == 2
    assert missing.stderr == "CommandError: /nowhere.gz cannot be read: No such file or directory.\n"


def test_only_old_backups_are_deleted(installation, tmp_path):
    dump = tmp_path / "dump.gz"
    dump.write_bytes(b"x")
    backups = installation.app.backups
    for name in ("2020-01-01T011700Z-dump.gz", "2999-01-01T011700Z-dump.gz", "2020-notes.txt"):
        backups.put(name, io.BytesIO(b"x"), content_type="a/b", md5=hashlib.md5(b"x").digest(), fence=0, metadata={})
    done = installation.run("keep_backup", str(dump), "--keep-days", "35")
    assert done.stdout.endswith("\n2020-01-01T011700Z-dump.gz: deleted\n")
    kept = sorted(backups.names(""))
    assert [kept[0], kept[-1], len(kept)] == ["2020-notes.txt", "2999-01-01T011700Z-dump.gz", 3]


def test_sweep_removes_what_has_no_job(installation):
    (job_id,) = installation.order()
    installation.run("process_job", job_id)
    kept = list(installation.app.blobs.names("jobs/"))
    installation.app.database["runs"].insert_one(
        {"jobId": "0" * 24, "number": 1, "worker": "w", "fence": 1, "startedAt": installation.app.clock()}
    )
    done = installation.run("sweep")
    assert done.returncode == 0, done.stderr
    assert "rows of 1 missing jobs, 0 blobs" in done.stdout
    assert installation.app.runs.of_job("0" * 24) == []
    assert list(installation.app.blobs.names("jobs/")) == kept != []
