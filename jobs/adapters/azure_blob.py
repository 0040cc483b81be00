"""Azure Blob Storage. The client is loaded and built at the first use, and nothing is sent before."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote, unquote

from jobs.domain.errors import (
    BlobNotFound,
    BlobStoreRefused,
    BlobStoreUnavailable,
    ConfigurationError,
    FilesureError,
    LeaseLost,
)
from jobs.ports import Blob

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

BLOCK = 4 * 1024 * 1024  # what one upload holds in memory, twice
RANGE = 1024 * 1024
_RACES = 5
_KEY_IS_WRONG = (
    "Azure refuses the credentials: the key in AZURE_STORAGE_CONNECTION_STRING is wrong, or the identity used for"
    " AZURE_STORAGE_ACCOUNT_URL lacks the role Storage Blob Data Contributor."
)
_EXAMPLES = {
    True: ("AZURE_STORAGE_CONNECTION_STRING", "'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…'"),
    False: ("AZURE_STORAGE_ACCOUNT_URL", "https://ACCOUNT.blob.core.windows.net"),
}
_REFUSALS = {
    "AccountIsDisabled": "Azure has disabled the storage account.",
    "AuthorizationPermissionMismatch": _KEY_IS_WRONG,
}
_FOR_NOW = {
    "ContainerBeingDeleted": "Azure is still deleting the container; it can be made anew in about a minute.",
    "Md5Mismatch": "The bytes changed on their way into the blob store.",
    "ConditionNotMet": "The blob was replaced while it was read.",
}
# check() asks once and briefly: a person waits for it.
_CHECK: dict[str, Any] = {"connection_timeout": 4, "read_timeout": 5, "retry_total": 0}


class AzureBlobStore:
    """``jobs.ports.BlobStore`` in one container, which is made at the first upload if it is missing."""

    def __init__(
        self,
        *,
        connection_string: str | None,
        account_url: str | None,
        container: str,
        connect_seconds: float = 5,
        read_seconds: float = 30,
        retries: int = 3,
    ) -> None:
        self._connection_string = connection_string
        self._account_url = account_url
        self._name = container
        self._options: dict[str, Any] = {
            "connection_timeout": connect_seconds, "read_timeout": read_seconds, "retry_total": retries,
            "retry_connect": min(retries, 2), "initial_backoff": 1, "increment_base": 2,
            "max_single_put_size": BLOCK, "max_block_size": BLOCK, "max_chunk_get_size": BLOCK,
            "max_single_get_size": BLOCK,
        }  # fmt: skip
        self._building = threading.Lock()
        self._opened = contextlib.ExitStack()

    @cached_property
    def _container(self) -> ContainerClient:
        from azure.storage.blob import BlobServiceClient

        setting, example = _EXAMPLES[bool(self._connection_string)]
        with self._building:
            try:
                if self._connection_string:
                    service = BlobServiceClient.from_connection_string(self._connection_string, **self._options)
                else:
                    from azure.identity import DefaultAzureCredential

                    credential = self._opened.enter_context(DefaultAzureCredential())
                    service = BlobServiceClient(self._account_url or "", credential=credential, **self._options)
                # A container's client shares the service's connections and does not close them.
                self._opened.callback(service.close)
                return service.get_container_client(self._name)
            except ValueError as error:
                # The vendor's sentence may quote the string, and with it the key.
                message = f"{setting} is not one of Azure's, for example {setting}={example}."
                raise ConfigurationError(message) from error.__cause__

    def close(self) -> None:
        """Give back the connections; the next use opens new ones."""
        self.__dict__.pop("_container", None)
        self._opened.close()

    def put(
        self, name: str, data: IO[bytes], *, content_type: str, md5: bytes, fence: int, metadata: Mapping[str, str]
    ) -> Blob:
        """See the port. A name that is new, the usual case, takes one request."""
        from azure.storage.blob import ContentSettings

        start, size = data.tell(), _rest(data)
        fields = {key: quote(value) for key, value in metadata.items()} | {"fence": str(fence)}
        settings = ContentSettings(content_type=content_type, content_md5=bytearray(md5))

        def upload(**condition: Any) -> None:
            data.seek(start)
            self._blob(name).upload_blob(
                data, length=size, content_settings=settings, metadata=fields, max_concurrency=1, **condition
            )

        with _translated(name):
            self._in_container(lambda: self._fenced(name, fence, metadata, upload))
            url = self._blob(name).url.split("?")[0]
        return Blob(name=name, url=url, size=size, content_type=content_type, md5=md5, metadata=dict(metadata))

    def _fenced(self, name: str, fence: int, metadata: Mapping[str, str], upload: Callable[..., None]) -> None:
        """Write if the name is free, else over what a fence that is not higher wrote."""
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
        raise BlobStoreUnavailable(f"Others keep writing the blob {name}.")

    def _in_container(self, act: Callable[[], None]) -> None:
        """Do it; where the container is missing, make it and do it again."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        try:
            act()
        except ResourceNotFoundError as error:
            if _code(error) != "ContainerNotFound":
                raise
            with contextlib.suppress(ResourceExistsError):
                self._container.create_container()
            act()

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """See the port."""
        with _translated(name):
            found = self._blob(name).get_blob_properties()
        with io.BufferedReader(_Ranges(self._blob(name), found.size, found.etag)) as reader:
            yield cast("BinaryIO", reader)

    def properties(self, name: str) -> Blob:
        """See the port."""
        with _translated(name):
            found = self._blob(name).get_blob_properties()
        settings = found.content_settings
        return Blob(
            name=name, url=self._blob(name).url.split("?")[0], size=found.size,
            content_type=settings.content_type or "", md5=bytes(settings.content_md5 or b""),
            metadata={key: unquote(value) for key, value in found.metadata.items() if key != "fence"},
        )  # fmt: skip

    def names(self, prefix: str) -> Iterator[str]:
        """See the port."""
        with contextlib.suppress(BlobNotFound), _translated(prefix):
            yield from self._container.list_blob_names(name_starts_with=prefix)

    def delete(self, name: str) -> None:
        """See the port."""
        with contextlib.suppress(BlobNotFound), _translated(name):
            self._blob(name).delete_blob()

    def check(self) -> str:
        """See the port."""
        with _translated("the container"):
            there = self._container.exists(**_CHECK)
            version = self._container.api_version
            place = self._container.url.split("?")[0]
        return f"{place}, {'there' if there else 'to be created at the first upload'}, API {version}"

    def _blob(self, name: str) -> BlobClient:
        return self._container.get_blob_client(name)


