"""A Grafana with the committed dashboards, where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.monitoring.committed import MONITORING
from tests.servers import Unavailable, free_port, stop, wait_for

_HOMES = ("/usr/share/grafana", "/usr/local/share/grafana")


@contextmanager
def grafana(folder: Path, prometheus_port: int) -> Iterator[str]:
    """Start Grafana with its data in ``folder`` and without login. Yields its address. Raises Unavailable."""
    program = shutil.which("grafana")
    if program is None:
        raise Unavailable("grafana is missing: https://grafana.com/grafana/download")
    port = free_port()
    command = [program, "server", "--homepath", str(_home(program))]
    environment = os.environ | _settings(folder, port)
    _provision(folder / "provisioning", prometheus_port)
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(port, "/api/health", process, 120)  # the first start creates its database
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)


def _home(program: str) -> Path:
    """The folder of Grafana's files: a system path for packages, next to the program for archives."""
    beside = Path(program).resolve().parent.parent
    return next((path for path in (beside, *map(Path, _HOMES)) if (path / "public").is_dir()), beside)


def _settings(folder: Path, port: int) -> dict[str, str]:
    return {
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": str(port),
        "GF_PATHS_DATA": str(folder / "data"),
        "GF_PATHS_LOGS": str(folder / "logs"),
        "GF_PATHS_PLUGINS": str(folder / "plugins"),
        "GF_PATHS_PROVISIONING": str(folder / "provisioning"),
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_NEWS_NEWS_FEED_ENABLED": "false",
    }


def _provision(folder: Path, prometheus_port: int) -> None:
    """Configure it as in the cluster, except for the addresses of Prometheus and the dashboards."""
    committed = MONITORING / "grafana/provisioning"
    sources = yaml.safe_load((committed / "datasources.yaml").read_text())
    sources["datasources"][0]["url"] = f"http://127.0.0.1:{prometheus_port}"
    sources["datasources"][0]["jsonData"]["timeInterval"] = "1s"
    providers = yaml.safe_load((committed / "providers.yaml").read_text())
    providers["providers"][0]["options"]["path"] = str(MONITORING / "grafana/dashboards")
    for name, content in (("datasources", sources), ("dashboards", providers)):
        (folder / name).mkdir(parents=True)
        (folder / name / "filesure.yaml").write_text(yaml.safe_dump(content))
