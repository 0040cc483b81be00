"""The requests per second of the dashboard's live part and of an empty view, with the settings of the site.

python -m bench.site_requests prints one line of JSON.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time

import django

django.setup()

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from bench.measuring import sized
from jobs.configuration.table import BASE_DIR
from tests.servers import free_port

SECONDS, CONNECTIONS = sized(4, 1), 4


def requests_a_second() -> tuple[float, float]:
    """The rates of an unchanged live request and of an empty view, on the same gunicorn."""
    user = get_user_model().objects.create_superuser("bench")
    client = Client()
    client.force_login(user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "filesure_site/gunicorn_conf.py",
        "-b",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "bench.site_wsgi",
    ]
    with subprocess.Popen(command, cwd=BASE_DIR, env=os.environ) as server:
        try:
            _wait(port)
            etag = _get(port, "/live/", {"Cookie": cookie}).headers["ETag"]
            asked = {"Cookie": cookie, "If-None-Match": etag}
            rates: dict[str, list[float]] = {"/live/": [], "/empty/": []}
            for _ in range(3):
                rates["/empty/"].append(_rate(port, "/empty/", {"Cookie": cookie}, 200))
                rates["/live/"].append(_rate(port, "/live/", asked, 304))
        finally:
            server.terminate()
    return statistics.median(rates["/live/"]), statistics.median(rates["/empty/"])


def _get(port: int, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            _get(port, "/empty/", {})
        except OSError:
            time.sleep(0.1)
        else:
            return


def _rate(port: int, path: str, headers: dict[str, str], status: int) -> float:
    """Requests per second over a few persistent connections."""
    until, counts = time.monotonic() + SECONDS, []

    def ask() -> None:
        connection, count, mine = http.client.HTTPConnection("127.0.0.1", port, timeout=30), 0, dict(headers)
        while time.monotonic() < until:
            connection.request("GET", path, headers=mine)
            answer = connection.getresponse()
            answer.read()
            if "ETag" in answer.headers:  # a new minute has begun, and with it the chart's next bucket
                mine["If-None-Match"] = answer.headers["ETag"]
            count += answer.status == status
        counts.append(count)

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == CONNECTIONS
    return sum(counts) / SECONDS


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps(requests_a_second()))
