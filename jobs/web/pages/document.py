"""One document: the original beside its record, its text, and the files attached to it."""

from __future__ import annotations

import re

from csp.constants import SELF
from csp.decorators import csp_replace
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.domain.document import Document
from jobs.domain.filings.masking import mask_pan
from jobs.domain.filings.reading import Method
from jobs.services.releasing import exists
from jobs.web.access import needs
from jobs.web.documents import original_response, stored, stored_text, text_response, thumbnail, thumbnail_response
from jobs.web.permissions import Permission
from jobs.web.records import parts_of, stored_record
from jobs.web.request_context import whole_number

SHOWN_CHARACTERS = 200_000
_SHOWN_INLINE = {"application/pdf"}


@needs(Permission.VIEW)
@require_safe
def document(request: HttpRequest, job_id: str, number: int) -> HttpResponse:
    found, file = stored(job_id, number)
    root, index = found.place
    full = request.user.has_perm(Permission.PAN)
    record = stored_record(found, full=full)
    parts = parts_of(record) if record else []
    documents = application().documents
    context = {
        "document": found,
        "filing": documents.get(job_id, root) if index else found,
        "attachments": documents.attachments(job_id, root),
        "owner_exists": bool(found.stored_with) and exists(application().jobs, found.stored_with or ""),
        "parts": parts,
        "page": whole_number(request.GET.get("page", ""), most_digits=5) or 1,
        "doubtful": sum(line.trust == "doubtful" for part in parts for line in part.lines),
        "signatures": record["signatures"] if record else [],
        "is_viewable": file.content_type in _SHOWN_INLINE and not _is_xfa(found),
        "text": _text_of(found, full=full) if _is_xfa(found) else "",
    }
    return render(request, "document.html", context)


@needs(Permission.VIEW)
@require_safe
def document_thumbnail(_request: HttpRequest, job_id: str, number: int) -> FileResponse:
    return thumbnail_response(thumbnail(job_id, number))


@needs(Permission.VIEW)
@require_safe
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": [SELF]})  # type: ignore[arg-type]  # its type is for views without parameters
def document_file(request: HttpRequest, job_id: str, number: int) -> HttpResponseBase:
    """Show PDFs, also inside the document's page; offer other files as downloads, since HTML must not run here."""
    document, file = stored(job_id, number)
    is_shown = file.content_type in _SHOWN_INLINE and "download" not in request.GET
    return original_response(request, file, _file_name(document), save=not is_shown)


@needs(Permission.VIEW)
@require_safe
def document_text(request: HttpRequest, job_id: str, number: int) -> HttpResponse | FileResponse:
    """The text as a page or as a download."""
    document, blob_name = stored_text(job_id, number)
    full = request.user.has_perm(Permission.PAN)
    if "download" in request.GET:
        return text_response(blob_name, _file_name(document), full=full)
    text = _text_of(document, full=full)
    sought = request.GET.get("q", "").strip()[:100]
    pages = [Found(page, sought) for page in text[:SHOWN_CHARACTERS].split("\f")]
    context = {
        "document": document,
        "pages": pages,
        "cut": len(text) > SHOWN_CHARACTERS,
        "sought": sought,
        "hits": sum(page.hits for page in pages),
    }
    return render(request, "document_text.html", context)


def _is_xfa(document: Document) -> bool:
    """A browser shows only "Please wait…" for a form whose pages are in its XFA data."""
    return document.reading is not None and document.reading.method is Method.XFA


def _text_of(document: Document, *, full: bool) -> str:
    """The beginning of the text. ``full``: with complete PANs."""
    name = document.reading.text_blob_name if document.reading else None
    if name is None:
        return ""
    with application().blobs.open(name) as file:
        text = file.read(SHOWN_CHARACTERS * 4).decode("utf-8", errors="replace")
    return text if full else mask_pan(text)


class Found:
    """A page's text with what was sought marked."""

    def __init__(self, text: str, sought: str) -> None:
        parts = re.split(f"({re.escape(sought)})", text, flags=re.IGNORECASE) if sought else [text]
        self.hits = len(parts) // 2
        self.text = format_html_join(
            "", "{}", ((format_html("<mark>{}</mark>", part) if at % 2 else part,) for at, part in enumerate(parts))
        )


def _file_name(document: Document) -> str:
    return f"{document.cin}_{document.filing.file_name}"
