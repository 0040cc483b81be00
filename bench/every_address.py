"""Every page and API read of the site, timed in this process.

python -m bench.every_address, with the settings of the site, prints one line of JSON: page → seconds, and queries.

The addresses come from the table of ``tests/unit/web/access_table.py``, which a test holds to the site's URLs, so that
a new page cannot be forgotten.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import django

django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from pymongo import DESCENDING, monitoring

from bench.measuring import sized
from jobs.bootstrap import application
from jobs.domain.listing import DocumentOrder
from jobs.web import snapshots
from jobs.web.pages.dashboard import live
from jobs.web.snapshots import Span
from tests.unit.web.access_table import TABLE

ROUNDS = sized(5, 1)
#: Logins, links with secrets, Django's admin, and a page for developers.
_OTHERS = ("login", "oidc_", "passkey_", "account_codes", "shared", "welcome", "admin:", "create-job:", "style")
#: Their files are not stored here.
_OF_FILES = (
    *("document_file", "document_thumbnail", "document_text", "export_part"),
    *("api:download_document", "api:download_text", "api:download_part", "api:get_run_log"),
)
#: Refused without a query.
_NEED_QUERY = ("api:api-root", "api:search_text", "api:search_in_records", "api:list_directory")
#: Also with these queries.
_QUERIES = {
    "home": ("span=day", "span=week"),
    "dashboard_live": ("span=week",),
    "jobs": ("since=2020-01-01", "status=failed", "order=priority", "order=company", "by=user3", "q=private", "q=99"),
    "documents": (
        *("status=failed", "form=AOC-4", "q=private", "text=text", "reading=read", "since=2020-01-01"),
        *(f"order={order}" for order in DocumentOrder),
        *("order=company&q=private", "order=filed&status=stored", "order=filed_first&since=2020-01-01"),
    ),
    "companies": ("q=private", "q=99", "order=newest"),
    "audit": ("by=user3", "action=retry", "since=2020-01-01"),
    "deliveries": ("state=failed", "channel=mail"),
    "watches": ("by=user3",),
    "find": ("q=private", "q=99", "q=H00000100"),
    "text_search": ("q=private", "director=asha"),
    "order_suggest": ("q=private",),
    "order_check": ("cin=U72900KA1990PTC000001",),
    "api:list_jobs": ("order=company", "status=failed", "q=private"),
    "api:list_documents": ("status=failed", "q=private", "order=filed"),
    "api:search_text": ("q=private",),
    "api:list_directory": ("q=private",),
    "api:search_in_records": ("director=asha",),
}
_LIVE = {"HX-Request": "true", "HX-Target": "live"}


class Queries(monitoring.CommandListener):
    """Counts commands sent to MongoDB."""

    number = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.number += event.command_name != "hello"

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def addresses(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The page, named alike in every database, and its address; with and without queries."""
    for row in TABLE:
        if row.method != "GET" or row.name.startswith(_OTHERS) or row.name in _OF_FILES:
            continue
        path = reverse(row.name, kwargs={name: values.get(name, given) for name, given in row.kwargs.items()})
        if row.name not in _NEED_QUERY:
            yield row.name, path
        for query in _QUERIES.get(row.name, ()):
            yield f"{row.name}?{query}", f"{path}?{query}"


def examples() -> dict[str, object]:
    """What the addresses name, of the newest of each kind."""
    app, user = application(), get_user_model().objects.get(username="user1")
    newest = {
        name: str((app.database[collection].find_one({}, sort=[("_id", DESCENDING)]) or {})["_id"])
        for name, collection in {
            "list_id": "lists",
            "action_id": "bulk_actions",
            "endpoint_id": "endpoints",
            "view_id": "saved_views",
            "watch_id": "watches",
        }.items()
    }
    [export] = app.exporting.exports.latest(None, 1).items
    assert export.export
    job = app.jobs.get(export.export.of)
    return {
        **newest,
        "job_id": job.id,
        "cin": job.cin,
        "number": 1,
        "run": 1,
        "export_id": export.id,
        "webhook_id": newest["endpoint_id"],
        "account_id": user.pk,
    }


def measure() -> dict[str, tuple[float, int]]:
    """The best of a few requests of each, in which streams are read up to their first part."""
    snapshots.FRESH_SECONDS = 0.0  # every view of the dashboard reads
    queries = Queries()
    monitoring.register(queries)
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("user1"))
    found: dict[str, tuple[float, int]] = {}
    for span in Span:
        while live().snapshot(span).counted_since:  # as after some views
            pass
    for page, path in addresses(examples()):
        found[page], vary = _timed(client, path, {}, queries)
        if "HX-Request" in vary:
            found[f"{page}, live part"], _ = _timed(client, path, _LIVE, queries)
    return found


def _timed(client: Client, path: str, headers: Mapping[str, str], queries: Queries) -> tuple[tuple[float, int], str]:
    """The time and the number of queries; and the headers on which the answer depends."""
    times = []
    for _ in range(ROUNDS):
        before, started = queries.number, time.perf_counter()
        answer = client.get(path, headers=headers)
        if isinstance(answer, StreamingHttpResponse):
            next(iter(answer.streaming_content), b"")
        times.append(time.perf_counter() - started)
        number = queries.number - before
        answer.close()
        if answer.status_code not in (HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE):
            raise SystemExit(f"{path}: {answer.status_code}")
        if answer.status_code != HTTPStatus.OK:
            print(f"{path}: {answer.status_code}", file=sys.stderr)
    return (min(times), number), str(answer.headers.get("Vary", ""))


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps(measure()))
