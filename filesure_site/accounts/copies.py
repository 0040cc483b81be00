"""Litestream's copies of the accounts in Blob Storage, one folder per generation."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    from jobs.configuration.table import Configuration

LITESTREAM = Path(sys.executable).with_name("litestream")
_KEPT = 20  # old generations: the accounts before each of the last 20 restarts
_RESTORE_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Copies:
    """``account``: Litestream's settings for the storage account; without a key it uses the pod's identity."""

    database: Path
    container: ContainerClient
    account: dict[str, str]

    def restore(self, generation: int) -> None:
        """Replace the database with this copy; generation 0 is empty. Raises CalledProcessError."""
        for path in self.database.parent.glob(f"*{self.database.name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if generation:
            self._run("restore", generation, "-integrity-check", "quick", str(self.database))

    def begin(self, generation: int) -> None:
        """Store a complete copy. Raises CalledProcessError."""
        self._delete(f"{generation}/")  # left by a pod that died before publishing it
        self._run("replicate", generation, "-once", "-force-snapshot")

    def replicating(self, generation: int) -> subprocess.Popen[bytes]:
        """Start a process that stores each change within about a second."""
        return subprocess.Popen(self._command("replicate", generation))

    def finish(self, generation: int) -> None:
        """Store the last changes, which a replicating process may miss when it stops. Raises CalledProcessError."""
        self._run("replicate", generation, "-once")

    def forget_before(self, generation: int) -> None:
        """Delete old copies."""
        for number in {int(name.split("/")[0]) for name in self._names() if name.split("/")[0].isdigit()}:
            if number < generation - _KEPT:
                self._delete(f"{number}/")

    def _names(self, prefix: str = "") -> list[str]:
        return list(self.container.list_blob_names(name_starts_with=prefix))

    def _delete(self, prefix: str) -> None:
        for name in self._names(prefix):
            self.container.delete_blob(name)

    def _run(self, command: str, generation: int, *arguments: str) -> None:
        subprocess.run(self._command(command, generation, *arguments), check=True, timeout=_RESTORE_SECONDS)

    def _command(self, command: str, generation: int, *arguments: str) -> list[str]:
        replica = self.account | {"type": "abs", "bucket": self.container.container_name, "path": str(generation)}
        # JSON is valid YAML.
        settings = {"dbs": [{"path": str(self.database), "replica": replica | {"sync-interval": "1s"}}]}
        path = self.database.with_name("litestream.json")
        path.touch(mode=0o600)  # the file contains the account's key
        path.write_text(json.dumps(settings | {"logging": {"level": "warn", "type": "json"}}))
        return [str(LITESTREAM), command, "-no-expand-env", "-config", str(path), *arguments]


def account_of(configuration: Configuration) -> dict[str, str]:
    """Litestream's settings for the storage account."""
    if not configuration.azure_storage_connection_string:
        url = urlsplit(configuration.azure_storage_account_url or "")
        return {"account-name": (url.hostname or "").split(".")[0]}
    given: dict[str, Any] = dict(
        each.split("=", 1) for each in configuration.azure_storage_connection_string.split(";") if "=" in each
    )
    account = {"account-name": given["AccountName"], "account-key": given["AccountKey"]}
    return account | ({"endpoint": given["BlobEndpoint"]} if "BlobEndpoint" in given else {})
