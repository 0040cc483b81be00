"""``manage.py keep_backup``: upload a backup to the blob store."""

from __future__ import annotations

import hashlib
import re
from argparse import ArgumentParser
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from jobs.bootstrap import application
from jobs.exits import EXIT_WRONG_USE
from jobs.management.base import FilesureCommand

_TIME = "%Y-%m-%dT%H%M%SZ"
_NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z-")


class Command(FilesureCommand):
    """Uploads a backup to the blob store."""

    help = "Upload a file, for example a dump of MongoDB, as <UTC time>-<name> to BACKUPS_CONTAINER."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--keep-days", type=int, default=35, help="delete older ones (default: %(default)s)")

    def handle(self, *, file: Path, keep_days: int, **_: Any) -> None:
        app = application()
        now = app.clock()
        name = f"{now:{_TIME}}-{file.name}"
        try:
            with file.open("rb") as data:
                digest = hashlib.file_digest(data, "md5").digest()
                data.seek(0)
                blob = app.backups.put(
                    name, data, content_type="application/octet-stream", md5=digest, fence=0, metadata={}
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.", returncode=EXIT_WRONG_USE) from error
        self.stdout.write(f"{blob.name}: {blob.size} bytes")
        self._delete_before(now - timedelta(days=keep_days))

    def _delete_before(self, moment: datetime) -> None:
        """Names begin with their time. Others are not ours."""
        backups = application().backups
        for name in list(backups.names("")):
            if _NAME.match(name) and name < f"{moment:{_TIME}}":
                backups.delete(name)
                self.stdout.write(f"{name}: deleted")
