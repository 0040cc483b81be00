"""The filmed system: a Filesure, the Prometheus that scrapes it, and a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Page

from tests.browser.site import Site, a_site
from tests.demo.camera import HEIGHT, WIDTH, Camera
from tests.monitoring.observe import quick_rules, scrapes
from tests.servers import free_port
from tests.servers.chromium import chromium
from tests.servers.prometheus import Prometheus, prometheus

WORKERS = 6
SETTINGS = {
    "MAX_WORKERS": str(WORKERS),
    "LEASE_SECONDS": "6",
    "BACKOFF_SECONDS": "1",
    "LOGNAME": "night-import",
    "SIMULATED_SECONDS_PER_DOCUMENT": "1",
    "WORKER_CONCURRENCY": "4",
    "RUN_FRACTION": "0.35",
    "WEB_PROCESSES": "2",
    "WEBHOOKS_ALLOW_HTTP": "true",
    "WEBHOOKS_ALLOW_PRIVATE": "true",
}


@dataclass(kw_only=True)
class Stage:
    """A site, the Prometheus that scrapes it, and a page of a user who is not logged in yet.

    ``settings`` are the site's, ``pictures`` is the folder for pictures that are used outside the film, ``receiver``
    the address of a program that accepts webhooks.
    """

    site: Site
    settings: dict[str, str]
    watching: Prometheus
    page: Page
    camera: Camera
    pictures: Path
    receiver: str
    began: float


class _Accepts(BaseHTTPRequestHandler):
    """Answers every message with 204."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def _receiver() -> Iterator[str]:
    """Run a program that accepts webhooks, and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Accepts) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/filesure"
        server.shutdown()


def type_into(page: Page, label: str, text: str) -> None:
    """Type at a speed that can be followed."""
    page.get_by_label(label, exact=True).press_sequentially(text, delay=45)


@contextmanager
def a_stage(folder: Path, pictures: Path, *, quick: bool = False) -> Iterator[Stage]:
    """Run everything that is filmed, with its data in ``folder``.

    ``quick``: alerts fire at once, captions are shown only briefly, and documents arrive sooner.
    """
    settings = SETTINGS | ({"SIMULATED_SECONDS_PER_DOCUMENT": "0.2"} if quick else {})
    port = str(min(free_port(), 65_000))
    with (
        a_site(folder, **settings, METRICS_PORT=port) as site,
        prometheus(folder, scrapes(site.machine, WORKERS), quick_rules(folder, at_once=quick)) as watching,
        chromium() as browser,
        _receiver() as receiver,
    ):
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.set_default_timeout(20_000)
        camera = Camera(folder / "film", for_readers=not quick)
        yield Stage(
            site=site,
            settings=settings,
            watching=watching,
            page=page,
            camera=camera,
            pictures=pictures,
            receiver=receiver,
            began=time.time(),
        )
