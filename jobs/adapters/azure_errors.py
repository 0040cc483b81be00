"""Translates Azure's exceptions. Their messages may contain keys, so they are not shown."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from jobs.domain.errors import BlobNotFound, BlobStoreRefused, BlobStoreUnavailable, FilesureError

logger = logging.getLogger(__name__)

_KEY_IS_WRONG = (
    "Azure refuses the credentials: the key in AZURE_STORAGE_CONNECTION_STRING is wrong, or the identity used for"
    " AZURE_STORAGE_ACCOUNT_URL lacks the role Storage Blob Data Contributor."
)
_NETWORK_IS_DENIED = (
    "The storage account's firewall denies this network: allow its subnet or use a private endpoint. Azure reports the"
    " same if a shared access signature lacks a permission, and Azurite if the key is wrong."
)
_REFUSALS = {
    "AuthorizationFailure": _NETWORK_IS_DENIED,
    "AccountIsDisabled": "Azure has disabled the storage account.",
    "AuthorizationPermissionMismatch": _KEY_IS_WRONG,
}
_TEMPORARY = {
    "ContainerBeingDeleted": "Azure is still deleting the container; it can be recreated in about a minute.",
    "Md5Mismatch": "The bytes do not match their checksum.",
    "ConditionNotMet": "The blob was replaced while it was being read.",
}


def azure_code(error: Exception) -> str:
    code = getattr(error, "error_code", None) or ""
    return str(getattr(code, "value", code))


@contextlib.contextmanager
def translated(name: str, *, writing: bool = False) -> Iterator[None]:
    from azure.core.exceptions import AzureError, ResourceNotFoundError

    try:
        yield
    except FilesureError:
        raise
    except AzureError as error:
        if writing or not isinstance(error, ResourceNotFoundError):
            _log(error, name)
        if writing and isinstance(error, ResourceNotFoundError):
            # A write needs no existing blob, so the container or the account is missing.
            where = azure_code(error) or error.status_code
            raise BlobStoreUnavailable(f"Azure does not find the container or the account ({where}).") from error
        raise _as_our_error(error, name) from error
    except ValueError as error:  # from the client, if a truncated reply lacks a field or has an unreadable one
        raise BlobStoreUnavailable("Azure Blob Storage sent an incomplete reply.") from error


def _log(error: Exception, name: str) -> None:
    """Azure's support finds a request by its id."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    fields = {"code": azure_code(error) or type(error).__name__, "status": getattr(error, "status_code", None)}
    logger.warning("blob.failed", extra={"blob": name, "requestId": headers.get("x-ms-request-id"), **fields})


def _as_our_error(error: Exception, name: str) -> FilesureError:
    from azure.core import exceptions

    code, status = azure_code(error), getattr(error, "status_code", None)
    if code in _REFUSALS:
        return BlobStoreRefused(_REFUSALS[code])
    if code in _TEMPORARY:
        return BlobStoreUnavailable(_TEMPORARY[code])
    if isinstance(error, exceptions.ClientAuthenticationError) or status in (401, 403):
        return BlobStoreRefused(_KEY_IS_WRONG)
    if isinstance(error, exceptions.ResourceNotFoundError):
        return BlobNotFound(f"There is no blob {name}.")
    if isinstance(error, exceptions.HttpResponseError) and status and status < 500 and status not in (408, 429):
        return BlobStoreRefused(f"Azure refuses the request ({code or status}).")
    where = "busy or failing" if status else "not reachable"
    return BlobStoreUnavailable(f"Azure Blob Storage is {where} ({code or status or type(error).__name__}).")
