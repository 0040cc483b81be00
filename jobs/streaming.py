"""Blobs handed through to whoever asked, in pieces."""

from __future__ import annotations

from django.http import FileResponse

from jobs.bootstrap import application


def stream(blob_name: str, content_type: str, file_name: str, *, save: bool) -> FileResponse:
    """The blob as a response; it is closed with it. Raises BlobNotFound, BlobStoreUnavailable."""
    opened = application().blobs.open(blob_name)
    file = opened.__enter__()
    response = FileResponse(file, as_attachment=save, filename=file_name, content_type=content_type)
    response._resource_closers.append(lambda: opened.__exit__(None, None, None))  # type: ignore[attr-defined]  # noqa: SLF001
    return response
