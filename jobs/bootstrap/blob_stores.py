"""Creates the blob store that the configuration names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.configuration.table import Configuration
    from jobs.ports import BlobStore


def blob_store(config: Configuration, folder: str, container: str, on_retry: Callable[[str], None]) -> BlobStore:
    """``folder`` is used on one machine, ``container`` in Azure, whose client is only then imported."""
    if config.blob_store == "azure":
        from jobs.adapters.azure_blob import AzureBlobStore

        return AzureBlobStore(
            connection_string=config.azure_storage_connection_string,
            account_url=config.azure_storage_account_url,
            container=container,
            # A worker downloads worker_concurrency documents while it reads and stores as many others.
            connections=max(10, 2 * config.worker_concurrency, config.web_threads),
            on_retry=on_retry,
        )
    from jobs.adapters.file_blob import FileBlobStore

    return FileBlobStore(config.data_dir / folder)
