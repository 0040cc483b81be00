"""``python -m filesure_site.accounts``: the web site of a pod, once the pod owns the accounts."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time

import django
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient, ContainerClient
from django.core.management import call_command
from django.db import connection

from filesure_site.accounts.copies import Copies, account_of
from filesure_site.accounts.lease import LeaseGone, Ownership
from filesure_site.gunicorn_conf import graceful_timeout
from jobs.configuration.table import BASE_DIR, Configuration, current
from jobs.domain.errors import ConfigurationError
from jobs.exits import EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE, SignalEvent, leave, on_stop
from jobs.telemetry import logs, masking

LEASE_SECONDS = 30
RENEW_SECONDS = 5
_POLL_SECONDS = 0.5
SYNC_SECONDS = 15
_log = logging.getLogger("filesure.accounts")


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m filesure_site.accounts", description=__doc__)
    parser.add_argument("--lease-seconds", type=int, default=LEASE_SECONDS, choices=range(15, 61), metavar="15…60")
    parser.add_argument("command", nargs="*", help="the command that serves the site (default: gunicorn)")
    arguments = parser.parse_args()
    configuration = current()
    masking.know(configuration.secrets())
    logs.configure(configuration)
    command = arguments.command or ["-m", "gunicorn", "--config", "python:filesure_site.gunicorn_conf"]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filesure_site.settings")
    stop = SignalEvent()
    on_stop(stop.set)
    with contextlib.closing(_container(configuration)) as container:
        return Pod(configuration, container, arguments.lease_seconds, stop).run([sys.executable, *command])


def _container(configuration: Configuration) -> ContainerClient:
    name = configuration.accounts_container
    if not name:
        raise ConfigurationError("ACCOUNTS_CONTAINER is missing: the container for copies of the accounts.")
    if configuration.azure_storage_connection_string:
        return BlobServiceClient.from_connection_string(
            configuration.azure_storage_connection_string
        ).get_container_client(name)
    from azure.identity import DefaultAzureCredential

    url = configuration.azure_storage_account_url or ""
    return BlobServiceClient(url, credential=DefaultAzureCredential()).get_container_client(name)


class Pod:
    """A web pod's life: wait for the lease, take over the accounts, serve, release."""

    def __init__(
        self, configuration: Configuration, container: ContainerClient, lease_seconds: int, stop: SignalEvent
    ) -> None:
        self._owner = Ownership(container, lease_seconds)
        database = configuration.data_dir / "django.sqlite3"
        self._copies = Copies(database=database, container=container, account=account_of(configuration))
        self._noted = configuration.data_dir / "owner.json"
        self._stop = stop
        self._lost = threading.Event()

    def run(self, command: list[str]) -> int:
        """Take over, serve, and release. Returns the exit code."""
        generation = self._resumed()
        if generation is None and not self._taken():
            return EXIT_DONE
        renewing = threading.Thread(target=self._keep_renewing, daemon=True)
        renewing.start()
        try:
            generation = generation or self._taken_over()
        except (subprocess.SubprocessError, AzureError, LeaseGone) as error:
            _log.error("accounts.takeover_failed", extra={"error": type(error).__name__})
            return EXIT_FAILED
        return self._serve(command, generation)

    def _resumed(self) -> int | None:
        """The generation that this pod's previous process served, if no other pod has owned the accounts since."""
        try:
            noted = json.loads(self._noted.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return int(noted["generation"]) if self._owner.resume(noted["lease"]) else None

    def _taken(self) -> bool:
        """Wait for the lease. Returns False if the pod is asked to stop first."""
        django.setup()  # before the lease, while another pod still serves, so that the takeover takes only a second
        waiting_since = time.monotonic()
        while not self._stop.is_set():
            with contextlib.suppress(AzureError):  # unreachable: try again
                if self._owner.take():
                    _log.info("accounts.owned", extra={"waited_seconds": round(time.monotonic() - waiting_since, 1)})
                    return True
            self._stop.wait(_POLL_SECONDS)
        return False

    def _taken_over(self) -> int:
        """Restore, migrate and store a new generation. Returns its number."""
        before = self._owner.generation()
        self._copies.restore(before)
        call_command("migrate", interactive=False, verbosity=0)
        connection.close()
        self._copies.begin(before + 1)
        self._owner.publish(before + 1)
        part = self._noted.with_suffix(".part")
        part.write_text(json.dumps({"lease": self._owner.lease_id, "generation": before + 1}))
        part.replace(self._noted)
        self._copies.forget_before(before + 1)
        return before + 1

    def _serve(self, command: list[str], generation: int) -> int:
        if self._gone():
            return EXIT_FAILED
        site = subprocess.Popen(command, cwd=BASE_DIR)
        copying = self._copies.replicating(generation)
        while not (self._stop.wait(_POLL_SECONDS) or self._gone() or site.poll() is not None):
            if copying.poll() is not None:
                copying = self._copies.replicating(generation)
        if self._gone():  # another pod may be writing, so stop serving at once
            site.kill()
            copying.kill()
            return EXIT_FAILED
        stopping = self._stop.is_set()
        _ended(site, graceful_timeout + 5)
        _ended(copying, SYNC_SECONDS)
        if stopping:
            self._copies.finish(generation)
            self._noted.unlink(missing_ok=True)
            self._owner.release()
        return EXIT_DONE if stopping else EXIT_FAILED

    def _gone(self) -> bool:
        return self._lost.is_set() or self._owner.expired()

    def _keep_renewing(self) -> None:
        try:
            while True:
                self._owner.renew()
                time.sleep(RENEW_SECONDS)
        except LeaseGone as error:
            _log.error("accounts.lost", extra={"reason": str(error)})
        finally:  # the lease is no longer renewed, whatever the reason
            self._lost.set()


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Terminate a process. Returns False if it did not end in time and was killed."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


if __name__ == "__main__":
    try:
        leave(main())
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        leave(EXIT_WRONG_USE)
