"""Interrupted downloads of ZIP files continue, from each kind of blob store and at each address."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.test import RequestFactory

from jobs.adapters.azure_blob import AzureBlobStore
from jobs.adapters.file_blob import FileBlobStore
from jobs.domain.audit import Action
from jobs.models import ExportLink
from jobs.ports import BlobStore
from jobs.web import ranges
from tests.integration.api import is_problem
from tests.integration.exports import a_filed_order, work
from tests.making import a_cin

pytestmark = [pytest.mark.server, pytest.mark.django_db]

DATA = bytes(range(251)) * 10_000
NAME = "jobs/65a1f0c2b7e4d3a291f0c2b7/export_1_part_1.zip"


@pytest.fixture(params=["file", "azure"])
def store(request, tmp_path) -> Iterator[BlobStore]:
    if request.param == "file":
        yield FileBlobStore(tmp_path)
        return
    given = request.getfixturevalue("azurite_connection_string")
    azure = AzureBlobStore(connection_string=given, account_url=None, container=f"c{uuid4().hex[:12]}")
    yield azure
    azure.close()


@pytest.fixture
def get(store, monkeypatch):
    """Requests the blob with these headers."""
    md5 = hashlib.md5(DATA).digest()
    store.put(NAME, io.BytesIO(DATA), content_type="application/zip", md5=md5, fence=1, metadata={})
    monkeypatch.setattr(ranges, "application", lambda: SimpleNamespace(blobs=store))

    def got(**headers):
        request = RequestFactory().get("/", headers={name.replace("_", "-"): text for name, text in headers.items()})
        return ranges.file_response(request, NAME, len(DATA), filename="a.zip", content_type="application/zip")

    return got


def body(answer) -> bytes:
    """The response's body; its length is checked."""
    data = b"".join(answer)
    answer.close()
    assert answer["Content-Length"] == str(len(data))
    return data


def test_download_continues_where_it_was_cut(get):
    whole = get()
    assert (whole.status_code, whole["Accept-Ranges"]) == (200, "bytes")
    begun = next(iter(whole.streaming_content))
    whole.close()
    rest = get(range=f"bytes={len(begun)}-", if_range=whole["ETag"])
    assert (rest.status_code, rest["ETag"]) == (206, whole["ETag"])
    assert rest["Content-Range"] == f"bytes {len(begun)}-{len(DATA) - 1}/{len(DATA)}"
    assert begun + body(rest) == DATA


@pytest.mark.parametrize(
    ("asked", "sent"), [("0-0", slice(1)), ("1000000-2000000", slice(1_000_000, 2_000_001)), ("-5", slice(-5, None))]
)
def test_range_has_exactly_its_bytes(get, asked, sent):
    answer = get(range=f"bytes={asked}")
    assert answer.status_code == 206
    assert body(answer) == DATA[sent]


def test_another_version_is_sent_from_its_beginning(get):
    answer = get(range="bytes=5-", if_range='"another"')
    assert (answer.status_code, "Content-Range" in answer) == (200, False)
    assert body(answer) == DATA
    assert get(if_none_match=answer["ETag"]).status_code == 304
    assert get(if_match='"another"').status_code == 412


def test_range_behind_the_end_is_refused(get):
    answer = get(range=f"bytes={len(DATA)}-")
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(DATA)}")


def test_saved_original_has_ranges_but_not_a_shown_one(staff, call, app):
    order = a_filed_order(app, a_cin())
    shown = f"/jobs/{order}/documents/1/file"
    whole = body(call("GET", f"/api/v1{shown}"))
    for answer in (
        call("GET", f"/api/v1{shown}", Range="bytes=5-"),
        staff.get(f"{shown}?download", headers={"Range": "bytes=5-"}),
    ):
        assert (answer.status_code, body(answer)) == (206, whole[5:])
    answer = staff.get(shown, headers={"Range": "bytes=5-"})
    assert (answer.status_code, body(answer), "Accept-Ranges" in answer) == (200, whole, False)
    assert is_problem(call("GET", f"/api/v1{shown}", Range="bytes=999-"), 416)


def test_each_address_of_a_zip_has_ranges(staff, call, app):
    order = a_filed_order(app, a_cin())
    made = call("POST", "/api/v1/exports", {"jobId": order}).json()["exportId"]
    work(app)
    link = call("POST", f"/api/v1/exports/{made}/links", {}).json()["url"]
    addresses = (f"/exports/{made}/parts/1/", f"/api/v1/exports/{made}/parts/1", f"{link}1.zip")
    whole = body(staff.get(addresses[0]))
    for address in addresses:
        answer = staff.get(address, headers={"Range": "bytes=100-"})
        assert (answer.status_code, body(answer)) == (206, whole[100:])
        assert staff.get(address, headers={"Range": "bytes=9999999-"})["Content-Range"] == f"bytes */{len(whole)}"
        head = staff.head(address, headers={"Range": "bytes=100-"})
        assert (head.status_code, head["Content-Length"]) == (200, str(len(whole)))
        head.close()
    assert is_problem(staff.get(addresses[1], headers={"Range": "bytes=9999999-"}), 416)
    assert ExportLink.objects.get(export_id=made).downloads == 0
    body(staff.get(addresses[2]))
    assert ExportLink.objects.get(export_id=made).downloads == 1
    audited = [each.details for each in app.audit.of_job(made, 9) if each.action is Action.LINK_DOWNLOAD]
    assert sorted(audited) == ["part 1", f"part 1, bytes 100-{len(whole) - 1}/{len(whole)}"]
