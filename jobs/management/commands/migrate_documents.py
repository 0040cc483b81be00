"""``manage.py migrate_documents``: bring MongoDB's schema and the stored jobs to this version."""

from __future__ import annotations

from typing import Any

from jobs.adapters.mongo.atlas_index import ensure_index
from jobs.adapters.mongo.migration import update_all
from jobs.bootstrap import application
from jobs.management.base import FilesureCommand


class Command(FilesureCommand):
    """Migrates what is stored."""

    help = (
        "Create or update MongoDB's collections, validators and indexes, and bring stored jobs to this version's"
        " schema. Idempotent; if interrupted, run it again to continue. Workers and the site may run meanwhile."
    )

    def handle(self, **_: Any) -> None:
        app = application()
        for line in update_all(app.database, app.configuration.source):
            self.stdout.write(line)
        if name := app.configuration.atlas_search_index:
            self.stdout.write(ensure_index(app.database["pages"], name))
