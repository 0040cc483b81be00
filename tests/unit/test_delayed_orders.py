"""The earliest start of an order, as entered."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jobs.domain.wrong_use import InvalidOrder
from jobs.services.orders import not_before
from jobs.web.orders_csv import rows_of

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
CIN = "L24295GJ1987PLC143792"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        (None, None),
        ("2026-01-06", datetime(2026, 1, 6, tzinfo=UTC)),
        (" 2026-01-06T06:30 ", datetime(2026, 1, 6, 6, 30, tzinfo=UTC)),
        ("2026-01-06 06:30:00Z", datetime(2026, 1, 6, 6, 30, tzinfo=UTC)),
        ("2026-01-06T12:00+05:30", datetime(2026, 1, 6, 6, 30, tzinfo=UTC)),
        (datetime(2026, 1, 6, 12, tzinfo=timezone(timedelta(hours=5))), datetime(2026, 1, 6, 7, tzinfo=UTC)),
    ],
)
def test_time_is_utc_unless_it_has_an_offset(text, expected):
    assert not_before(text, NOW) == expected


@pytest.mark.parametrize("text", ["soon", "06.01.2026", "2026-13-01", "2027-02-01", "0001-01-01T00:00+14:00"])
def test_invalid_time_is_refused(text):
    with pytest.raises(InvalidOrder):
        not_before(text, NOW)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"{CIN},Acme", ("Acme", "", "")),
        (f"{CIN},Acme, Ltd,5", ("Acme, Ltd", "5", "")),
        (f"{CIN},Acme, Ltd,5, 2026-01-06T06:30", ("Acme, Ltd", "5", "2026-01-06T06:30")),
        (f"{CIN},Acme,,2026-01-06", ("Acme", "", "2026-01-06")),
        (f"{CIN},Acme,2026-01-06", ("Acme", "", "2026-01-06")),
        (f"{CIN};Acme;5;2026-01-06", ("Acme", "5", "2026-01-06")),
        (f'{CIN},"Acme, Ltd",5,2026-01-06', ("Acme, Ltd", "5", "2026-01-06")),
        (f"cin,not before,company\n{CIN},2026-01-06,Acme", ("Acme", "", "2026-01-06")),
    ],
)
def test_row_may_end_with_a_time(line, expected):
    (row,) = rows_of("list", io.BytesIO(line.encode()))
    assert (row.order.company_name, row.order.priority, row.order.not_before) == expected
