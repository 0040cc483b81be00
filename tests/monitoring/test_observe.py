"""``make observe`` with fewer jobs."""

from __future__ import annotations

import pytest

from tests.monitoring.observe import observe


@pytest.mark.server
def test_prometheus_counts_exactly_with_full_panels() -> None:
    rows = observe(jobs=6)
    assert [row for row in rows if row.problem] == []
    assert {"exact", "panel", "alerting", "recording"} <= {row.kind for row in rows}
    assert int(rows[0].found) > 0, "no worker was killed"
