"""Downloads from a portal: broken transfers, throttling, wrong answers, limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from jobs.domain.errors import DocumentUnavailable, DocumentUnreadable, SourceOnHold, SourceUnavailable
from tests.portal.conftest import CIN, download
from tests.portal.stand_in import content
from worker.sources.portal import client as client_module

pytestmark = pytest.mark.server

LARGE = 300_000
FILE = "/files/"


@pytest.fixture
def filing(source):
    return source.filings(CIN, "Company")[2]


def test_file_arrives_unchanged(source, filing):
    assert download(source, filing) == content(CIN, 3)


def test_later_run_reads_the_links_again(make_source, filing):
    assert download(make_source(), filing) == content(CIN, 3)


def test_broken_download_goes_on_where_it_broke(source, filing, portal):
    portal.set(padding=LARGE)
    portal.fault(FILE, "truncate", bytes=100_000, times=2)
    assert download(source, filing) == content(CIN, 3, LARGE)
    requests = portal.requests(FILE)
    assert [bool(each["Range"]) for each in requests] == [False, True, True]
    assert requests[1]["If-Range"]


def test_file_that_changed_is_not_joined(source, filing, portal):
    portal.set(padding=LARGE)
    portal.fault(FILE, "truncate", bytes=100_000, times=1)
    chunks = source.download(CIN, "Company", filing, 1)
    next(chunks)
    portal.set(edition=2)
    with pytest.raises(DocumentUnavailable, match="changed while it was downloaded"):
        list(chunks)


@pytest.mark.parametrize("lacking", ["ranges", "etags"])
def test_portal_without_ranges_sends_all_again(source, filing, portal, lacking):
    portal.set(padding=LARGE, **{lacking: False})
    portal.fault(FILE, "truncate", bytes=100_000, times=1)
    assert download(source, filing) == content(CIN, 3, LARGE)
    assert len(portal.requests(FILE)) == 2


def test_file_cut_at_its_beginning_is_unavailable(source, filing, portal):
    portal.fault(FILE, "truncate", bytes=100, times=1)
    with pytest.raises(DocumentUnavailable, match="could not be downloaded"):
        download(source, filing)
    assert download(source, filing) == content(CIN, 3)


def test_web_page_instead_of_a_file_is_unavailable(source, filing, portal):
    portal.fault(FILE, "html")
    with pytest.raises(DocumentUnavailable, match=r'a web page instead of .*titled "Please try again later"'):
        download(source, filing)


def test_other_types_are_unavailable(source, filing, portal):
    portal.fault(FILE, "json")
    with pytest.raises(DocumentUnavailable, match="sent application/json instead of"):
        download(source, filing)


def test_session_that_expires_before_a_file_is_renewed(source, filing, portal):
    portal.set(expire=True)
    assert download(source, filing) == content(CIN, 3)
    assert len(portal.requests("/login")) == 5


def test_missing_file_is_looked_for_once_more(source, filing, portal):
    portal.fault(FILE, "status", status=404)
    before = len(portal.requests("filings"))
    with pytest.raises(DocumentUnavailable, match="any more"):
        download(source, filing)
    assert len(portal.requests(FILE)) == 1
    assert len(portal.requests("filings")) > before


def test_fault_of_one_file_concerns_it_alone(source, filing, portal):
    portal.fault(FILE, "status", status=500)
    with pytest.raises(DocumentUnavailable, match="500 Internal Server Error"):
        download(source, filing)


def test_fault_of_the_portal_is_not_the_document_s(source, filing, portal):
    portal.fault("", "status", status=503)
    with pytest.raises(SourceUnavailable):
        download(source, filing)


def test_redirect_to_another_host_is_not_followed(source, filing, portal):
    portal.fault(FILE, "redirect", to="http://localhost:9/elsewhere")
    with pytest.raises(DocumentUnavailable, match="another host"):
        download(source, filing)


def test_redirect_within_the_portal_is_followed(source, filing, portal):
    portal.fault(f"{FILE}{CIN}/1003", "redirect", to=f"{FILE}{CIN}/1004")
    assert download(source, filing) == content(CIN, 4)


def test_file_over_the_limit_is_refused(make_source, filing, portal):
    portal.set(padding=LARGE)
    with pytest.raises(DocumentUnreadable, match=r"larger than 0\.2 MB"):
        download(make_source(megabytes="0.2"), filing)


def test_silent_portal_times_out(make_source, filing, portal):
    portal.fault(FILE, "", seconds=3)
    with pytest.raises(DocumentUnavailable, match="sent nothing for too long"):
        download(make_source(read_seconds="0.3"), filing)


def test_dripping_file_reaches_the_total_limit(make_source, filing, portal):
    portal.fault(FILE, "drip", bytes=50, pause=0.2)
    with pytest.raises(DocumentUnavailable, match="longer than the time limit"):
        download(make_source(total_seconds="0.5"), filing)


# --- throttling


def test_retry_after_pauses_every_worker(source, make_source, filing, portal):
    portal.fault(FILE, "status", status=429, headers={"Retry-After": "1"}, times=1)
    assert download(source, filing) == content(CIN, 3)
    first, second = portal.requests(FILE)
    assert second["at"] - first["at"] >= 0.95


def test_retry_after_as_a_date_is_understood(source, filing, portal):
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    portal.fault(FILE, "status", status=503, headers={"Retry-After": until}, times=1)
    assert download(source, filing) == content(CIN, 3)
    first, second = portal.requests(FILE)
    assert second["at"] - first["at"] >= 1


@pytest.mark.parametrize(
    ("given", "seconds"), [("86400", 900), ("Fri, 31 Dec 9999 23:59:59 GMT", 900), ("soon", 30), ("", 30)]
)
def test_long_retry_after_puts_the_job_back(make_source, filing, portal, given, seconds):
    portal.fault(FILE, "status", status=429, headers={"Retry-After": given})
    with pytest.raises(SourceOnHold) as raised:
        download(make_source(longest_wait_seconds="2"), filing)
    assert raised.value.seconds == seconds
    assert len(portal.requests(FILE)) == 1


def test_pause_between_tries_grows(monkeypatch, make_source, filing, portal):
    portal.fault(FILE, "close")
    source, slept = make_source(), []
    monkeypatch.setattr(client_module.random, "random", lambda: 1.0)
    source.client.sleep = slept.append
    with pytest.raises(DocumentUnavailable):
        download(source, filing)
    assert slept == [0.5, 1.0]
