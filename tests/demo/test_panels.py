"""Panels that are drawn without Grafana show what Prometheus said, in Grafana's words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.demo import panels
from tests.demo.camera import HEIGHT, WIDTH
from tests.monitoring.committed import DASHBOARDS
from tests.servers.chromium import chromium
from tests.servers.prometheus import Series

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]
SINCE, UNTIL = 1_800_000_000.0, 1_800_000_600.0
COLOUR = "element => getComputedStyle(element).color"


class Told:
    """A Prometheus that answers each query with two series, or with none at all."""

    def __init__(self, *values: float) -> None:
        self._values = values

    def series(self, query: str, since: float, until: float, step: float) -> list[Series]:
        states = zip(("completed", "failed"), self._values, strict=False)
        return [({"state": state, "reason": state}, [(since, 1.0), (until, value)]) for state, value in states]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_every_panel_is_drawn_and_the_page_says_that_it_is_not_grafana(page: Page, board) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    panels.show(page, board, Told(3.0, 12.0), SINCE, UNTIL)  # type: ignore[arg-type]
    drawn = page.locator("section:not(.row)")
    assert drawn.count() == sum(panel["type"] != "row" for panel in board["panels"])
    assert page.locator("section.timeseries canvas").count() == page.locator("section.timeseries").count()
    assert page.locator("header p").inner_text().startswith("Not Grafana: drawn from the queries in k8s/base/")
    assert problems == []


def test_numbers_have_their_states_names_and_colours(page: Page) -> None:
    panels.show(page, DASHBOARDS["operations"], Told(1234.0, 2.0), SINCE, UNTIL)  # type: ignore[arg-type]
    first = page.locator("section.stat").first
    assert first.inner_text().split() == ["Jobs", "by", "state", "1.23", "K", "completed", "2", "failed"]
    colours = [first.locator("b").nth(number).evaluate(COLOUR) for number in (0, 1)]
    assert colours == ["rgb(115, 191, 105)", "rgb(242, 73, 92)"]


def test_where_nothing_is_known_a_dash_is_shown(page: Page) -> None:
    panels.show(page, DASHBOARDS["operations"], Told(), SINCE, UNTIL)  # type: ignore[arg-type]
    assert set(page.locator(".none").all_inner_texts()) == {"–"}


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("short", 0, "0"), ("short", 999, "999"), ("short", 1_234_567, "1.23 Mil"), ("percentunit", 0.054, "5.4 %"),
        ("s", 0, "0 s"), ("s", 0.0042, "4.2 ms"), ("s", 1.5, "1.5 s"), ("s", 90, "1.5 min"), ("s", 5400, "1.5 h"),
        ("bytes", 1536, "1.5 KiB"), ("Bps", 2_097_152, "2 MiB/s"), ("ops", 2.5, "2.5 ops/s"),
        ("reqps", 3, "3 req/s"), ("suffix: /min", 12.34, "12.3 /min"), ("percentunit", -0.5, "-50 %"),
    ],
)  # fmt: skip
def test_units_are_written_as_grafana_does(page: Page, unit: str, value: float, text: str) -> None:
    page.goto(panels.PAGE.as_uri())
    assert page.evaluate("([value, unit]) => told(value, unit)", [value, unit]) == text


def test_all_units_of_the_dashboards_are_known(page: Page) -> None:
    used = {
        panel["fieldConfig"]["defaults"]["unit"]
        for board in DASHBOARDS.values() for panel in board["panels"] if panel["type"] != "row"
    }  # fmt: skip
    page.goto(panels.PAGE.as_uri())
    assert all(page.evaluate("unit => told(1, unit)", unit) for unit in used)
