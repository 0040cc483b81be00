"""The dashboard's chart: its legend, and the way from a bar to its jobs; and its longest wait."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.making import a_cin

SECONDS = 120_000


@pytest.fixture
def page(site, asha):
    """The dashboard with a bar: a job was cancelled in this hour."""
    page = asha.page
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}"
    waiting = site.order(a_cin(), "Charted Limited", "--not-before", tomorrow)
    assert site.machine.manage("cancel_job", waiting).returncode == 0
    page.goto("/")
    expect(page.locator("#chart-table tbody tr")).not_to_have_count(0, timeout=SECONDS)
    page.get_by_text("As a table").click()
    return page


def _legend(page):
    return page.locator(".u-legend .u-value").all_inner_texts()


def test_legend_is_never_empty(page):
    begin, *sums = _legend(page)
    assert re.fullmatch(r"\d\d:\d\d|\d+ \w+", begin)
    assert int(sums[3]) >= 1
    page.locator("#chart .u-over").hover(position={"x": 3, "y": 40})
    assert _legend(page) == [begin, "0", "0", "0", "0"]
    page.get_by_role("heading", level=1).hover()
    assert all(_legend(page))
    assert int(_legend(page)[4]) >= 1


def test_click_on_a_bar_lists_its_jobs(page):
    rows = page.locator("#chart-table tbody tr")
    wanted = rows.last.get_by_role("link").get_attribute("href")
    over = page.locator("#chart .u-over")
    box = over.bounding_box()
    tip = page.locator("#chart .tip")
    for x in range(int(box["width"]) - 2, 0, -3):  # from the latest bar back
        over.hover(position={"x": x, "y": 40})
        if tip.is_visible():
            break
    expect(tip).to_contain_text("cancelled")
    assert not re.search(r"\b0 ", tip.inner_text())
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**/jobs/?ended_since=*")
    assert page.url.endswith(wanted)
    expect(page.get_by_role("link", name="Charted Limited").first).to_be_visible()


def test_keyboard_reaches_the_jobs_of_a_bar(page):
    page.get_by_text("As a table").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/?ended_since=*")
    expect(page.locator("main tbody tr").first).to_be_visible()


_RUNS = """
from datetime import timedelta
from jobs.bootstrap import application
from jobs.domain.job import Run, RunOutcome
app = application()
for number, (hours, waited) in enumerate([(30, 3600.0), (20, 10800.0)]):
    at = app.clock() - timedelta(hours=hours)
    ended = dict(finished_at=at, outcome=RunOutcome.ADVANCED)
    app.runs.start(Run(job_id="0" * 24, number=number, worker="w", fence=1, started_at=at, waited=waited, **ended))
"""


def test_longest_wait_is_compared_with_the_day_before(site, arrives):
    """Also on a phone."""
    site.shell(_RUNS)
    page = arrives(site, viewport={"width": 360, "height": 800}).page
    page.goto("/?span=day")
    card = page.locator(".metric", has_text="Oldest waiting job")
    expect(card).to_contain_text("longest 3 h,")
    expect(card).to_contain_text("▲ 2 h longer than the day before")
    expect(card.locator(".worse")).to_have_text("▲ 2 h")
    assert card.evaluate("each => each.scrollWidth <= each.clientWidth")
