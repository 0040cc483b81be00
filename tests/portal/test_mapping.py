"""Mistakes in a portal's mapping give one sentence that names the entry."""

from __future__ import annotations

import pytest

from jobs.domain.errors import ConfigurationError
from tests.portal.conftest import EXAMPLE
from worker.sources.portal.mapping import load

TEXT = EXAMPLE.read_text(encoding="utf-8")


def test_example_is_valid():
    mapping = load(EXAMPLE)
    assert mapping.portal.host == "filings.example.com"
    assert mapping.login
    assert mapping.limits.bytes == 100_000_000


def test_login_can_be_left_out(tmp_path):
    path = tmp_path / "portal.toml"
    begin, end = TEXT.index("[login]"), TEXT.index("[listing]")
    path.write_text(TEXT[:begin] + TEXT[end:])
    assert load(path).login is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('address = "https://filings.example.com"', "", "[portal] address is missing."),
        ('"https://filings.example.com"', '"ftp://filings"', "[portal] address must be http:// or https://"),
        ('"https://filings.example.com"', '"https://filings.example.com/x"', "[portal] address must be"),
        ("requests_per_second = 1.0", "requests_per_second = 0", "[limits] requests_per_second must be a number from"),
        ("concurrency = 2", "concurrency = true", "[limits] concurrency must be a number from 1 to 64."),
        ("concurrency = 2", "concurrency = 1.5", "[limits] concurrency must be a whole number from 1 to 64."),
        ('page = "/login"', 'page = "//elsewhere/login"', '[login] page must begin with one "/".'),
        ("/companies/{cin}/filings", "/companies", "[listing] page must contain {cin}."),
        ('rows = "table#filings tbody tr"', 'rows = "table["', '[listing] rows "table[" is not a CSS selector.'),
        ('empty = "p.no-filings"', "", "[listing] empty is missing."),
        ('"%d/%m/%Y"', '"%d/%m"', '[listing] date_format "%d/%m" must contain day, month and year'),
        ('"%d/%m/%Y"', '"%Q"', '[listing] date_format "%Q" must contain day, month and year'),
        ('link = "td a.download"', "link = 5", "[listing.columns] link must be a text."),
        ('srn = "td.srn"', 'number = "td.srn"', "[listing.columns] number is not known; known are document_type"),
        ("[check]", "[checks]", "checks is not known; known are check, limits, listing, login, portal."),
        ("[portal]", "[portal", "is not valid TOML"),
    ],
)
def test_mistake_is_named(tmp_path, old, new, told):
    path = tmp_path / "portal.toml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as raised:
        load(path)
    assert told in str(raised.value)
    assert str(raised.value).startswith(f"PORTAL_MAPPING={path}")


def test_filings_need_something_that_identifies_them(tmp_path):
    path = tmp_path / "portal.toml"
    path.write_text(TEXT.replace('srn = "td.srn"\n', "").replace('file_name = "td.file"\n', ""))
    with pytest.raises(ConfigurationError, match="needs srn or file_name"):
        load(path)


def test_unreadable_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")
    path = tmp_path / "portal.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load(path)
