"""``manage.py load_companies``: the master data of companies, loaded as often as one likes."""

from __future__ import annotations

import gzip

import pytest

from jobs.simulated_companies.listing import simulated_listing

pytestmark = pytest.mark.server


def a_file(tmp_path, lines: list[str], name: str = "master.csv"):
    path = tmp_path / name
    data = "\n".join(["CORPORATE_IDENTIFICATION_NUMBER,COMPANY_NAME,COMPANY_STATUS", *lines, ""]).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return str(path)


def test_second_load_writes_only_what_differs(installation, tmp_path):
    companies = list(simulated_listing(2_500, "load"))
    lines = [f"{each.id},{each.name},{each.status}" for each in companies]
    path = a_file(tmp_path, [*lines, lines[0]], "master.csv.gz")
    first = installation.run("load_companies", path)
    assert (first.returncode, first.stdout, first.stderr) == (
        0,
        "2,500 added, 0 changed, 1 unchanged, 0 refused.\n",
        "",
    )
    assert installation.run("load_companies", path).stdout == "0 added, 0 changed, 2,501 unchanged, 0 refused.\n"
    changed = a_file(tmp_path, [f"{companies[7].id},Another Name,Active", *lines[8:]])
    assert installation.run("load_companies", changed).stdout == "0 added, 1 changed, 2,492 unchanged, 0 refused.\n"
    found = installation.app.directory.get([companies[7].id, companies[0].id])
    assert [found[companies[at].id].name for at in (0, 7)] == [companies[0].name, "Another Name"]


def test_refused_rows_are_counted_and_saved(installation, tmp_path):
    path = a_file(tmp_path, ["AAB-1234,Good LLP,Active", *["nonsense,Bad,Active"] * 25])
    refused = tmp_path / "refused.txt"
    done = installation.run("load_companies", path, "--refused", str(refused))
    assert (done.returncode, done.stdout) == (1, "1 added, 0 changed, 0 unchanged, 25 refused.\n")
    lines = done.stderr.splitlines()
    assert len(lines) == 21
    assert lines[0].startswith("master.csv:3: 'NONSENSE' is not a valid LLPIN") or "characters" in lines[0]
    assert lines[-1] == "More rows are refused."
    assert len(refused.read_text().splitlines()) == 25
    again = installation.run("load_companies", path)
    assert again.stderr.splitlines()[-1] == "More rows are refused; --refused FILE saves all of them."


def test_refused_rows_never_overwrite_the_file(installation, tmp_path):
    path = a_file(tmp_path, ["AAB-1234,Good LLP,Active"])
    (tmp_path / "link.csv").symlink_to(path)
    for refused in (path, str(tmp_path / "link.csv")):
        done = installation.run("load_companies", path, "--refused", refused)
        assert (done.returncode, done.stdout) == (2, "")
        assert "is the file to load. Choose another file for --refused." in done.stderr
    assert installation.run("load_companies", path).stdout == "1 added, 0 changed, 0 unchanged, 0 refused.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: FILE"),
        (["/nowhere.csv"], "/nowhere.csv cannot be read: No such file or directory."),
        (["/dev/null"], "null: the first line lacks CORPORATE_IDENTIFICATION_NUMBER and COMPANY_NAME."),
        (["/dev/null", "--refused", "/nowhere/x"], "/nowhere/x cannot be written: No such file or directory."),
    ],
)
def test_wrong_use_exits_with_2(installation, arguments, sentence):
    done = installation.run("load_companies", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_damaged_file_says_what_was_loaded(installation, tmp_path):
    companies = list(simulated_listing(5_000, "damaged"))
    path = tmp_path / "master.csv.gz"
    whole = gzip.compress("\n".join(["CIN,Name", *(f"{each.id},{each.name}" for each in companies)]).encode())
    path.write_bytes(whole[: len(whole) * 3 // 4])
    done = installation.run("load_companies", str(path))
    assert done.returncode == 2
    assert "000 added, 0 changed, 0 unchanged, 0 refused. Run it again: only what differs is written." in done.stderr
    assert "master.csv.gz is damaged or incomplete." in done.stderr
