"""Ownership of the accounts: the Azure lease of the blob ``owner``, which also names the newest generation."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

#: A clock that keeps running while the machine is suspended, as the lease does. macOS lacks CLOCK_BOOTTIME.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_GENERATION = "generation"


class LeaseGone(Exception):
    """Another pod owns the accounts or may own them."""


class Ownership:
    """The lease. ``seconds``: its duration without renewal, 15 to 60."""

    def __init__(self, container: ContainerClient, seconds: int) -> None:
        self._container = container
        self._blob: BlobClient = container.get_blob_client("owner")
        self._seconds = seconds
        self._lease: BlobLeaseClient | None = None
        self._renewed_at = 0.0

    @property
    def lease_id(self) -> str:
        """The id to pass to ``resume``."""
        return str(self._held().id)

    def take(self) -> bool:
        """Try to acquire the lease. Returns False if another pod has it. Raises AzureError."""
        began = time.clock_gettime(_CLOCK)
        try:
            self._lease = self._blob.acquire_lease(lease_duration=self._seconds)
        except ResourceNotFoundError:
            self._create()
            return False
        except HttpResponseError as error:
            if error.status_code != 409:  # LeaseAlreadyPresent
                raise
            return False
        self._renewed_at = began
        return True

    def resume(self, lease_id: str) -> bool:
        """Resume the lease of this pod's previous process. Returns False if another pod has held it since."""
        lease = BlobLeaseClient(self._blob, lease_id)
        began = time.clock_gettime(_CLOCK)
        try:
            lease.renew()
        except HttpResponseError:
            return False
        self._lease, self._renewed_at = lease, began
        return True

    def expired(self) -> bool:
        """Whether another pod may hold the lease by now."""
        return time.clock_gettime(_CLOCK) - self._renewed_at > self._seconds

    def renew(self) -> None:
        """Raises LeaseGone if another pod has the lease or could acquire it before the next call returns."""
        self._check_age()
        began = time.clock_gettime(_CLOCK)
        try:
            self._held().renew(timeout=5, connection_timeout=3, read_timeout=5, retry_total=0)
        except HttpResponseError as error:
            if error.status_code in (404, 409, 412):
                raise LeaseGone("Another pod took over the accounts.") from error
        except AzureError:
            pass  # unreachable: the lease is still valid for a while
        else:
            self._renewed_at = began
        self._check_age()

    def release(self) -> None:
        """Release the lease, so that the next pod need not wait until it expires."""
        with contextlib.suppress(AzureError):
            self._held().release()

    def generation(self) -> int:
        """The newest complete generation; 0 if there is none yet."""
        return int((self._blob.get_blob_properties().metadata or {}).get(_GENERATION, 0))

    def publish(self, generation: int) -> None:
        """Make this generation the one that is restored. Raises HttpResponseError if the lease is not ours."""
        self._blob.set_blob_metadata({_GENERATION: str(generation)}, lease=self._held())

    def _check_age(self) -> None:
        if time.clock_gettime(_CLOCK) - self._renewed_at > self._seconds * 2 / 3:
            raise LeaseGone("The lease of the accounts could not be renewed in time.")

    def _held(self) -> BlobLeaseClient:
        if self._lease is None:
            raise LeaseGone("The accounts have no owner yet.")
        return self._lease

    def _create(self) -> None:
        with contextlib.suppress(ResourceExistsError):
            self._container.create_container()
        with contextlib.suppress(ResourceExistsError):
            self._blob.upload_blob(b"", overwrite=False)
