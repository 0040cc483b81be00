"""``manage.py ensure_indexes``: make MongoDB's collections, validators and indexes what they should be."""

from __future__ import annotations

from typing import Any

from jobs.adapters.mongo.schema import ensure
from jobs.bootstrap import application
from jobs.management.base import FilesureCommand


class Command(FilesureCommand):
    """Creates collections, validators and indexes."""

    help = "Create MongoDB's collections, validators and indexes, and change those that differ. Idempotent."

    def handle(self, **_: Any) -> None:
        """Do it and tell what was done."""
        for line in ensure(application().database):
            self.stdout.write(line)
