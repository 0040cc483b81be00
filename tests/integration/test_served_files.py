"""Originals and texts of documents, as the site serves them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import pytest

from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.domain.document import DocumentError
from jobs.domain.errors import BlobStoreUnavailable
from jobs.domain.filings.reading import ReadingState
from tests.integration.conftest import a_stored_job, text_of
from tests.making import a_file, a_summary, some_filings

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def test_documents_and_their_text_are_served(staff, app):
    job = a_stored_job(app)
    lease = app.jobs.claim(job.id, "w", 60).lease
    app.documents.add(lease, job, some_filings(2))
    one, two = app.documents.of_job(job.id)
    for name, data in ((one.blob_name, b"%PDF-1.4 x"), (one.text_blob_name, b"First page\fSecond <b>page</b>")):
        app.blobs.put(name, io.BytesIO(data), content_type="application/pdf", md5=_md5(data), fence=1, metadata={})
    app.documents.save_stored(lease, one, a_file(one.blob_name))
    app.documents.save_reading(lease, one, replace(a_summary(), text_blob_name=one.text_blob_name))
    app.documents.save_failure(lease, two, DocumentError(kind="unreadable", message="Needs a password."), final=True)
    shown = staff.get(f"/jobs/{job.id}/documents/1/file")
    assert b"".join(shown.streaming_content) == b"%PDF-1.4 x"
    assert shown["Content-Disposition"].startswith("inline")
    assert shown["X-Content-Type-Options"] == "nosniff"
    saved = staff.get(f"/jobs/{job.id}/documents/1/file?download")
    assert saved["Content-Disposition"].startswith("attachment")
    b"".join(saved.streaming_content)
    page = text_of(staff.get(f"/jobs/{job.id}/documents/1/text"))
    assert "First page" in page
    assert "Second &lt;b&gt;page" in page
    assert staff.get(f"/jobs/{job.id}/documents/2/file").status_code == 404
    assert "Needs a password." in text_of(staff.get(f"/jobs/{job.id}/"))
    assert "Needs a password." in text_of(staff.get("/documents/?status=failed"))
    failures = text_of(staff.get("/failures/"))
    assert "Needs a password." in failures
    assert "Every stored document was read." in failures
    poor = a_summary(state=ReadingState.NEEDS_OCR, reason="Scanned, and Tesseract is missing.")
    app.documents.save_reading(lease, one, poor)
    failures = text_of(staff.get("/failures/"))
    assert "Scanned, and Tesseract is missing." in failures
    assert 'href="/documents/?reading=needs_ocr"' in failures


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data).digest()


def test_missing_blob_is_reported(staff, app):
    job = a_stored_job(app)
    lease = app.jobs.claim(job.id, "w", 60).lease
    app.documents.add(lease, job, some_filings(1))
    (document,) = app.documents.of_job(job.id)
    app.documents.save_stored(lease, document, a_file("jobs/none/document_1.pdf"))
    assert staff.get(f"/jobs/{job.id}/documents/1/file").status_code == 404


class RememberingBlobStore(MemoryBlobStore):
    """Records opened blobs and, if requested, fails after some bytes."""

    fails = False

    def open(self, name, start=0):
        opened = self.opened = super().open(name, start)
        if self.fails:
            opened.read = self._read
        return opened

    def _read(self, _size=-1):
        raise BlobStoreUnavailable("Azure Blob Storage is not reachable (x).")


@pytest.fixture
def remembering(app):
    store = app.__dict__["blobs"] = RememberingBlobStore()
    job = a_stored_job(app)
    lease = app.jobs.claim(job.id, "w", 60).lease
    app.documents.add(lease, job, some_filings(1))
    (document,) = app.documents.of_job(job.id)
    data = b"x" * 10_000
    store.put(document.blob_name, io.BytesIO(data), content_type="t/t", md5=_md5(data), fence=1, metadata={})
    app.documents.save_stored(lease, document, a_file(document.blob_name))
    return store, f"/jobs/{job.id}/documents/1/file"


def test_aborted_download_closes_the_blob(staff, remembering):
    store, path = remembering
    answer = staff.get(path)
    next(iter(answer.streaming_content))
    assert not store.opened.closed
    answer.close()
    assert store.opened.closed


def test_failing_store_cuts_the_response_short(staff, remembering):
    store, path = remembering
    store.fails = True
    answer = staff.get(path)
    with pytest.raises(BlobStoreUnavailable):
        b"".join(answer.streaming_content)
    answer.close()
    assert store.opened.closed
