"""Accounts of a web pod without a volume: real Litestream, Azurite, and pods as processes that are killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from tests.processes import ROOT, plain_environment, wait_until

pytestmark = [pytest.mark.server, pytest.mark.timeout(240), pytest.mark.own_mongodb]
# Stands in for the site: it runs until it is stopped, and writes a file to show that it runs.
SITE = """
import os, signal, sys, pathlib
at = pathlib.Path(os.environ["DATA_DIR"], "serving")
at.touch()
signal.signal(signal.SIGTERM, lambda *_: (at.unlink(), sys.exit(0)))
while True: signal.pause()
"""
LEASE = 15  # Azure's shortest


@dataclass
class Pod:
    """A process group, because kill -9 of a container ends all its processes."""

    process: subprocess.Popen[bytes]
    data: Path

    @property
    def serves(self) -> bool:
        return (self.data / "serving").exists() and self.process.poll() is None

    def write(self, name: str) -> None:
        """Create an account, as the site would."""
        with closing(sqlite3.connect(self.data / "django.sqlite3", timeout=10)) as database, database:
            database.execute("INSERT INTO auth_group (name) VALUES (?)", [name])

    def names(self) -> set[str]:
        with closing(sqlite3.connect(self.data / "django.sqlite3", timeout=10)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return {name for (name,) in database.execute("SELECT name FROM auth_group")}

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        (self.data / "serving").unlink(missing_ok=True)


class Cluster:
    """Starts pods, each with its own disk."""

    def __init__(self, folder: Path, connection_string: str) -> None:
        self.folder = folder
        self.name = f"accounts{uuid4().hex[:8]}"
        self.settings = {
            "AZURE_STORAGE_CONNECTION_STRING": connection_string,
            "ACCOUNTS_CONTAINER": self.name,
            "BLOB_STORE": "azure",
            "DEBUG": "0",
            "SECRET_KEY": "k" * 50,
            "HTTPS_ONLY": "0",
        }
        self.pods: list[Pod] = []
        service = BlobServiceClient.from_connection_string(connection_string)
        self.container: ContainerClient = service.get_container_client(self.name)

    def start(self, data: Path | None = None) -> Pod:
        data = data or self.folder / f"pod-{len(self.pods)}"
        data.mkdir(exist_ok=True)
        pod = Pod(
            process=subprocess.Popen(
                [sys.executable, "-m", "filesure_site.accounts", "--lease-seconds", str(LEASE), "--", "-c", SITE],
                cwd=ROOT,
                env=plain_environment() | self.settings | {"DATA_DIR": str(data)},
                start_new_session=True,
            ),
            data=data,
        )
        self.pods.append(pod)
        return pod

    def serving(self, data: Path | None = None) -> Pod:
        pod = self.start(data)
        wait_until(lambda: pod.serves)
        return pod

    def stored(self) -> set[str]:
        return {blob.name for blob in self.container.list_blobs()}


@pytest.fixture
def cluster(tmp_path: Path, azurite_connection_string: str) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path, azurite_connection_string)
    yield cluster
    for pod in cluster.pods:
        pod.kill()
    cluster.container.close()


def test_rollout_keeps_accounts_with_one_owner(cluster: Cluster) -> None:
    first = cluster.serving()
    second = cluster.start()
    first.write("before")
    assert not second.serves
    began = time.monotonic()
    first.process.terminate()
    wait_until(lambda: second.serves)
    assert first.process.wait() == 0
    assert "before" in second.names()
    assert time.monotonic() - began < LEASE, "the lease was released, not waited for"


def test_killed_pod_loses_at_most_one_second(cluster: Cluster) -> None:
    pod = cluster.serving()
    written: list[tuple[float, str]] = []

    def write() -> None:
        with suppress(sqlite3.Error):
            for number in range(10_000):
                pod.write(f"group {number}")
                written.append((time.monotonic(), f"group {number}"))

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    wait_until(lambda: written and time.monotonic() - written[0][0] > 6)
    os.killpg(pod.process.pid, signal.SIGKILL)  # during a write and a replication
    killed = time.monotonic()
    pod.process.wait()
    after = cluster.serving()
    old = {name for at, name in written if at < killed - 5}  # replication takes a second, more on a busy machine
    assert old <= after.names()
    assert old


def test_restarted_container_keeps_the_last_write(cluster: Cluster) -> None:
    pod = cluster.serving()
    pod.write("a moment ago")
    pod.kill()
    again = cluster.serving(pod.data)
    assert "a moment ago" in again.names()
    assert {name.split("/")[0] for name in cluster.stored()} == {"owner", "1"}, "nothing was restored"


def test_returning_pod_takes_the_newest_accounts(cluster: Cluster) -> None:
    old = cluster.serving()
    old.write("only here")
    old.kill()
    new = cluster.serving()
    new.write("newer")
    back = cluster.start(old.data)
    new.process.terminate()
    wait_until(lambda: back.serves)
    assert "newer" in back.names()


def test_pod_with_an_expired_lease_stops(cluster: Cluster) -> None:
    sleeper = cluster.serving()
    os.killpg(sleeper.process.pid, signal.SIGSTOP)
    owner = cluster.serving()
    sleeper.write("of a zombie")
    os.killpg(sleeper.process.pid, signal.SIGCONT)
    assert sleeper.process.wait(timeout=60) == 1
    owner.write("of the owner")
    owner.process.terminate()
    assert owner.process.wait(timeout=60) == 0
    names = cluster.serving().names()
    assert "of the owner" in names
    assert "of a zombie" not in names


def test_missing_accounts_container_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "filesure_site.accounts"],
        cwd=ROOT,
        env=plain_environment() | {"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        2,
        "ACCOUNTS_CONTAINER is missing: the container for copies of the accounts.\n",
    )
