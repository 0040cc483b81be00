"""The MongoDB that ``run_local`` starts: ``mongod`` from the PATH, here a stand-in, or the embedded one."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil
import pytest

from filesure_site import local_mongodb
from filesure_site.local_services import ServiceFailed
from jobs.adapters.mongo import local_address, mongod
from jobs.configuration.table import Configuration
from jobs.domain.errors import ConfigurationError, DatabaseUnavailable
from tests.processes import wait_until
from tests.servers import free_port, mongod_stand_in
from tests.servers.machine import Machine, stopped

pytestmark = [pytest.mark.server, pytest.mark.own_mongodb]


@pytest.fixture
def program(tmp_path, monkeypatch) -> Path:
    """``mongod`` on the PATH."""
    found = mongod_stand_in.on_path(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{found.parent}:{os.environ['PATH']}")
    return found


@pytest.fixture
def no_program(monkeypatch) -> None:
    monkeypatch.setattr(mongod, "program", lambda: None)


class Starting:
    """Starts the MongoDB of a data directory and keeps what it says. The embedded one is not really started."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir, self.lines, self.service = data_dir, list[str](), None

    def __call__(self, wanted: str = "auto") -> str:
        self.data_dir.mkdir(exist_ok=True)
        given = Configuration(data_dir=self.data_dir, local_mongodb=wanted)
        self.service = local_mongodb.start(given, self.lines.append)
        return self.service.name if self.service else "embedded"

    def stop(self) -> None:
        if self.service:
            self.service.stop()
            self.service = None


@pytest.fixture
def starting(data_dir, monkeypatch):
    monkeypatch.setattr(local_mongodb, "_start_embedded", lambda data_dir: None)
    started = Starting(data_dir)
    yield started
    started.stop()


def has_embedded_data(data_dir: Path) -> None:
    (data_dir / "mongodb").mkdir(parents=True)
    (data_dir / "mongodb" / "filesure.db").touch()


def has_mongod_data(data_dir: Path, port: int = 1) -> None:
    (data_dir / "mongod" / "db").mkdir(parents=True)
    local_address.announce(data_dir / "mongod", port, pid=1)


def test_local_run_works_on_mongod_and_keeps_its_data(data_dir, program):
    machine = Machine(data_dir, LOCAL_MONGODB="auto", PATH=os.environ["PATH"])
    process = machine.start()
    assert machine.manage("create_jobs", "--count", "1").returncode == 0
    wait_until(lambda: machine.jobs_in("completed") == 1, 60)
    (server,) = [each for each in psutil.Process(process.pid).children() if "--dbpath" in each.cmdline()]
    assert {each.laddr.ip for each in server.net_connections("tcp") if each.status == "LISTEN"} == {"127.0.0.1"}
    assert f"Using {program}, MongoDB 8.0.4, with the data in {data_dir / 'mongod'}." in stopped(process)
    with pytest.raises(DatabaseUnavailable):
        local_address.running_uri(data_dir)
    assert not (data_dir / "mongodb").exists()

    again = machine.start()
    assert machine.jobs_in("completed") == 1
    again.kill()  # the next start waits until this one's mongod has ended
    again.communicate()
    stopped(machine.start())


def test_first_start_that_fails_uses_the_embedded_one(starting, program, monkeypatch):
    monkeypatch.setenv("STAND_IN_EXIT", "100")
    assert starting() == "embedded"
    (said,) = starting.lines
    assert said.startswith(f"{program} did not start: it could not use its data files (exit code 100):")
    assert "Location28596: no space" in said
    assert said.endswith("Using the embedded MongoDB instead.")


def test_start_that_fails_beside_its_data_is_refused(starting, program, monkeypatch):
    has_mongod_data(starting.data_dir)
    monkeypatch.setenv("STAND_IN_EXIT", "62")
    with pytest.raises(ServiceFailed, match=r"data files are from another version of MongoDB \(exit code 62\)"):
        starting()


def test_program_that_cannot_run_is_explained(starting, program):
    program.write_text("#!/bin/sh\nkill -ILL $$\n")
    with pytest.raises(ServiceFailed, match="MongoDB needs AVX"):
        starting("mongod")


def test_old_version_is_refused_before_it_touches_data(starting, program, monkeypatch):
    monkeypatch.setenv("STAND_IN_VERSION", "6.0.19")
    with pytest.raises(ServiceFailed, match=r"is MongoDB 6.0.19; Filesure needs 7.0 or newer"):
        starting("mongod")
    assert not (starting.data_dir / "mongod").exists()


def test_server_takes_the_port_of_its_last_run_if_it_is_free(starting, program):
    with socket.create_server(("127.0.0.1", 0)) as other:
        has_mongod_data(starting.data_dir, other.getsockname()[1])
        assert starting() == "mongod"
        first = local_address.running(starting.data_dir, "mongod")["port"]
        assert first != other.getsockname()[1]
    starting.stop()
    starting()
    assert local_address.running(starting.data_dir, "mongod")["port"] == first


def test_port_that_is_lost_to_another_process_is_replaced(starting, program, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        chosen = iter([other.getsockname()[1], free_port()])
        monkeypatch.setattr(local_mongodb, "_free", lambda port: next(chosen))
        # Whatever listens on the port must not be taken for the server.
        monkeypatch.setattr(mongod, "answers", lambda port: port != other.getsockname()[1] and _is_open(port))
        assert starting() == "mongod"


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_embedded_data_is_kept_in_use(starting, program):
    has_embedded_data(starting.data_dir)
    assert starting() == "embedded"
    folder = starting.data_dir / "mongodb"
    said = f"Using the embedded MongoDB, which has the data in {folder}, although {program} is installed."
    assert starting.lines == [said]


def test_data_of_both_needs_a_choice(starting, program):
    has_embedded_data(starting.data_dir)
    has_mongod_data(starting.data_dir)
    with pytest.raises(ConfigurationError, match="Choose one of them with LOCAL_MONGODB=embedded or"):
        starting()
    assert starting("embedded") == "embedded"
    assert starting.lines == [f"Not using the data in {starting.data_dir / 'mongod'}, as LOCAL_MONGODB=embedded."]


def test_data_of_a_missing_mongod_is_not_ignored(starting, no_program):
    has_mongod_data(starting.data_dir)
    with pytest.raises(ConfigurationError, match="needs mongod, which is not on the PATH"):
        starting()
    with pytest.raises(ConfigurationError, match="LOCAL_MONGODB=mongod, but mongod is not on the PATH"):
        Starting(starting.data_dir / "other")("mongod")


def test_nothing_is_said_where_no_mongod_is_installed(starting, no_program):
    assert (starting(), starting.lines) == ("embedded", [])
