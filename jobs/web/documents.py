"""Streams stored documents and their texts."""

from __future__ import annotations

import io

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase

from jobs.bootstrap import application
from jobs.domain.document import Document, StoredFile
from jobs.domain.filings.masking import mask_pan
from jobs.domain.wrong_use import UnknownDocument
from jobs.web.ranges import file_response

_TEXT = "text/plain; charset=utf-8"

#: BSON's largest integer: MongoDB rejects larger numbers instead of finding nothing.
LARGEST_NUMBER = 2**63 - 1


def stored(job_id: str, number: int) -> tuple[Document, StoredFile]:
    """A document and its file. Raises InvalidJobId, UnknownDocument (also if it is not stored)."""
    if not 0 < number <= LARGEST_NUMBER:
        raise UnknownDocument(job_id, number)
    document = application().documents.get(job_id, number)
    if document.file is None:
        raise UnknownDocument(job_id, number)
    return document, document.file


def stored_text(job_id: str, number: int) -> tuple[Document, str]:
    """A document and the name of its text's blob. Raises InvalidJobId, UnknownDocument (also if it has no text)."""
    document, _ = stored(job_id, number)
    if document.reading is None or document.reading.text_blob_name is None:
        raise UnknownDocument(job_id, number)
    return document, document.reading.text_blob_name


def thumbnail(job_id: str, number: int) -> str:
    """The name of the first page's picture. Raises InvalidJobId, UnknownDocument (also if there is none)."""
    document, _ = stored(job_id, number)
    if document.reading is None or document.reading.thumbnail_blob_name is None:
        raise UnknownDocument(job_id, number)
    return document.reading.thumbnail_blob_name


def original_response(request: HttpRequest, file: StoredFile, file_name: str, *, save: bool) -> HttpResponseBase:
    """``save``: as a download, which can be resumed. Raises BlobNotFound, BlobStoreUnavailable."""
    if not save:
        return _response(file.blob_name, file.content_type, file_name, save=False)
    return file_response(
        request,
        file.blob_name,
        file.size,
        version=file.checksum,
        filename=file_name,
        content_type=file.content_type,
    )


def thumbnail_response(blob_name: str) -> FileResponse:
    return _response(blob_name, "image/png", "page1.png", save=False)


def text_response(blob_name: str, file_name: str, *, full: bool) -> FileResponse:
    """The text as a file. ``full``: with complete PANs, streamed."""
    if full:
        return _response(blob_name, _TEXT, f"{file_name}.txt", save=True)
    with application().blobs.open(blob_name) as blob:
        data = mask_pan(blob.read().decode("utf-8", errors="replace")).encode()
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=f"{file_name}.txt", content_type=_TEXT)


def _response(blob_name: str, content_type: str, file_name: str, *, save: bool) -> FileResponse:
    """Raises BlobNotFound, BlobStoreUnavailable. Closing the response closes the blob."""
    blob = application().blobs.open(blob_name)
    return FileResponse(blob, as_attachment=save, filename=file_name, content_type=content_type)
