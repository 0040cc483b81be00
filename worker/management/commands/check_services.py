"""``manage.py check_services``: shows whether each service is reachable, its version, and any fault."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from jobs.adapters.mongo.atlas_index import problem_of
from jobs.adapters.mongo.connection import place
from jobs.adapters.mongo.schema import missing_indexes
from jobs.bootstrap import Application, application
from jobs.domain.errors import FilesureError
from jobs.exits import EXIT_FAILED
from jobs.management.base import FilesureCommand
from worker.bootstrap import reader_of
from worker.extractors.checks import Limited, check_reader, check_tesseract
from worker.naming import worker_name
from worker.sources.building import source

Check = tuple[str, Callable[[], str]]


class Command(FilesureCommand):
    """Checks every service."""

    help = "Show for each service whether it is reachable, its version, and any fault."
    epilog = "Exit codes: 0 all services work, perhaps limited; 1 some do not; 2 invalid setting."

    def handle(self, **_: Any) -> None:
        """Check all services, even after one has failed."""
        results = [self._check(name, check) for name, check in _checks(application())]
        if not all(results):
            sys.exit(EXIT_FAILED)

    def _check(self, name: str, check: Callable[[], str]) -> bool:
        started = time.monotonic()
        try:
            found = check()
        except Limited as limit:
            self.stdout.write(f"limited {name:<11} {limit}")
            return True
        except FilesureError as error:
            self.stdout.write(f"FAILED  {name:<11} {error}")
            return False
        milliseconds = (time.monotonic() - started) * 1000
        self.stdout.write(f"ok      {name:<11} {found} ({milliseconds:.0f} ms)")
        return True


def _checks(app: Application) -> Iterator[Check]:
    yield "MongoDB", lambda: f"version {app.ping()} at {place(app.mongodb_uri)}"
    yield "indexes", lambda: _indexes(app)
    if name := app.configuration.atlas_search_index:
        yield "text search", partial(_atlas_search, app, name)
    yield "blob store", lambda: f"{app.blobs.check()}"
    yield "source", lambda: source(app, worker_name(app.configuration)).check()
    yield "reader", lambda: check_reader(reader_of(app.configuration))
    yield "OCR", lambda: check_tesseract(app.configuration.ocr_languages)


def _indexes(app: Application) -> str:
    missing = missing_indexes(app.database)
    if missing:
        raise FilesureError(f"Missing: {', '.join(missing)}. Run: manage.py migrate_documents")
    return "all there"


def _atlas_search(app: Application, name: str) -> str:
    problem = problem_of(app.database["pages"], name)
    if problem:
        raise Limited(f"{problem}. Searches use MongoDB's text index. To create the index: manage.py migrate_documents")
    return f"Atlas Search index {name}"
