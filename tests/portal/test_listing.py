"""The lists of a portal: pages, sessions, changes."""

from __future__ import annotations

from datetime import date

import pytest

from jobs.domain.errors import CompanyNotFound, SourceChanged, SourceUnavailable
from tests.portal.conftest import CIN
from tests.portal.stand_in import EMPTY_CIN

pytestmark = pytest.mark.server

LIST = f"/companies/{CIN}/filings"


def test_all_pages_are_read(source):
    filings = source.filings(CIN, "Company")
    assert [filing.number for filing in filings] == list(range(1, 26))
    assert len({filing.key for filing in filings}) == 25
    first = filings[0]
    assert (first.document_type, first.srn, first.filed_on) == ("DIR-12", "T00001001", date(2024, 2, 2))
    assert filings[1].document_type == "MGT-7"


def test_client_introduces_itself(source, portal):
    source.filings(CIN, "Company")
    assert {each["User-Agent"] for each in portal.requests()} == {"Filesure (filings@yourcompany.example)"}


def test_first_page_is_asked_conditionally_again(source, portal):
    source.filings(CIN, "Company")
    assert [bool(each["If-None-Match"]) for each in portal.requests(LIST)] == [False, False, False, True]


def test_list_that_grows_while_it_is_read(source, portal):
    portal.fault(r"page=2", "grow", times=1)
    filings = source.filings(CIN, "Company")
    assert sorted(filing.srn for filing in filings) == [f"T{number:08d}" for number in range(1000, 1026)]
    assert [filing.number for filing in filings] == list(range(1, 27))


def test_list_that_always_grows_ends(source, portal):
    portal.set(etags=False)
    portal.fault(r"page=2", "grow")
    filings = source.filings(CIN, "Company")
    assert len({filing.key for filing in filings}) == len(filings) >= 27


def test_unknown_company_is_not_found(source):
    with pytest.raises(CompanyNotFound, match="does not know"):
        source.filings("U00000KA2000PTC999999", "Company")


def test_company_without_filings_has_none(source, portal):
    portal.set(companies={EMPTY_CIN: 0})
    assert source.filings(EMPTY_CIN, "Company") == []


def test_changed_page_names_page_and_selector(source, portal):
    portal.fault(LIST, "changed")
    with pytest.raises(SourceChanged) as raised:
        source.filings(CIN, "Company")
    assert LIST in str(raised.value)
    assert "'table#filings tbody tr'" in str(raised.value)
    assert "[listing] rows" in str(raised.value)


@pytest.mark.parametrize(
    ("entry", "value", "told"),
    [
        ("srn", '"td.number"', "[listing.columns] srn, 'td.number'"),
        ("link", '"td a.get"', "[listing.columns] link, 'td a.get'"),
        ("date_format", '"%Y-%m-%d"', "[listing] date_format, '%Y-%m-%d'"),
        ("form", '"form.signin"', "[login] form, 'form.signin'"),
        ("success", '"p.welcome"', "[login] success, 'p.welcome'"),
    ],
)
def test_wrong_selector_is_named(make_source, entry, value, told):
    with pytest.raises(SourceChanged) as raised:
        make_source(**{entry: value}).filings(CIN, "Company")
    assert told in str(raised.value)


def test_next_link_in_a_circle_is_a_change(source, portal):
    portal.set(circular=True)
    with pytest.raises(SourceChanged, match="has no end"):
        source.filings(CIN, "Company")


def test_next_link_to_a_file_is_a_change(make_source):
    with pytest.raises(SourceChanged, match="application/pdf, not HTML"):
        make_source(next='"td a.download"').filings(CIN, "Company")


def test_expired_session_is_renewed_once(source, portal):
    source.filings(CIN, "Company")
    portal.set(expire=True)
    assert len(source.filings(CIN, "Company")) == 25
    assert len(portal.requests("/login")) == 2 * 2 + 1


def test_wrong_password_is_said_and_not_repeated(make_source, portal):
    with pytest.raises(SourceUnavailable, match="PORTAL_USER or PORTAL_PASSWORD"):
        make_source(password="wrong").filings(CIN, "Company")
    assert len(portal.requests("/login")) == 2


def test_redirect_to_another_host_is_not_followed(source, portal):
    portal.fault(LIST, "redirect", to="http://localhost:9/elsewhere")
    with pytest.raises(SourceChanged, match="another host"):
        source.filings(CIN, "Company")


def test_faults_are_tried_again(source, portal):
    portal.fault(LIST, "status", status=502, times=1)
    portal.fault(LIST, "close", times=1)
    assert len(source.filings(CIN, "Company")) == 25


def test_source_that_is_down_is_unavailable(source, portal):
    portal.fault("", "status", status=503)
    with pytest.raises(SourceUnavailable, match="503 Service Unavailable"):
        source.check()
    assert len(portal.requests()) == 3


def test_check_reads_the_list(source, portal):
    assert "10 filings" in source.check()
    portal.fault(LIST, "changed")
    with pytest.raises(SourceChanged):
        source.check()
