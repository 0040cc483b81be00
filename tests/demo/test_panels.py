"""Panels drawn without Grafana show Prometheus's values, formatted like Grafana's."""

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


class FixedPrometheus:
    """A Prometheus that returns two series per query, or none."""

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
def test_every_panel_is_drawn(page: Page, board) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    panels.show(page, board, FixedPrometheus(3.0, 12.0), SINCE, UNTIL)  # type: ignore[arg-type]
    drawn = page.locator("section:not(.row)")
    assert drawn.count() == sum(panel["type"] != "row" for panel in board["panels"])
    assert page.locator("section.timeseries canvas").count() == page.locator("section.timeseries").count()
    assert page.locator("header p").inner_text().startswith("Not Grafana: drawn from the queries in k8s/base/")
    assert problems == []


def test_numbers_show_state_names_and_colours(page: Page) -> None:
    panels.show(page, DASHBOARDS["operations"], FixedPrometheus(1234.0, 2.0), SINCE, UNTIL)  # type: ignore[arg-type]
    first = page.locator("section.stat").first
    assert first.inner_text().split() == ["Jobs", "by", "state", "1.23", "K", "completed", "2", "failed"]
    colours = [first.locator("b").nth(number).evaluate(COLOUR) for number in (0, 1)]
    assert colours == ["rgb(115, 191, 105)", "rgb(242, 73, 92)"]


def test_missing_data_shows_a_dash(page: Page) -> None:
    panels.show(page, DASHBOARDS["operations"], FixedPrometheus(), SINCE, UNTIL)  # type: ignore[arg-type]
    assert set(page.locator(".none").all_inner_texts()) == {"–"}


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("short", 0, "0"),
        ("short", 999, "999"),
        ("short", 1_234_567, "1.23 Mil"),
        ("percentunit", 0.054, "5.4 %"),
        ("s", 0, "0 s"),
        ("s", 0.0042, "4.2 ms"),
        ("s", 1.5, "1.5 s"),
        ("s", 90, "1.5 min"),
        ("s", 5400, "1.5 h"),
        ("bytes", 1536, "1.5 KiB"),
        ("Bps", 2_097_152, "2 MiB/s"),
        ("ops", 2.5, "2.5 ops/s"),
        ("reqps", 3, "3 req/s"),
        ("suffix: /min", 12.34, "12.3 /min"),
        ("percentunit", -0.5, "-50 %"),
    ],
)
def test_units_are_formatted_like_grafana(page: Page, unit: str, value: float, text: str) -> None:
    page.goto(panels.PAGE.as_uri())
    assert page.evaluate("([value, unit]) => formatted(value, unit)", [value, unit]) == text


def test_every_dashboard_unit_is_known(page: Page) -> None:
    used = {
        panel["fieldConfig"]["defaults"]["unit"]
        for board in DASHBOARDS.values()
        for panel in board["panels"]
        if panel["type"] != "row"
    }
    page.goto(panels.PAGE.as_uri())
    assert all(page.evaluate("unit => formatted(1, unit)", unit) for unit in used)
