"""Pages do not jump while they load, and answer clicks and keys quickly, on a slow processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Site, Visitor, a_site

MOST_MILLISECONDS = 100
#: Zero, but for a font that arrives late on a busy machine. Browsers call 0.1 good.
MOST_SHIFT = 0.001
SLOWDOWN = 4
TRIES = 6
PATHS = ("/", "/jobs/", "/jobs/{job}/", "/companies/", "/order/", "/account/")

_OBSERVE = """
window.shifts = []; window.durations = [];
new PerformanceObserver(list => { for (const entry of list.getEntries())
  if (!entry.hadRecentInput) window.shifts.push(entry.value); }).observe({type: "layout-shift", buffered: true});
new PerformanceObserver(list => { for (const entry of list.getEntries())
  if (entry.interactionId) window.durations.push(entry.duration); })
  .observe({type: "event", durationThreshold: 16, buffered: true});
"""


@pytest.fixture(scope="module")
def full_site(browser, tmp_path_factory) -> Iterator[tuple[Site, str]]:
    """A site whose first page of jobs is full, with one of them; none runs while the browser is measured."""
    with a_site(tmp_path_factory.mktemp("speed"), MAX_WORKERS="1") as site:
        later = datetime.now(UTC) + timedelta(days=300)
        done = site.machine.manage("create_jobs", "--count", "60", "--not-before", f"{later:%Y-%m-%dT%H:%M}")
        assert done.returncode == 0, done.stderr
        yield site, done.stdout.split()[0]


@pytest.fixture
def visitor(full_site, arrives) -> Visitor:
    visitor = arrives(full_site[0])
    visitor.context.add_init_script(_OBSERVE)
    return visitor


@pytest.mark.parametrize("path", PATHS)
def test_nothing_jumps_while_a_page_loads(full_site, visitor, path):
    page = visitor.page
    session = visitor.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(path.format(job=full_site[1]), wait_until="networkidle")
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    assert page.evaluate("window.shifts.reduce((sum, each) => sum + each, 0)") <= MOST_SHIFT


def _tick_a_row(page: Page) -> None:
    page.locator("input[name=job]").first.click()
    expect(page.locator("#selected")).to_be_visible()


def _tick_all(page: Page) -> None:
    page.get_by_label("all shown").click()
    expect(page.locator("#selected")).to_contain_text("selected")


def _open_search(page: Page) -> None:
    page.keyboard.press("/")


def _open_shortcuts(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


@pytest.mark.parametrize("interaction", [_tick_a_row, _tick_all, _open_search, _open_shortcuts])
def test_interactions_are_quick_on_a_slow_processor(visitor, interaction: Callable[[Page], None]):
    """From the event to the next frame. The best of some tries: other processes delay single ones, but not all."""
    page = visitor.page
    session = visitor.context.new_cdp_session(page)
    durations = []
    for _ in range(TRIES):
        page.goto("/jobs/", wait_until="networkidle")
        assert page.locator("input[name=job]").count() >= 50
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        interaction(page)
        # Entries of at least 16 ms are reported with the next frames.
        page.evaluate("new Promise(done => setTimeout(() => requestAnimationFrame(done), 60))")
        durations.append(max(page.evaluate("window.durations"), default=0))
        session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        if durations[-1] < MOST_MILLISECONDS:
            break
    assert min(durations) < MOST_MILLISECONDS, durations
