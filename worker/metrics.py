"""A worker's metrics: exported while it runs, and stored for the totals before it ends."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server

from jobs.adapters.mongo.totals.flusher import Flusher
from jobs.adapters.prometheus import PrometheusInstruments

if TYPE_CHECKING:
    from jobs.bootstrap import Application
    from jobs.configuration.table import Configuration
    from worker.stopping import Stop

logger = logging.getLogger(__name__)

FLUSHES_PER_LEASE = 3


@contextmanager
def measured(app: Application, stop: Stop) -> Iterator[None]:
    """Collect this process's metrics during the block."""
    config, registry = app.configuration, CollectorRegistry()
    app.instruments = instruments = PrometheusInstruments("worker", registry)
    flusher = Flusher(instruments.counted, lambda: app.totals)
    with _served(registry, config, stop), flusher.flushing(config.lease_seconds / FLUSHES_PER_LEASE):
        yield


@contextmanager
def _served(registry: CollectorRegistry, config: Configuration, stop: Stop) -> Iterator[None]:
    """Serve ``/metrics`` during the block, and for some seconds longer unless the worker is asked to stop.

    Without a free port the worker still works, and its counts still reach the totals.
    """
    with ExitStack() as serving:
        try:
            server, _ = start_http_server(config.metrics_port, config.metrics_host, registry)
        except OSError as error:
            logger.warning("metrics.not_served", extra={"port": config.metrics_port, "reason": error.strerror})
            linger_seconds = 0.0
        else:
            logger.debug("metrics.served", extra={"port": server.server_port})
            serving.callback(server.server_close)
            # The server polls for shutdown twice a second; a finished worker does not wait for that.
            serving.callback(threading.Thread(target=server.shutdown, daemon=True).start)
            linger_seconds = config.metrics_linger_seconds
        yield  # outside the except block; otherwise the port's error would be chained to every error of the run
        _linger(linger_seconds, stop)


def _linger(seconds: float, stop: Stop) -> None:
    until = time.monotonic() + seconds
    while not stop and time.monotonic() < until:
        time.sleep(0.1)
