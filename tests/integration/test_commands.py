"""The other commands, as people type them: what they do, and what they say when it cannot be done."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from bson import ObjectId

from jobs.domain.job import JobStatus
from tests.processes import ROOT

pytestmark = pytest.mark.server

CIN = "L24295GJ1987PLC143792"


def counts(installation) -> dict[str, int]:
    return json.loads(installation.run("job_status", "--json").stdout)


def test_one_company_is_ordered_and_refused_a_second_time(installation):
    order = ("create_jobs", "--cin", CIN, "--company", "Example & Söhne Ltd")
    first = installation.run(*order)
    assert first.returncode == 0
    job_id = first.stdout.split()[0]
    second = installation.run(*order)
    assert second.returncode == 2
    assert second.stderr == f"{CIN} is already ordered by the unfinished job {job_id}.\n"
    assert installation.run(*order, "--again").returncode == 0
    assert counts(installation)["pending"] == 2


def test_who_reads_the_beginning_only_gets_all_orders_and_no_traceback(installation):
    command = [sys.executable, "manage.py", "create_jobs", "--count", "300"]
    # A pipe of a page, which 300 lines overflow: whoever is slow to close it does not get them all after all.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "pipesize": 4096, "bufsize": 0}
    with subprocess.Popen(command, cwd=ROOT, env=installation.environment, **pipes) as create_jobs:
        assert create_jobs.stdout.readline().endswith(b"\n")
        create_jobs.stdout.close()
        said = create_jobs.stderr.read()
    assert (create_jobs.returncode, said) == (141, b"")
    assert counts(installation)["pending"] == 300


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "one of the arguments --count --cin --csv is required"),
        (["--count", "0"], "--count takes 1 to 10,000"),
        (["--count", "many"], "invalid int value"),
        (["--count", "1", "--priority", "10"], "whole number from 0 to 9"),
        (["--cin", CIN], "--cin needs --company"),
        (["--cin", "X24295GJ1987PLC143792", "--company", "A"], "begins with L (listed) or U"),
        (["--cin", "L24295ZZ1987PLC143792", "--company", "A"], "no known state"),
        (["--cin", "L24295GJ2987PLC143792", "--company", "A"], "No company was incorporated in 2987"),
        (["--cin", "AAB-1234", "--company", "A"], "LLPIN"),
        (["--csv", "/nowhere.csv"], "/nowhere.csv cannot be read: No such file or directory."),
    ],
)
def test_a_wrong_order_exits_with_2_and_orders_nothing(installation, arguments, sentence):
    done = installation.run("create_jobs", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert counts(installation)["pending"] == 0


def test_a_state_that_our_list_lacks_can_be_let_through(installation):
    order = ("create_jobs", "--cin", "L24295ZZ1987PLC143792", "--company", "A", "--allow-unknown-codes")
    assert installation.run(*order).returncode == 0


def a_csv(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "orders.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


def test_the_good_rows_of_a_csv_are_ordered_and_the_bad_ones_told(installation, tmp_path):
    path = a_csv(
        tmp_path,
        f"cin,companyName,priority\r\n{CIN},Good,5\r\nnonsense,Bad,0\r\n,,\r\n\r\n"
        f'U72900KA2008PTC046374,"Comma, quoted",\r\nL17117MH1925PLC001208,,1\r\n'
        f"{CIN},Twice,0\r\nL52399MH1987PLC044954,Priority,high\r\nU51909PB2011PTC035491,Too,1,many\r\n",
        "utf-8-sig",
    )
    done = installation.run("create_jobs", "--csv", path)
    assert (done.returncode, done.stdout) == (1, "2 ordered, 6 refused.\n")
    lines = [line.split(": ", 1) for line in done.stderr.splitlines()]
    assert [place for place, _ in lines] == [f"orders.csv:{number}" for number in (3, 4, 7, 8, 9, 10)]
    job = next(job for job in installation.app.jobs.latest(10) if job.cin == CIN)
    assert (job.company_name, job.priority) == ("Good", 5)
    assert lines[3][1] == f"{CIN} is already ordered by the unfinished job {job.id}."


def test_a_dry_run_orders_nothing(installation, tmp_path):
    path = a_csv(tmp_path, f"cin,companyName\n{CIN},Good\nnonsense,Bad\n")
    done = installation.run("create_jobs", "--csv", path, "--dry-run")
    assert (done.returncode, done.stdout) == (1, "1 would be ordered, 1 refused.\n")
    assert counts(installation)["pending"] == 0


def test_a_dry_run_remembers_what_it_would_have_ordered_batches_ago(installation, tmp_path):
    rows = [f"U72900KA1990PTC{number:06d},Company {number}" for number in range(1_500)]
    path = a_csv(tmp_path, "\n".join(["cin,companyName", *rows, rows[0]]))
    done = installation.run("create_jobs", "--csv", path, "--dry-run")
    assert (done.returncode, done.stdout) == (1, "1,500 would be ordered, 1 refused.\n")
    assert done.stderr == "orders.csv:1502: U72900KA1990PTC000000 occurs twice.\n"


@pytest.mark.parametrize(
    ("text", "encoding", "sentence"),
    [
        ("", "utf-8", "lacks cin and companyName"),
        ("company,number\nA,1\n", "utf-8", "lacks cin and companyName"),
        (f"cin,companyName\n{CIN},Good\n", "utf-16", "UTF-16"),
        (f"cin,companyName\n{CIN},Gööd\n", "latin-1", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(installation, tmp_path, text, encoding, sentence):
    done = installation.run("create_jobs", "--csv", a_csv(tmp_path, text, encoding))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_one_jobs_status_shows_its_runs_and_documents(installation):
    (job_id,) = installation.order()
    installation.run("process_job", job_id)
    status = installation.status(job_id)
    assert (status["jobStatus"], status["runs"], len(status["runHistory"])) == ("pending", 1, 1)
    assert len(status["documents"]) == status["totalDocuments"]
    text = installation.run("job_status", job_id).stdout
    assert "documents: " in text
    assert "AOC-4" in text


def test_a_cancelled_job_is_retried(installation):
    (job_id,) = installation.order()
    assert installation.run("retry_job", job_id).returncode == 2
    assert installation.run("cancel_job", job_id).stdout == f"Job {job_id} is cancelled.\n"
    assert installation.run("retry_job", job_id).stdout == f"Job {job_id} is pending.\n"
    assert installation.app.jobs.get(job_id).status is JobStatus.PENDING


def test_all_services_are_checked(installation):
    done = installation.run("check_services")
    assert done.returncode == 0, done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 4


def test_a_service_that_is_away_is_named_and_the_others_are_checked_all_the_same(installation, tmp_path):
    wrong = {"MONGODB_URI": "mongodb://127.0.0.1:9/", "MONGODB_TIMEOUT_SECONDS": "1", "SOURCE": "directory",
             "FILINGS_DIR": str(tmp_path / "none")}  # fmt: skip
    done = installation.run("check_services", **wrong)
    assert done.returncode == 1
    words = [line.split()[0] for line in done.stdout.splitlines()]
    assert words == ["FAILED", "FAILED", "ok", "FAILED"]
    assert "FILINGS_DIR" in done.stdout


def test_indexes_are_made_once(installation):
    installation.app.database.drop_collection("jobs")
    assert "jobs (runAfter)" in installation.run("check_services").stdout
    assert "jobs: index due created" in installation.run("ensure_indexes").stdout
    again = installation.run("ensure_indexes")
    assert (again.returncode, "index" in again.stdout) == (0, False)


def test_a_secret_in_the_connection_string_is_never_shown(installation):
    uri = "mongodb://someone:hunter2@127.0.0.1:9/"
    for command in (["check_services"], ["job_status"], ["process_job", "--claim"]):
        done = installation.run(*command, MONGODB_URI=uri, MONGODB_TIMEOUT_SECONDS="1")
        assert done.returncode == 1
        assert "hunter2" not in done.stdout + done.stderr


def test_a_data_directory_that_cannot_be_used_is_named(installation, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = installation.run("job_status", DATA_DIR=str(tmp_path / "file" / "data"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"DATA_DIR={tmp_path}/file/data cannot be used: ")


def test_no_embedded_mongodb_is_said_with_the_way_to_start_it(installation):
    done = installation.run("job_status", MONGODB_URI="")
    assert done.returncode == 1
    assert "make run" in done.stderr


def test_real_files_go_through_and_the_bad_ones_say_why(installation, tmp_path):
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
    assert installation.run("process_job", job_id, **settings).returncode == 1
    status = installation.status(job_id)
    assert status["jobStatus"] == "failed"
    assert status["lastError"]["message"] == "3 of 5 documents cannot be had."
    reasons = {each["fileName"]: each["error"]["message"] for each in status["documents"] if each["error"]}
    assert sorted(reasons) == ["3-cut.pdf", "4-empty.pdf", "5-not.pdf"]
    assert len(set(reasons.values())) == 3
    assert {each["documentType"] for each in status["documents"] if not each["error"]} == {"AOC-4", "MGT-7"}


def test_prune_deletes_what_ended_long_ago_and_nothing_else(installation):
    old, new, waiting = installation.order(3)
    for job_id in (old, new):
        installation.run("process_job", job_id)
        installation.run("cancel_job", job_id)
    app = installation.app
    long_ago = app.clock() - timedelta(days=40)
    app.database["jobs"].update_one({"_id": ObjectId(old)}, {"$set": {"completedAt": long_ago}})
    assert any(app.blobs.names(f"jobs/{old}/"))

    asked = installation.run("prune", "--older-than-days", "30")
    assert (asked.returncode, ": 1. Nothing is deleted" in asked.stdout) == (0, True)
    done = installation.run("prune", "--older-than-days", "30", "--yes")
    assert (done.returncode, done.stdout) == (0, "1 job deleted.\n")
    assert {str(job["_id"]) for job in app.database["jobs"].find()} == {new, waiting}
    assert not any(app.blobs.names(f"jobs/{old}/"))
    assert app.database["documents"].count_documents({"jobId": old}) == 0
    assert app.database["audit"].count_documents({"jobId": old, "action": "delete"}) == 1
    assert installation.run("prune", "--older-than-days", "0").returncode == 2


def test_a_backup_is_kept_in_the_blob_store(installation, tmp_path):
    dump = tmp_path / "filesure.archive.gz"
    dump.write_bytes(b"\x1f\x8b" * 1000)
    done = installation.run("keep_backup", str(dump))
    assert done.returncode == 0, done.stderr
    (name,) = installation.app.blobs.names("backups/")
    assert done.stdout == f"{name}: 2000 bytes\n"
    with installation.app.blobs.open(name) as kept:
        assert kept.read() == dump.read_bytes()
    missing = installation.run("keep_backup", "/nowhere.gz")
    assert missing.returncode == 2
    assert missing.stderr == "CommandError: /nowhere.gz cannot be read: No such file or directory.\n"
