"""The state of sources on the dashboard and in the metrics."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.domain.sources import BreakerRule, HostLimits
from jobs.web.pages.dashboard import live
from tests.integration.conftest import text_of

pytestmark = [pytest.mark.server, pytest.mark.django_db]

RULE = BreakerRule(failures=1, first=timedelta(seconds=30), longest=timedelta(seconds=60))


def test_dashboard_shows_sources_on_hold(staff, app):
    assert "on hold" not in text_of(staff.get("/"))
    app.breakers.fail("portal", "The portal <b>does not answer</b>.", RULE)
    for place in ("a", "b", "c"):
        app.hosts.join("portal.example.com", HostLimits(per_second=0.5, concurrency=2), place, 60)
    live.cache_clear()
    page = text_of(staff.get("/"))
    assert "on hold since" in page
    assert "The portal &lt;b&gt;does not answer&lt;/b&gt;." in page
    assert "Next probe:" in page
    assert "2 of 2 requests in progress, 1 waiting" in page
    assert "at most 0.5 per second" in page


def test_metrics_show_permits_and_holds(client, app):
    def value(name: str) -> float:
        lines = text_of(client.get("/metrics")).splitlines()
        return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))

    assert value("filesure_source_on_hold_seconds") == 0
    breaker, _ = app.breakers.fail("portal", "The portal does not answer.", RULE)
    app.database["breakers"].update_one({"_id": "portal"}, {"$set": {"since": breaker.since - timedelta(hours=1)}})
    for place in ("a", "b", "c"):
        app.hosts.join("portal.example.com", HostLimits(per_second=1, concurrency=2), place, 60)
    assert value("filesure_source_on_hold_seconds") >= 3600
    assert value("filesure_source_requests_in_progress") == 2
    assert value("filesure_source_requests_waiting") == 1
    assert value("filesure_source_requests_limit") == 2
