"""A worker's metrics: shown while it runs, and added to the totals before it is gone."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from prometheus_client import CollectorRegistry, start_http_server

from filesure_site.configuration import Configuration
from jobs.adapters.prometheus import PrometheusInstruments
from jobs.bootstrap import Application
from jobs.domain.errors import FilesureError
from jobs.domain.metrics import PREFIX
from jobs.metrics import key
from jobs.ports import Totals
from worker.stopping import Stop

logger = logging.getLogger(__name__)

_OWN = f"{PREFIX}worker_"


@contextmanager
def measured(app: Application, stop: Stop) -> Iterator[Flusher]:
    """A worker's metrics, from its start to its end: shown, and brought to the totals."""
    config, registry = app.configuration, CollectorRegistry()
    app.instruments = PrometheusInstruments("worker", registry)
    flusher = Flusher(registry, lambda: app.totals)
    with _served(registry, config, stop):
        try:
            yield flusher
        finally:
            flusher.flush()


@contextmanager
def _served(registry: CollectorRegistry, config: Configuration, stop: Stop) -> Iterator[None]:
    """Answer ``/metrics`` for the length of the block, and some seconds more unless the worker is asked to stop.

    A port that is taken is no reason not to work: what is counted reaches the totals all the same.
    """
    try:
        server, thread = start_http_server(config.metrics_port, config.metrics_host, registry)
    except OSError as error:
        logger.warning("metrics.not_served", extra={"port": config.metrics_port, "reason": error.strerror})
        yield
        return
    logger.debug("metrics.served", extra={"port": server.server_port})
    try:
        yield
        _linger(config.metrics_linger_seconds, stop)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _linger(seconds: float, stop: Stop) -> None:
    until = time.monotonic() + seconds
    while not stop and time.monotonic() < until:
        time.sleep(0.1)


class Flusher:
    """Adds what this process counted to the totals, each part at most once. Thread-safe.

    A part that may or may not have been added is offered again, unchanged, until the answer is known; what is
    counted meanwhile waits for the next one. So kill -9 loses what came since the last flush, and no more.
    """

    def __init__(self, registry: CollectorRegistry, totals: Callable[[], Totals]) -> None:
        self._registry = registry
        self._totals = totals
        self._worker = uuid4().hex  # a process, not a name: a pod's name may be used again
        self._told: dict[str, float] = {}
        self._part: dict[str, float] = {}
        self._sequence = 0
        self._lock = threading.Lock()

    def flush(self) -> bool:
        """Whether all that had been counted is in the totals. An error is logged: counting never stops work."""
        with self._lock:
            try:
                self._finish()
                self._begin()
                self._finish()
            except FilesureError as error:
                logger.warning("metrics.not_flushed", extra={"reason": str(error)})
                return False
            except Exception:  # the heartbeat calls: a mistake here must not cost a lease
                logger.exception("metrics.unexpected")
                return False
        return True

    def _begin(self) -> None:
        counted = self._counted()
        self._part = {name: value - self._told.get(name, 0) for name, value in counted.items()}
        self._part = {name: value for name, value in self._part.items() if value}
        self._told = counted
        self._sequence += bool(self._part)

    def _finish(self) -> None:
        if self._part:
            self._totals().add(self._worker, self._sequence, self._part)
            self._part = {}

    def _counted(self) -> dict[str, float]:
        """Each sample that only rises, by its name among the totals."""
        return {
            key(sample.name.removeprefix(_OWN), sample.labels): sample.value
            for family in self._registry.collect() if family.type in ("counter", "histogram")
            for sample in family.samples if not sample.name.endswith("_created")
        }  # fmt: skip
