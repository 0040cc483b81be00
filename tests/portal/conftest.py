"""The stand-in as a process, and a source that reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from jobs.adapters.memory import MemoryHostRepository
from jobs.domain.document import Filing
from jobs.ports import HostRepository
from tests.portal.stand_in import PASSWORD, USER
from tests.processes import ROOT
from tests.servers import free_port, wait_for
from worker.sources.portal.client import PortalClient
from worker.sources.portal.listing import Lists
from worker.sources.portal.mapping import load
from worker.sources.portal.pages import Pages
from worker.sources.portal.permits import Permits
from worker.sources.portal.source import PortalSource

EXAMPLE = ROOT / "worker/sources/portal/example.toml"
CIN = "L17110MH1973PLC019786"


@dataclass
class StandIn:
    """The running portal."""

    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set(self, **changes: Any) -> None:
        assert self._ask("POST", "/_set", json.dumps(changes)) == b"ok"

    def fault(self, path: str, kind: str, **how: Any) -> None:
        """Misbehave at these paths from now on, or ``times`` times."""
        faults = self.log()["state"]["faults"]
        self.set(faults=[*faults, {"path": path, "kind": kind, **how}])

    def log(self) -> Any:
        return json.loads(self._ask("GET", "/_log"))

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body)
            return connection.getresponse().read()

    def requests(self, part: str = "") -> list[dict[str, Any]]:
        return [each for each in self.log()["requests"] if part in each["path"]]


@pytest.fixture(scope="session")
def running() -> Iterator[StandIn]:
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.portal.stand_in", str(port)], cwd=ROOT) as process:
        try:
            wait_for(port, "/_log", process, 60)
            yield StandIn(port)
        finally:
            process.kill()


@pytest.fixture
def portal(running: StandIn) -> StandIn:
    running.set(reset=True, companies={CIN: 25})
    return running


def mapping_file(folder: Path, portal: StandIn, **changes: str) -> Path:
    """The example for the stand-in: fast, and with these lines changed (``requests_per_second="2"``)."""
    quick = {"requests_per_second": "1000", "concurrency": "4", "read_seconds": "5", "longest_wait_seconds": "20"}
    lines = []
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        name = line.partition(" =")[0]
        value = {"address": f'"{portal.address}"', **quick, **changes}.get(name)
        lines.append(line if value is None else f"{name} = {value}")
    path = folder / "portal.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def now() -> datetime:
    return datetime.now(UTC)


MakeSource = Callable[..., PortalSource]


@pytest.fixture
def make_source(portal: StandIn, tmp_path: Path) -> Iterator[MakeSource]:
    """Makes the source of one run. All share their permits."""
    shared, clients = MemoryHostRepository(now), ExitStack()

    def make(
        *, hosts: HostRepository = shared, user: str = USER, password: str = PASSWORD, lease: float = 30, **changes: str
    ) -> PortalSource:
        mapping = load(mapping_file(tmp_path, portal, **changes))
        permits = Permits(
            hosts=hosts,
            clock=now,
            host=mapping.portal.host,
            limits=mapping.limits.host,
            worker="w",
            lease_seconds=lease,
            longest_wait_seconds=mapping.limits.longest_wait_seconds,
        )
        client = PortalClient(mapping=mapping, permits=permits, sleep=lambda _seconds: None)
        clients.callback(client.close)
        pages = Pages(client=client, user=user, password=password)
        return PortalSource(client=client, pages=pages, lists=Lists(mapping=mapping, pages=pages))

    with clients:
        yield make


@pytest.fixture
def source(make_source: MakeSource) -> PortalSource:
    return make_source()


def download(source: PortalSource, filing: Filing, cin: str = CIN) -> bytes:
    return b"".join(source.download(cin, "Company", filing, 1))
