"""Which bytes a request asks for."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from jobs.web.ranges import range_of

TAG = '"tag"'


def asked(method="GET", **headers):
    request = RequestFactory().generic(
        method, "/", headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    return range_of(request, 100, TAG)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("bytes=0-", range(100)),
        ("bytes=10-19", range(10, 20)),
        ("Bytes= 99- ", range(99, 100)),
        ("bytes=90-500", range(90, 100)),
        ("bytes=-1", range(99, 100)),
        ("bytes=-500", range(100)),
        ("bytes=000-0", range(1)),
    ],
)
def test_one_range_is_understood(given, wanted):
    assert asked(range=given) == wanted


@pytest.mark.parametrize("given", ["bytes=100-", "bytes=100-200", "bytes=-0", f"bytes={'9' * 18}-"])
def test_range_beyond_the_end_is_empty(given):
    found = asked(range=given)
    assert found is not None
    assert not found


@pytest.mark.parametrize(
    "given",
    [
        "bytes=0-1,5-6",
        "bytes=5-2",
        "bytes=-",
        "bytes=a-",
        "bytes=٣-",
        "lines=1-2",
        "bytes 1-2",
        f"bytes={'9' * 19}-",
        "",
    ],
)
def test_anything_else_means_the_whole_file(given):
    assert asked(range=given) is None


def test_condition_and_method_decide():
    assert asked(range="bytes=1-", if_range=TAG) == range(1, 100)
    for other in ('"other"', f"W/{TAG}", "Mon, 30 Nov 2026 10:00:00 GMT"):
        assert asked(range="bytes=1-", if_range=other) is None
    assert asked("HEAD", range="bytes=1-") is None