class _Ranges(io.RawIOBase):
    """A blob as a file, one range a request; the client needs nine times a range's size in memory.

    A blob that is replaced while it is read is not mixed with its successor: the etag says no.
    """

    def __init__(self, blob: BlobClient, size: int, etag: str) -> None:
        self._blob = blob
        self._size = size
        self._etag = etag
        self._at = 0
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left and self._at < self._size:
            self._left = memoryview(self._next())
            self._at += len(self._left)
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def _next(self) -> bytes:
        from azure.core import MatchConditions

        length = min(RANGE, self._size - self._at)
        unchanged: dict[str, Any] = {"etag": self._etag, "match_condition": MatchConditions.IfNotModified}
        with _translated(self._blob.blob_name or ""):
            stream = self._blob.download_blob(self._at, length, max_concurrency=1, **unchanged)
            return cast("bytes", stream.readall())


def _rest(data: IO[bytes]) -> int:
    start = data.tell()
    end = data.seek(0, io.SEEK_END)
    data.seek(start)
    return end - start


def _code(error: Exception) -> str:
    code = getattr(error, "error_code", None) or ""
    return str(getattr(code, "value", code))


@contextlib.contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turn Azure's exceptions into ours. Their own texts may hold keys: none is shown."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except FilesureError:
        raise
    except AzureError as error:
        raise _in_our_words(error, name) from error


def _in_our_words(error: Exception, name: str) -> FilesureError:
    from azure.core import exceptions

    code, status = _code(error), getattr(error, "status_code", None)
    if code in _REFUSALS:
        return BlobStoreRefused(_REFUSALS[code])
    if code in _FOR_NOW:
        return BlobStoreUnavailable(_FOR_NOW[code])
    if isinstance(error, exceptions.ClientAuthenticationError) or status in (401, 403):
        return BlobStoreRefused(_KEY_IS_WRONG)
    if isinstance(error, exceptions.ResourceNotFoundError):
        return BlobNotFound(f"There is no blob {name}.")
    if isinstance(error, exceptions.HttpResponseError) and status and status < 500 and status not in (408, 429):
        return BlobStoreRefused(f"Azure refuses the request ({code or status}).")
    where = "busy or out of order" if status else "not reachable"
    return BlobStoreUnavailable(f"Azure Blob Storage is {where} ({code or status or type(error).__name__}).")
