"""Orders that start no earlier than a time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from tests.integration.conftest import ordered, text_of
from tests.making import a_cin

pytestmark = [pytest.mark.server, pytest.mark.django_db]

CIN = "L24295GJ1987PLC143792"


def a_day_later(app) -> tuple[datetime, str]:
    """The time, and as it is entered in the page's zone."""
    time = (app.clock() + timedelta(days=1)).replace(second=0, microsecond=0)
    return time, f"{time.astimezone(ZoneInfo(settings.TIME_ZONE_SHOWN)):%Y-%m-%dT%H:%M}"


def test_delayed_company_can_be_run_now(staff, app):
    tomorrow, here = a_day_later(app)
    staff.post("/order/", {"cin": CIN, "company": "Example", "not_before": here})
    (job,) = ordered(app)
    assert job.run_after == job.due_at == tomorrow
    assert app.jobs.claim_next("w", 60) is None
    assert "Run now" in text_of(staff.get(f"/jobs/{job.id}/"))
    page = staff.post(f"/jobs/{job.id}/run_now/", follow=True)
    assert "The job is due now, with the highest priority." in text_of(page)
    assert app.jobs.claim_next("w", 60).id == job.id
    assert "Run now" not in text_of(staff.get(f"/jobs/{job.id}/"))


def test_times_of_a_list_are_in_the_page_s_zone(staff, app):
    tomorrow, here = a_day_later(app)
    rows = f"{a_cin()},Here,0,{here}\n{a_cin()},There,0,{tomorrow:%Y-%m-%dT%H:%MZ}"
    preview = text_of(staff.post("/order/list/", {"list": rows}))
    assert preview.count(f"{tomorrow.astimezone(ZoneInfo(settings.TIME_ZONE_SHOWN)):%-d %b %Y, %H:%M:%S}</time>") == 2
    confirm = re.search(r'action="(/order/upload/[0-9a-f]{24}/)"', preview)
    staff.post(confirm.group(1))
    assert {job.run_after for job in ordered(app)} == {tomorrow}
