"""The file .env: the environment takes precedence, and messages name the line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.configuration import env_file
from jobs.configuration.table import load
from jobs.domain.errors import ConfigurationError
from tests.processes import ROOT, plain_environment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def applied(path: Path, text: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    path.write_text(text, encoding="utf-8")
    given = dict(environ or {})
    env_file.apply(path, given)
    return given


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("MONGODB_URI=mongodb://h/?a=b", "mongodb://h/?a=b"),
        ("export MONGODB_URI = 'a $b #c'  # why", "a $b #c"),
        ('\ufeffMONGODB_URI="a\\"b"\r\n', 'a"b'),
        ("MONGODB_URI=one\nMONGODB_URI=two", "two"),
        ("MONGODB_URI=", ""),
    ],
    ids=["plain", "quoted", "windows", "last-wins", "empty"],
)
def test_values_are_read_like_a_shell_does(path, text, value):
    assert applied(path, text)["MONGODB_URI"] == value


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FILE"])
@pytest.mark.parametrize("given", ["SECRET_KEY", "SECRET_KEY_FILE"])
@pytest.mark.parametrize("value", ["environment's", ""])
def test_environment_takes_precedence(path, name, given, value):
    assert applied(path, f"{name}=file's", {given: value}) == {given: value}


def test_azure_s_own_variables_are_passed_on(path):
    assert applied(path, "AZURE_CLIENT_ID=x\nENV_FILE=other") == {"AZURE_CLIENT_ID": "x"}


def test_wrong_value_names_file_and_line(path):
    path.write_text("# first\n\n\nPORT=http\nexport DEBUG='maybe'\n", encoding="utf-8")
    environ = {"LEASE_SECONDS": "0"}
    places = env_file.apply(path, environ)
    with pytest.raises(ConfigurationError) as caught:
        load(environ, places)
    message = str(caught.value)
    assert f"PORT (line 4 of {path}) must be a whole number" in message
    assert f"DEBUG (line 5 of {path}) must be 1 or 0" in message
    assert "LEASE_SECONDS must be" in message


def test_child_process_still_names_the_line(path):
    path.write_text("PORT=http", encoding="utf-8")
    environ: dict[str, str] = {}
    assert env_file.apply(path, environ) == env_file.apply(path, environ) == {"PORT": f"line 1 of {path}"}


def test_line_without_a_value_is_refused(path):
    path.write_text("PORT=1\n\nMONGODB URI: x\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"^Line 3 of {path} is not NAME=value\.$"):
        env_file.apply(path, {})


def test_file_in_another_encoding_is_refused(path):
    path.write_bytes(b"SECRET_KEY=\xff")
    with pytest.raises(ConfigurationError, match="it is not UTF-8 text"):
        env_file.apply(path, {})


def test_only_a_named_file_must_exist(path):
    assert env_file.apply(path, {}) == {}
    with pytest.raises(ConfigurationError, match="No such file"):
        env_file.apply(path, {}, required=True)


PROCESSES = {
    "manage.py": [sys.executable, "manage.py", "job_status"],
    "worker": [sys.executable, "manage.py", "process_job"],
    "claim": [sys.executable, "-m", "worker.claim"],
    "gunicorn": [sys.executable, "-m", "gunicorn", "--config", "python:filesure_site.gunicorn_conf"],
}


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_reads_the_file(path, name):
    path.write_text("MONGODB_URI=mongodb://127.0.0.1:1/\nRUN_FRACTION=35%\n", encoding="utf-8")
    environment = plain_environment() | {"ENV_FILE": str(path)}
    done = subprocess.run(PROCESSES[name], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, f"RUN_FRACTION (line 2 of {path}) must be" in done.stderr) == (
        1 if name == "gunicorn" else 2,
        True,
    ), done.stderr


def test_absent_file_costs_no_import():
    code = "import sys; from jobs.configuration.table import current; current(); print('dotenv' in sys.modules)"
    environment = {name: value for name, value in plain_environment().items() if name != "ENV_FILE"}
    if (ROOT / ".env").exists():
        pytest.skip("this copy has a .env")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
