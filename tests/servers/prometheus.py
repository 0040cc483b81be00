"""A Prometheus of a test's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.servers import Unavailable, free_port, stop


class QueryRefused(Exception):
    """Prometheus does not understand a query; the message is its own."""


@dataclass(frozen=True)
class Prometheus:
    """A running one."""

    port: int

    def ask(self, path: str, **parameters: str) -> Any:
        """The answer's data. Raises QueryRefused."""
        url = f"http://127.0.0.1:{self.port}/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise QueryRefused(json.load(error)["error"]) from error

    def value(self, query: str) -> float | None:
        """The one number of a query, None without any. Raises QueryRefused."""
        result = self.ask("api/v1/query", query=query)["result"]
        return float(result[0]["value"][1]) if result else None

    def numbers(self, query: str, since: float, until: float) -> int:
        """How many numbers (not NaN) a query has from time to time, in steps of 2 s. Raises QueryRefused."""
        result = self.ask("api/v1/query_range", query=query, start=str(since), end=str(until), step="2")["result"]
        return sum(1 for series in result for _, value in series["values"] if value != "NaN")


@contextmanager
def prometheus(folder: Path, scrapes: Sequence[Mapping[str, Any]], rules: Sequence[Path]) -> Iterator[Prometheus]:
    """Start one with these scrape configurations and rule files; what it keeps is in ``folder``. Raises Unavailable."""
    program = shutil.which("prometheus")
    if program is None:
        raise Unavailable("prometheus is missing: `apt-get install --no-install-recommends prometheus`")
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(path) for path in rules], "scrape_configs": list(scrapes),
    }  # fmt: skip
    path, port = folder / "prometheus.yml", free_port()
    path.write_text(yaml.safe_dump(config))
    command = [program, f"--config.file={path}", f"--storage.tsdb.path={folder / 'data'}",
               f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=folder) as process:
        try:
            _wait(port, process)
            yield Prometheus(port)
        finally:
            stop(process)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("Prometheus did not start")
