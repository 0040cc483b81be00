"""Reads a blob's properties and metadata, which Filesure writes for Azure's tools and never reads itself."""

from __future__ import annotations

from urllib.parse import unquote

from jobs.adapters.azure_blob import AzureBlobStore
from jobs.adapters.azure_errors import translated
from jobs.adapters.file_blob import FileBlobStore
from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.domain.errors import BlobNotFound
from jobs.ports import Blob, BlobStore


def properties(store: BlobStore, name: str) -> Blob:
    """Raises BlobNotFound, even if the bytes exist and only their properties are missing."""
    if isinstance(store, AzureBlobStore):
        return _in_azure(store, name)
    if isinstance(store, FileBlobStore):
        return _in_a_folder(store, name)
    assert isinstance(store, MemoryBlobStore)
    return store._known(name)[0]


def _in_azure(store: AzureBlobStore, name: str) -> Blob:
    with translated(name):
        found = store._blob(name).get_blob_properties()
    settings = found.content_settings
    return Blob(
        name=name,
        url=store._blob(name).url.split("?")[0],
        size=found.size,
        content_type=settings.content_type or "",
        md5=bytes(settings.content_md5 or b""),
        metadata={key: unquote(value) for key, value in found.metadata.items() if key != "fence"},
    )


def _in_a_folder(store: FileBlobStore, name: str) -> Blob:
    path = store._path(name)
    with store._translated(name):
        size = path.stat().st_size
        known = store._read_properties(name)
    if known is None:
        raise BlobNotFound(f"The blob {name} has no readable properties.")
    return Blob(
        name=name,
        url=path.as_uri(),
        size=size,
        content_type=known["contentType"],
        md5=bytes.fromhex(known["md5"]),
        metadata=known["metadata"],
    )
