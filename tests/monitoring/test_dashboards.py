"""The committed dashboards are those that the code makes, and Grafana can show them."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.http import QueryDict
from django.urls import resolve

from jobs.domain.metrics import CATALOGUE
from jobs.forms import DocumentSearch, JobSearch
from k8s.dashboards.__main__ import files
from tests.monitoring.committed import DASHBOARDS, MONITORING, ROOT, dashboard_expressions, panels
from tests.servers.promtool import Promtool

EVERY_PANEL = [
    pytest.param(panel, id=f"{name}: {panel['title']}") for name, board in DASHBOARDS.items() for panel in panels(board)
]
SEARCHES = {"jobs": JobSearch, "documents": DocumentSearch}


@pytest.mark.parametrize(("path", "text"), files().items(), ids=lambda value: getattr(value, "name", ""))
def test_what_is_committed_is_what_make_dashboards_writes(path: Path, text: str) -> None:
    assert path.read_text() == text, f"make dashboards, and commit {path.relative_to(ROOT)}"


def test_promtool_parses_every_expression(promtool: Promtool, tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(dashboard_expressions())]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert len(rules) > 100
    assert not promtool.complaint("check", "rules", path)


def test_dashboards_have_addresses_of_their_own_and_the_same_variables() -> None:
    assert {board["uid"] for board in DASHBOARDS.values()} == {f"filesure-{name}" for name in DASHBOARDS}
    assert len({board["title"] for board in DASHBOARDS.values()}) == len(DASHBOARDS) == 4
    for board in DASHBOARDS.values():
        names = [variable["name"] for variable in board["templating"]["list"]]
        assert names == ["datasource", "namespace", "window", "site"]


def _imported(board: dict[str, Any], answers: dict[str, str]) -> dict[str, Any]:
    """As Grafana imports a file: what it asked for is put in everywhere (its DashTemplateEvaluator)."""
    asked = {each["name"] for each in board["__inputs"]}
    assert asked == set(answers)
    text = json.dumps({name: value for name, value in board.items() if name != "__inputs"})
    for name in asked:
        text = text.replace(f"${{{name}}}", answers[name])
    return dict(json.loads(text))


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_whoever_imports_one_by_hand_is_asked_for_the_data_source_only(board: dict[str, Any]) -> None:
    imported = _imported(board, {"DS_PROMETHEUS": "abc123"})
    variables = {each["name"]: each for each in imported["templating"]["list"]}
    assert variables["datasource"]["current"]["value"] == "abc123"
    left = set(re.findall(r"\$\{(\w+)", json.dumps(imported)))
    assert left - {"__field"} <= set(variables), "nothing but the dashboard's own variables is left to fill in"
    assert "id" not in imported, "it would take another dashboard's place"


def test_where_nobody_is_asked_the_data_source_is_found_by_its_name() -> None:
    provisioned = yaml.safe_load((MONITORING / "grafana/provisioning/datasources.yaml").read_text())
    names = [source["name"] for source in provisioned["datasources"] if source["type"] == "prometheus"]
    for board in DASHBOARDS.values():
        (variable,) = (each for each in board["templating"]["list"] if each["name"] == "datasource")
        assert [variable["current"]["text"]] == names


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_variables_ask_for_labels_that_their_metrics_have(board: dict[str, Any]) -> None:
    labels = {family.full_name: {*family.labels, "namespace"} for family in CATALOGUE}
    asked = [each["query"] for each in board["templating"]["list"] if each["type"] == "query"]
    for query in asked:
        found = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", query)
        assert found, query
        assert found[2] in labels[found[1]]
    assert any("site_info" in query for query in asked)


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_panels_have_ids_and_places_of_their_own(board: dict[str, Any]) -> None:
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in itertools.combinations(places, 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart or below, (one, other)


@pytest.mark.parametrize("panel", EVERY_PANEL)
def test_every_panel_is_explained_and_works_with_any_data_source(panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["description"].endswith(".")
    assert defaults["unit"]
    assert defaults["noValue"] == "–"
    assert defaults["thresholds"]["steps"][0]["value"] is None
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == panel["datasource"]["uid"] == "${datasource}"
        assert target["legendFormat"]
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("panel", EVERY_PANEL)
def test_legends_and_links_use_labels_that_the_expressions_leave(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        grouped = {label for group in re.findall(r"by \(([^)]*)\)", target["expr"]) for label in group.split(", ")}
        legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        linked = set(re.findall(r"__field\.labels\.(\w+)", str(panel["fieldConfig"]["defaults"].get("links", ""))))
        assert legend | linked <= grouped


@pytest.mark.parametrize(
    "panel", [each for each in EVERY_PANEL if "links" in each.values[0]["fieldConfig"]["defaults"]]
)
def test_links_lead_to_pages_that_know_these_filters(panel: dict[str, Any]) -> None:
    for link in panel["fieldConfig"]["defaults"]["links"]:
        assert link["url"].startswith("${site}/")
        address = urlsplit(re.sub(r"\$\{__field[^}]*\}", "", link["url"].removeprefix("${site}")))
        page = str(resolve(address.path).url_name)
        filters = QueryDict(address.query)
        if filters:
            search = SEARCHES[page](filters)
            assert set(filters) <= set(search.fields)
            # What the label will fill in is empty here, which no choice is.
            assert set(search.errors) <= {name for name, value in filters.items() if not value}
