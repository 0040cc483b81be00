"""Draws the committed dashboards' panels without Grafana, running their queries on a real Prometheus.

It supports only the features that these dashboards use: numbers, bars, lines, stacked lines, levels, state colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.monitoring.committed import MONITORING, ROOT
from tests.monitoring.observe import filled
from tests.servers.prometheus import Prometheus

PAGE = Path(__file__).with_name("panels.html")
_POINTS = 240


def show(page: Page, board: dict[str, Any], watching: Prometheus, since: float, until: float) -> None:
    """Open a page with all panels of a dashboard, from ``since`` to ``until``."""
    name = board["uid"].removeprefix("filesure-")
    file = (MONITORING / f"grafana/dashboards/{name}.json").relative_to(ROOT)
    page.goto(PAGE.as_uri())
    panels = list(_panels(board, watching, since, until))
    page.evaluate(
        "show", {"title": board["title"], "file": str(file), "since": since, "until": until, "panels": panels}
    )


def _panels(board: dict[str, Any], watching: Prometheus, since: float, until: float) -> Iterator[dict[str, Any]]:
    for panel in board["panels"]:
        shown = {"title": panel["title"], "type": panel["type"], "place": panel["gridPos"]}
        if panel["type"] == "row":
            yield shown
            continue
        looks = panel["fieldConfig"]["defaults"]
        stacking = looks.get("custom", {}).get("stacking", {}).get("mode", "none")
        yield shown | {
            "unit": looks["unit"],
            "least": looks.get("min"),
            "most": looks.get("max"),
            "none": looks["noValue"],
            "levels": looks["thresholds"]["steps"],
            "dashed": "thresholdsStyle" in looks.get("custom", {}),
            "stacked": stacking == "normal",
            "series": list(_series(panel, watching, since, until)),
        }


def _series(panel: dict[str, Any], watching: Prometheus, since: float, until: float) -> Iterator[dict[str, Any]]:
    colours = {each["matcher"]["options"]: _colour(each) for each in panel["fieldConfig"]["overrides"]}
    for target in panel["targets"]:
        begin, step = (until, 1.0) if target["instant"] else (since, (until - since) / _POINTS)
        for labels, values in watching.series(filled(target["expr"]), begin, until, step):
            name = re.sub(r"\{\{(\w+)\}\}", lambda found, known=labels: known.get(found[1], ""), target["legendFormat"])
            yield {"name": name, "colour": colours.get(name), "values": values}


def _colour(override: dict[str, Any]) -> str | None:
    fixed = [each["value"]["fixedColor"] for each in override["properties"] if each["id"] == "color"]
    return fixed[0] if fixed else None
