"""Blobs as files to save, of which a client can request a range of bytes to resume a download (RFC 9110, 14)."""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from jobs.bootstrap import application

_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


def file_response(
    request: HttpRequest, blob_name: str, size: int, *, filename: str, content_type: str, version: str = ""
) -> HttpResponseBase:
    """A blob of ``size`` bytes. ``version`` tells blobs apart that had this name one after the other.

    The response is 200, 206 or 416, or 304 or 412 for a condition on the ETag. Closing it closes the blob.
    Raises BlobNotFound, BlobStoreUnavailable.
    """
    etag = f'"{hashlib.sha256(f"{blob_name} {version}".encode()).hexdigest()[:32]}"'
    if answer := get_conditional_response(request, etag=etag):
        return answer
    wanted = range_of(request, size, etag)
    if wanted is not None and not wanted:
        return _unsatisfiable(size)
    sent = range(size) if wanted is None else wanted
    blob = application().blobs.open(blob_name, sent.start)
    response = FileResponse(
        blob if sent.stop == size else _Limited(blob, len(sent)),
        as_attachment=True,
        filename=filename,
        content_type=content_type,
        status=HTTPStatus.OK if wanted is None else HTTPStatus.PARTIAL_CONTENT,
    )
    response["Content-Length"] = str(len(sent))
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    if wanted is not None:
        response["Content-Range"] = f"bytes {sent.start}-{sent.stop - 1}/{size}"
    return response


def range_of(request: HttpRequest, size: int, etag: str) -> range | None:
    """The bytes that the request asks for: None for the whole file, empty if the file has none of them.

    Several ranges, and a range of another version of the file, count as a request for the whole file.
    """
    found = _RANGE.fullmatch(request.META.get("HTTP_RANGE", ""))
    if request.method != "GET" or not found or request.META.get("HTTP_IF_RANGE", etag) != etag:
        return None
    first, last = found.groups()
    if not first:
        return range(max(size - int(last), 0), size) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def _unsatisfiable(size: int) -> HttpResponse:
    sentence = f"The file has {size:,} bytes; the requested range begins after them."
    response = HttpResponse(
        sentence, status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, content_type="text/plain; charset=utf-8"
    )
    response["Content-Range"] = f"bytes */{size}"
    response["Accept-Ranges"] = "bytes"
    return response


class _Limited:
    """The next ``left`` bytes of a file."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file, self._left = file, left
        self.close = file.close

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data
