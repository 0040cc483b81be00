"""Azure Blob Storage. The client is imported and created on first use; nothing is sent before that."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote

from jobs.adapters.azure_chunks import ChunkStream
from jobs.adapters.azure_errors import azure_code, translated
from jobs.domain.errors import BlobNotFound, BlobStoreUnavailable, ConfigurationError, LeaseLost
from jobs.ports import Blob

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient, StorageStreamDownloader

    from jobs.adapters.azure_retries import OnRetry

BLOCK = 4 * 1024 * 1024  # an upload holds two blocks in memory
CHUNK = 1024 * 1024  # a download holds about nine chunks in memory
_READ_AHEAD = 256 * 1024
_RACES = 5
_EXAMPLES = {
    True: ("AZURE_STORAGE_CONNECTION_STRING", "'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…'"),
    False: ("AZURE_STORAGE_ACCOUNT_URL", "https://ACCOUNT.blob.core.windows.net"),
}
# check() sends one request with a short timeout, because a user waits for it.
_CHECK: dict[str, Any] = {"connection_timeout": 4, "read_timeout": 5, "retry_total": 0}


class AzureBlobStore:
    """``jobs.ports.BlobStore`` in one container, created on the first upload if it is missing."""

    def __init__(
        self,
        *,
        connection_string: str | None,
        account_url: str | None,
        container: str,
        connections: int = 10,
        connect_seconds: float = 5,
        read_seconds: float = 10,
        retries: int = 2,
        on_retry: OnRetry = str,  # ignores it
    ) -> None:
        self._connection_string = connection_string
        self._account_url = account_url
        self._name = container
        self._connections = connections
        self._on_retry = on_retry
        self._retries = {
            "retry_total": retries,
            "retry_connect": min(retries, 2),
            "initial_backoff": 1,
            "increment_base": 2,
        }
        self._timeouts = {"connection_timeout": connect_seconds, "read_timeout": read_seconds}
        self._options: dict[str, Any] = {
            **self._timeouts,
            "max_single_put_size": BLOCK,
            "max_block_size": BLOCK,
            "max_chunk_get_size": CHUNK,
            "max_single_get_size": CHUNK,
        }
        self._lock = threading.Lock()
        self._client: ContainerClient | None = None
        self._opened = contextlib.ExitStack()

    @property
    def _container(self) -> ContainerClient:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> ContainerClient:
        from azure.storage.blob import BlobServiceClient

        from jobs.adapters.azure_retries import CountedRetry
        from jobs.adapters.azure_transport import keep_environment, transport

        setting, example = _EXAMPLES[bool(self._connection_string)]
        try:
            sending = transport(self._connections, **self._timeouts)
            options = self._options | {
                "transport": sending,
                "retry_policy": CountedRetry(self._on_retry, **self._retries),
            }
            if self._connection_string:
                service = BlobServiceClient.from_connection_string(self._connection_string, **options)
            else:
                from azure.identity import DefaultAzureCredential

                credential = self._opened.enter_context(DefaultAzureCredential())
                service = BlobServiceClient(self._account_url or "", credential=credential, **options)
        except ValueError as error:
            # Azure's message may contain the connection string and its key.
            message = f"{setting} is not one of Azure's, for example {setting}={example}."
            raise ConfigurationError(message) from error.__cause__
        keep_environment(sending, service.url)
        # A container client shares the service client's connections and does not close them.
        self._opened.callback(service.close)
        return service.get_container_client(self._name)

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        with self._lock:
            self._client = None
            self._opened.close()

    def put(
        self, name: str, data: IO[bytes], *, content_type: str, md5: bytes, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        """Writing a new name, the usual case, takes a single request."""
        from azure.storage.blob import ContentSettings

        start, size = data.tell(), _rest(data)
        fields = {key: quote(value) for key, value in metadata.items()} | {"fence": str(fence)}
        settings = ContentSettings(content_type=content_type, content_md5=bytearray(md5))

        def upload(**condition: Any) -> None:
            data.seek(start)
            blob.upload_blob(
                data, length=size, content_settings=settings, metadata=fields, max_concurrency=1, **condition
            )

        with translated(name, writing=True):
            blob = self._blob(name)
            self._in_container(lambda: self._fenced(name, fence, metadata, upload))
        url = blob.url.split("?")[0]
        return Blob(name=name, url=url, size=size, content_type=content_type, md5=md5, metadata=dict(metadata))

    def put_stream(
        self, name: str, chunks: Iterator[bytes], *, content_type: str, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        """Uploaded in blocks, which Azure removes unless all of them are committed."""
        from azure.storage.blob import ContentSettings

        stream = ChunkStream(chunks)
        fields = {key: quote(value) for key, value in metadata.items()} | {"fence": str(fence)}
        with translated(name, writing=True):
            self._blob(name).upload_blob(
                cast("IO[bytes]", stream),
                content_settings=ContentSettings(content_type=content_type),
                metadata=fields,
                max_concurrency=1,
                overwrite=True,
            )
            url = self._blob(name).url.split("?")[0]
        return Blob(
            name=name, url=url, size=stream.size, content_type=content_type, md5=stream.md5, metadata=dict(metadata)
        )

    def _fenced(self, name: str, fence: int, metadata: Mapping[str, str], upload: Callable[..., None]) -> None:
        """Write unless a blob of this name has a higher fence."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

        condition: dict[str, Any] = {"overwrite": False}
        for _ in range(_RACES):
            try:
                return upload(**condition)
            except (ResourceExistsError, ResourceModifiedError):
                try:
                    found = self._blob(name).get_blob_properties()
                except ResourceNotFoundError:
                    condition = {"overwrite": False}
                    continue
                if int((found.metadata or {}).get("fence", -1)) > fence:
                    raise LeaseLost(metadata.get("jobId", name), fence) from None
                unchanged = {"etag": found.etag, "match_condition": MatchConditions.IfNotModified}
                condition = {"overwrite": True, **unchanged}
        raise BlobStoreUnavailable(f"Too many concurrent writes to blob {name}.")

    def _in_container(self, act: Callable[[], None]) -> None:
        """Perform an operation. If the container is missing, create it and try again."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        try:
            act()
        except ResourceNotFoundError as error:
            if azure_code(error) != "ContainerNotFound":
                raise
            with contextlib.suppress(ResourceExistsError):
                self._container.create_container()
            act()

    def open(self, name: str, start: int = 0) -> BinaryIO:
        with translated(name):
            download = self._blob(name).download_blob(offset=start or None, max_concurrency=1)
        return cast("BinaryIO", io.BufferedReader(_Download(download, name), _READ_AHEAD))

    def names(self, prefix: str) -> Iterator[str]:
        with contextlib.suppress(BlobNotFound), translated(prefix):
            yield from self._container.list_blob_names(name_starts_with=prefix)

    def delete(self, name: str, *, up_to_fence: int | None = None) -> None:
        from azure.core.exceptions import ResourceModifiedError

        with contextlib.suppress(BlobNotFound), translated(name), contextlib.suppress(ResourceModifiedError):
            if up_to_fence is None:
                self._blob(name).delete_blob()
            else:
                self._delete_older(name, up_to_fence)

    def _delete_older(self, name: str, fence: int) -> None:
        from azure.core import MatchConditions

        found = self._blob(name).get_blob_properties()
        if int((found.metadata or {}).get("fence", -1)) <= fence:
            self._blob(name).delete_blob(etag=found.etag, match_condition=MatchConditions.IfNotModified)

    def tidy(self) -> None:
        """Nothing to do: Azure itself removes uncommitted blocks after a week."""

    def check(self) -> str:
        with translated("the container"):
            there = self._container.exists(**_CHECK)
            version = self._container.api_version
            place = self._container.url.split("?")[0]
        return f"{place}, {'there' if there else 'to be created at the first upload'}, API {version}"

    def _blob(self, name: str) -> BlobClient:
        return self._container.get_blob_client(name)


class _Download(io.RawIOBase):
    """A blob as a file. The client requests each chunk when it is needed, and only with the same etag.

    If the blob is replaced during the download, reading fails instead of mixing the bytes of two blobs.
    """

    def __init__(self, download: StorageStreamDownloader[bytes], name: str) -> None:
        self._download = download
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with translated(self._name):
            data = self._download.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _rest(data: IO[bytes]) -> int:
    start = data.tell()
    end = data.seek(0, io.SEEK_END)
    data.seek(start)
    return end - start
