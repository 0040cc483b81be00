"""Gunicorn's settings, for every place the web site runs in."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

from filesure_site import logs
from filesure_site.configuration import current
from jobs import masking

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

_configuration = current()
masking.know(_configuration.secrets())


class logger_class(Logger):  # noqa: N801  the setting's name
    """Gunicorn's own lines in our format."""

    def setup(self, cfg: Config) -> None:
        """Change the handlers' format."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter(_configuration.log_format))


# Where processes put their metrics, so that any of them can tell of all. A server that starts begins at nothing.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="filesure-metrics-")

wsgi_app = "filesure_site.wsgi"
bind = f"0.0.0.0:{_configuration.port}"  # a container's only door; `make run` binds to loopback instead
workers = _configuration.web_processes
threads = _configuration.web_threads
timeout = 60
graceful_timeout = 20
# Recycling now and then bounds what a leak in any library can do; the jitter keeps some of them up.
max_requests = 10_000
max_requests_jitter = 1_000
loglevel = "warning"
control_socket_disable = True  # it would be in the home directory, which all of a user's servers share


def pre_fork(server: Arbiter, worker: Any) -> None:
    """Give the process the lowest place that no living one has."""
    taken = {getattr(each, "metrics_slot", None) for each in server.WORKERS.values()}
    worker.metrics_slot = next(slot for slot in itertools.count() if slot not in taken)


def post_fork(_server: Arbiter, worker: Any) -> None:
    """Count on in the file of whoever had the place before: recycled processes do not leave ever more files."""
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: worker.metrics_slot)  # type: ignore[no-untyped-call]


def on_exit(_server: Arbiter) -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
