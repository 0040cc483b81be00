"""What a browser with an empty cache loads for a page, compressed."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from tests.integration.conftest import a_stored_job

pytestmark = [pytest.mark.server, pytest.mark.django_db]

MOST_BYTES = 150_000
_FILES = re.compile(r'(?:href|src|data-src)="/static/([^"?#]+)"')
_IN_CSS = re.compile(r"url\([\"']?([^)\"'#]+)")


def weight(page: bytes) -> dict[str, int]:
    """A compressed page and each of its files → its bytes; images contain the files compressed."""
    sizes = {"page": len(page)}
    files = {Path(finders.find(name)) for name in _FILES.findall(gzip.decompress(page).decode())}
    for sheet in [each for each in files if each.suffix == ".css"]:
        names = [each for each in _IN_CSS.findall(sheet.read_text()) if not each.startswith("data:")]
        files |= {(sheet.parent / name).resolve() for name in names}
    return sizes | {path.name: len(gzip.compress(path.read_bytes())) for path in files}


@pytest.mark.parametrize("path", ["/", "/jobs/", "/jobs/{job}/", "/companies/", "/order/", "/account/", "/api/docs"])
def test_first_view_is_small(staff, app, path):
    jobs = [a_stored_job(app) for _ in range(60)]
    answer = staff.get(path.format(job=jobs[0].id), headers={"Accept-Encoding": "gzip, br"})
    assert (answer.status_code, answer["Content-Encoding"]) == (200, "gzip")
    sizes = weight(answer.content)
    assert {Path(name).suffix for name in sizes} >= {".css", ".js", ".woff2"}
    assert sum(sizes.values()) <= MOST_BYTES, sizes


def test_unchanged_live_part_is_not_sent_again(staff, app):
    job = a_stored_job(app)
    asked = {"Accept-Encoding": "gzip", "HX-Request": "true", "HX-Target": "live"}
    first = staff.get(f"/jobs/{job.id}/", headers=asked)
    again = staff.get(f"/jobs/{job.id}/", headers=asked | {"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_exports_are_sent_as_they_are(staff, app):
    a_stored_job(app)
    answer = staff.get("/jobs/export.csv", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer
    assert b"".join(answer.streaming_content).count(b"\n") == 2
