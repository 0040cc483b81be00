"""Gunicorn's settings for all deployments."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

from jobs.configuration.table import current
from jobs.telemetry import logs, masking

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

_configuration = current()
masking.know(_configuration.secrets())


class logger_class(Logger):  # noqa: N801  the setting's name
    """Writes Gunicorn's log lines in our format."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter(_configuration.log_format))


# Processes share their metrics in this directory, so that each can export all of them. A new server starts at zero.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="filesure-metrics-")

wsgi_app = "filesure_site.wsgi"
bind = f"0.0.0.0:{_configuration.port}"  # for containers; `make run` binds to loopback instead
workers = _configuration.web_processes
threads = _configuration.web_threads
worker_class = "filesure_site.buffering_worker.BufferingWorker"
limit_request_line = 0  # the worker limits the whole header, so that pages themselves refuse a search that is too long
timeout = 60
graceful_timeout = 20
# Recycling processes bounds memory leaks; the jitter keeps them from restarting together.
max_requests = 10_000
max_requests_jitter = 1_000
loglevel = "warning"
control_socket_disable = True  # its default path is in the home directory, which all servers of a user share


def pre_fork(server: Arbiter, worker: Any) -> None:
    """Give the process the lowest free slot."""
    taken = {getattr(each, "metrics_slot", None) for each in server.WORKERS.values()}
    worker.metrics_slot = next(slot for slot in itertools.count() if slot not in taken)


def post_fork(_server: Arbiter, worker: Any) -> None:
    """Continue the metrics file of the slot's previous process, so that recycling does not add files."""
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: worker.metrics_slot)  # type: ignore[no-untyped-call]


def post_worker_init(_worker: Any) -> None:
    """Continue what processes have left that ended: bulk actions, and the end of what accounts may no longer have."""
    from jobs.web import garbage, subscribers
    from jobs.web.bulk_runner import runner

    garbage.collect_seldom()
    runner().begin()
    subscribers.settle_in(0)


def worker_exit(_server: Arbiter, _worker: Any) -> None:
    """Release a bulk action, so that another process can continue it at once."""
    from jobs.web.bulk_runner import runner

    runner().stop()


def on_exit(_server: Arbiter) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
