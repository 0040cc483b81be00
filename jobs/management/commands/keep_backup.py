"""``manage.py keep_backup``: a file goes to the blob store."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from jobs.bootstrap import application
from jobs.exits import EXIT_WRONG_USE
from jobs.management.base import FilesureCommand


class Command(FilesureCommand):
    """Keeps a backup where the documents are."""

    help = "Store a file, for example a dump of MongoDB, in the blob store as backups/<UTC time>-<name>."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **_: Any) -> None:
        """Store it."""
        app = application()
        name = f"backups/{app.clock():%Y-%m-%dT%H%M%SZ}-{file.name}"
        try:
            with file.open("rb") as data:
                digest = hashlib.file_digest(data, "md5").digest()
                data.seek(0)
                blob = app.blobs.put(
                    name, data, content_type="application/octet-stream", md5=digest, fence=0, metadata={}
                )  # fmt: skip
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.", returncode=EXIT_WRONG_USE) from error
        self.stdout.write(f"{blob.name}: {blob.size} bytes")
