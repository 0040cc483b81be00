"""A Prometheus for tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.servers import Unavailable, free_port, stop, wait_for

Series = tuple[dict[str, str], list[tuple[float, float]]]  # labels; times and values


class QueryRefused(Exception):
    """Prometheus rejected a query; the message is its own."""


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    port: int

    def ask(self, path: str, **parameters: str) -> Any:
        """The response's data. Raises QueryRefused."""
        url = f"http://127.0.0.1:{self.port}/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise QueryRefused(json.load(error)["error"]) from error

    def page(self, name: str) -> str:
        """The address of a page such as "alerts". Debian's Prometheus has the classic pages."""
        path = next(path for path in (f"/classic/{name}", f"/{name}") if self._has(path))
        return f"http://127.0.0.1:{self.port}{path}"

    def _has(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return False

    def value(self, query: str) -> float | None:
        """The single value of a query, or None. Raises QueryRefused."""
        result = self.ask("api/v1/query", query=query)["result"]
        return float(result[0]["value"][1]) if result else None

    def series(self, query: str, since: float, until: float, step: float = 2) -> list[Series]:
        """A query's values over time, every ``step`` seconds, without NaN. Raises QueryRefused."""
        result = self.ask("api/v1/query_range", query=query, start=str(since), end=str(until), step=str(step))["result"]
        return [
            (each["metric"], [(float(at), float(value)) for at, value in each["values"] if value != "NaN"])
            for each in result
        ]


@contextmanager
def prometheus(folder: Path, scrapes: Sequence[Mapping[str, Any]], rules: Sequence[Path]) -> Iterator[Prometheus]:
    """Start Prometheus with these scrape configurations and rules, and its data in ``folder``. Raises Unavailable."""
    program = shutil.which("prometheus")
    if program is None:
        raise Unavailable("prometheus is missing: `apt-get install --no-install-recommends prometheus`")
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [os.path.relpath(path, folder) for path in rules],
        "scrape_configs": list(scrapes),
    }
    port = free_port()
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [
        program,
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=folder) as process:
        try:
            wait_for(port, "/-/ready", process, 30)
            yield Prometheus(port)
        finally:
            stop(process)
