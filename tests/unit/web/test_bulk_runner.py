"""The thread of bulk actions."""

from __future__ import annotations

from jobs.web.bulk_runner import pause_after


def test_pauses_grow_to_a_minute_and_stay_there():
    assert [pause_after(failures) for failures in (0, 1, 2, 6, 7, 5_000)] == [1, 2, 4, 60, 60, 60]
