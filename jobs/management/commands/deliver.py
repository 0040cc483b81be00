"""``manage.py deliver``: sends mail and webhooks."""

from __future__ import annotations

import logging
import threading
import time
from argparse import ArgumentParser
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from prometheus_client import CollectorRegistry

from jobs.adapters.mongo.totals.flusher import Flusher
from jobs.adapters.prometheus import PrometheusInstruments
from jobs.bootstrap import Application, application
from jobs.domain.deliveries import KEPT
from jobs.domain.errors import FilesureError
from jobs.exits import SignalEvent, on_stop
from jobs.management.base import FilesureCommand
from jobs.services.delivering import Deliverer
from jobs.services.notifying import BATCH
from jobs.web.notices.sending import NoticeSender

logger = logging.getLogger(__name__)

THREADS = 8
POLL_SECONDS, FLUSH_SECONDS, FORGET_SECONDS = 2.0, 20.0, 3600.0
FORGOTTEN = 1000
#: Attempts may still be in progress when it is asked to stop.
STOP_SECONDS = 25.0


class Command(FilesureCommand):
    """Delivers events until it is stopped."""

    help = (
        "Send mail and webhooks about orders, lists and new filings, until SIGTERM. Several may run at once."
        " --once delivers what is due now and ends."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="deliver what is due now, then end")

    def handle(self, *, once: bool, **_: Any) -> None:
        app, stopped = application(), SignalEvent()
        on_stop(stopped.set, give_up_seconds=STOP_SECONDS)
        registry = CollectorRegistry()
        app.instruments = instruments = PrometheusInstruments("deliverer", registry)
        flusher = Flusher(instruments.counted, lambda: app.totals)
        with flusher.flushing(FLUSH_SECONDS), ThreadPoolExecutor(THREADS) as pool:
            delivery = _Delivery(app, instruments, stopped, pool)
            if once:
                delivery.once()
                self.stdout.write(f"{delivery.sent} deliveries attempted.")
                return
            logger.info("deliverer.started")
            delivery.run()


class _Delivery:
    """Reads the outbox in one thread, and sends in several."""

    def __init__(
        self, app: Application, instruments: PrometheusInstruments, stopped: SignalEvent, pool: ThreadPoolExecutor
    ) -> None:
        self._app, self._stopped, self._pool = app, stopped, pool
        parts, config = app.notifications, app.configuration
        sender = NoticeSender(
            post=parts.post,
            clock=app.clock,
            site_url=config.site,
            version=config.filesure_version,
        )
        self._deliverer = Deliverer(
            deliveries=parts.deliveries,
            endpoints=parts.endpoints,
            subscriptions=parts.subscriptions,
            sender=sender,
            clock=app.clock,
            most_attempts=config.delivery_attempts,
            instruments=instruments,
        )
        self._lock = threading.Lock()
        self.sent = 0

    def run(self) -> None:
        """Until it is stopped. While MongoDB is down, it waits. An attempt that hangs delays no others."""
        forgotten_at = float("-inf")
        sending: set[Future[None]] = set()
        alive = self._app.configuration.data_dir / "deliverer.alive"  # Kubernetes looks at its time
        while not self._stopped.wait(POLL_SECONDS):
            alive.touch()
            sending = {each for each in sending if not _ended(each)}
            try:
                self._drain()
                if self._app.notifications.deliveries.due():
                    sending |= {self._pool.submit(self._send) for _ in range(THREADS - len(sending))}
                if time.monotonic() - forgotten_at > FORGET_SECONDS:
                    self._forget()
                    forgotten_at = time.monotonic()
            except FilesureError as error:
                logger.warning("deliverer.waiting", extra={"reason": str(error)})

    def once(self) -> None:
        """Everything that is due now."""
        self._drain()
        for each in [self._pool.submit(self._send) for _ in range(THREADS)]:
            each.result()

    def _drain(self) -> None:
        while self._app.notifications.notifier.drain() >= BATCH and not self._stopped.is_set():
            pass

    def _send(self) -> None:
        while not self._stopped.is_set() and self._deliverer.send_next():
            with self._lock:
                self.sent += 1

    def _forget(self) -> None:
        while self._app.notifications.deliveries.forget(self._app.clock() - KEPT, FORGOTTEN) == FORGOTTEN:
            pass


def _ended(sending: Future[None]) -> bool:
    """An interrupted attempt is repeated after its lease."""
    if not sending.done():
        return False
    if error := sending.exception():
        logger.warning("deliverer.interrupted", extra={"reason": f"{type(error).__name__}: {error}"})
    return True
