"""``create_jobs``, with its effects and error messages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from jobs.domain.errors import DatabaseUnavailable
from jobs.domain.listing import JobFilter, JobOrder
from jobs.management.commands import create_jobs
from tests.making import a_job, a_listed
from tests.processes import ROOT

pytestmark = pytest.mark.server

CIN = "L24295GJ1987PLC143792"


def counts(installation) -> dict[str, int]:
    return json.loads(installation.run("job_status", "--json").stdout)


def test_repeated_company_order_is_refused(installation):
    order = ("create_jobs", "--cin", CIN, "--company", "Example & Söhne Ltd")
    first = installation.run(*order)
    assert first.returncode == 0
    job_id = first.stdout.split()[0]
    second = installation.run(*order)
    assert second.returncode == 2
    assert second.stderr == f"{CIN} is already ordered by the unfinished job {job_id}.\n"
    assert installation.run(*order, "--again").returncode == 0
    assert counts(installation)["pending"] == 2


def test_closed_pipe_still_stores_every_order(installation):
    command = [sys.executable, "manage.py", "create_jobs", "--count", "300"]
    # A pipe of one memory page, which 300 lines overflow even if it is closed late.
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
        (["--count", "0"], "--count must be from 1 to 10,000"),
        (["--count", "many"], "invalid int value"),
        (["--count", "1", "--priority", "10"], "whole number from 0 to 9"),
        (["--count", "1", "--not-before", "soon"], "'soon' is not a time of the form 20"),
        (["--count", "1", "--not-before", "2999-01-01"], "at most a year ahead"),
        (["--cin", CIN], "--cin needs --company"),
        (["--cin", "X24295GJ1987PLC143792", "--company", "A"], "starts with L (listed) or U"),
        (["--cin", "L24295ZZ1987PLC143792", "--company", "A"], "not a known state"),
        (["--cin", "L24295GJ2987PLC143792", "--company", "A"], "No company was incorporated in 2987"),
        (["--cin", "AAB-123", "--company", "A"], "an LLPIN 8 (AAB-1234)"),
        (["--csv", "/nowhere.csv"], "/nowhere.csv cannot be read: No such file or directory."),
    ],
)
def test_wrong_order_exits_with_2(installation, arguments, sentence):
    done = installation.run("create_jobs", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert counts(installation)["pending"] == 0


def test_unknown_state_code_can_be_allowed(installation):
    order = ("create_jobs", "--cin", "L24295ZZ1987PLC143792", "--company", "A", "--allow-unknown-codes")
    assert installation.run(*order).returncode == 0


def test_struck_off_company_is_ordered_with_a_warning(installation):
    installation.app.directory.save([a_listed("Vindhya Dyes", id="AAB-1234", status="Struck off")])
    done = installation.run("create_jobs", "--cin", "aab1234", "--company", "Vindhya Dyes")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert done.stderr == "Struck off the register: it can be ordered, but files no more documents.\n"


def a_csv(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "orders.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


def test_csv_orders_valid_rows_and_reports_others(installation, tmp_path):
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
    job = next(
        job for job in installation.app.catalogue.jobs(JobFilter(), JobOrder.NEWEST, None, 10).items if job.cin == CIN
    )
    assert (job.company_name, job.priority) == ("Good", 5)
    assert lines[3][1] == f"{CIN} is already ordered by the unfinished job {job.id}."


def test_delayed_orders_are_not_due(installation, tmp_path):
    early, late = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M}" for days in (1, 2))
    path = a_csv(tmp_path, f"cin,companyName,Not before\n{CIN},Own,{late}\nL17117MH1925PLC001208,Option,\n")
    assert installation.run("create_jobs", "--csv", path, "--not-before", early).returncode == 0
    jobs = installation.app.catalogue.jobs(JobFilter(), JobOrder.NEWEST, None, 10).items
    assert {job.company_name: f"{job.run_after:%Y-%m-%dT%H:%M}" for job in jobs} == {"Own": late, "Option": early}
    assert installation.app.jobs.count_due(10) == 0
    assert installation.run("process_job", "--claim").returncode == 0
    assert all(installation.app.jobs.get(job.id).runs == 0 for job in jobs)


def test_fresh_order_is_stored_as_such(installation):
    assert installation.run("create_jobs", "--cin", CIN, "--company", "Example", "--fresh").returncode == 0
    (job,) = installation.app.catalogue.jobs(JobFilter(), JobOrder.NEWEST, None, 10).items
    assert job.fresh


def unavailable() -> None:
    raise DatabaseUnavailable("MongoDB does not answer.")


def terminated() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def ignored_sigterm():
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(("cut", "code"), [(unavailable, 1), (terminated, 130)])
def test_cut_off_import_says_where_to_continue(tmp_path, monkeypatch, capsys, ignored_sigterm, cut, code):
    class Service:
        calls = 0

        def order(self, orders, **_):
            self.calls += 1
            if self.calls == 3:
                cut()
            return [a_job(datetime.now(UTC), cin=order.cin) for order in orders]

    monkeypatch.setattr(create_jobs, "application", lambda: SimpleNamespace(service=Service()))
    rows = [f"U72900KA1990PTC{number:06d},Company {number}" for number in range(2_500)]
    path = a_csv(tmp_path, "\n".join(["cin,companyName", *rows]))
    with pytest.raises(SystemExit) as ended:
        call_command("create_jobs", csv=Path(path))
    assert ended.value.code == code
    said = capsys.readouterr().err
    assert "orders.csv: cut off. Before line 2,002: 2,000 ordered, 0 refused." in said
    assert "To continue, add --from-line 2002: this is safe." in said


def test_import_continues_from_a_line(installation, tmp_path):
    path = a_csv(tmp_path, f"cin,companyName\n{CIN},First\nL17117MH1925PLC001208,Second\n")
    done = installation.run("create_jobs", "--csv", path, "--from-line", "3")
    assert (done.returncode, done.stdout) == (0, "1 ordered, 0 refused.\n")


def test_dry_run_orders_nothing(installation, tmp_path):
    path = a_csv(tmp_path, f"cin,companyName\n{CIN},Good\nnonsense,Bad\n")
    done = installation.run("create_jobs", "--csv", path, "--dry-run")
    assert (done.returncode, done.stdout) == (1, "1 would be ordered, 1 refused.\n")
    assert counts(installation)["pending"] == 0


def test_dry_run_finds_duplicates_across_batches(installation, tmp_path):
    rows = [f"U72900KA1990PTC{number:06d},Company {number}" for number in range(1_500)]
    path = a_csv(tmp_path, "\n".join(["cin,companyName", *rows, rows[0]]))
    done = installation.run("create_jobs", "--csv", path, "--dry-run")
    assert (done.returncode, done.stdout) == (1, "1,500 would be ordered, 1 refused.\n")
    assert done.stderr == "orders.csv:1502: U72900KA1990PTC000000 occurs twice.\n"


@pytest.mark.parametrize(
    ("text", "encoding", "sentence"),
    [
        ("", "utf-8", "lacks cin and companyName"),
        ("client,number\nA,1\n", "utf-8", "lacks cin and companyName"),
        ("PK\x03\x04", "ascii", "is an Excel workbook"),
        (f"cin,companyName\n{CIN},Gööd\n", "latin-1", "is not UTF-8"),
    ],
)
def test_file_without_expected_columns_is_refused(installation, tmp_path, text, encoding, sentence):
    done = installation.run("create_jobs", "--csv", a_csv(tmp_path, text, encoding))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
