"""The committed dashboards are what the code generates, and Grafana can show them."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from django.http import QueryDict
from django.urls import resolve

from jobs.telemetry.metrics import CATALOGUE
from jobs.web.forms import DocumentSearch, JobSearch
from k8s.dashboards.__main__ import files
from tests.monitoring.committed import DASHBOARDS, MONITORING, ROOT, dashboard_expressions, panels
from tests.servers.promtool import Promtool

EVERY_PANEL = [
    pytest.param(panel, id=f"{name}: {panel['title']}") for name, board in DASHBOARDS.items() for panel in panels(board)
]
SEARCHES = {"jobs": JobSearch, "documents": DocumentSearch}


@pytest.mark.parametrize(("path", "text"), files().items(), ids=lambda value: getattr(value, "name", ""))
def test_committed_dashboards_are_current(path: Path, text: str) -> None:
    assert path.read_text() == text, f"make dashboards, and commit {path.relative_to(ROOT)}"


def test_promtool_parses_every_expression(promtool: Promtool, tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(dashboard_expressions())]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert len(rules) > 100
    assert not promtool.complaint("check", "rules", path)


def test_dashboards_have_unique_ids_and_shared_variables() -> None:
    assert {board["uid"] for board in DASHBOARDS.values()} == {f"filesure-{name}" for name in DASHBOARDS}
    assert len({board["title"] for board in DASHBOARDS.values()}) == len(DASHBOARDS) == 5
    for board in DASHBOARDS.values():
        names = [variable["name"] for variable in board["templating"]["list"]]
        assert names == ["datasource", "namespace", "window", "site", "loki", "azure"]


def _imported(board: dict[str, Any], answers: dict[str, str]) -> dict[str, Any]:
    """Import a file as Grafana's DashTemplateEvaluator does: fill in the inputs everywhere."""
    asked = {each["name"] for each in board["__inputs"]}
    assert asked == set(answers)
    text = json.dumps({name: value for name, value in board.items() if name != "__inputs"})
    for name in asked:
        text = text.replace(f"${{{name}}}", answers[name])
    return dict(json.loads(text))


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_manual_import_asks_only_for_data_source(board: dict[str, Any]) -> None:
    imported = _imported(board, {"DS_PROMETHEUS": "abc123"})
    variables = {each["name"]: each for each in imported["templating"]["list"]}
    assert variables["datasource"]["current"]["value"] == "abc123"
    left = set(re.findall(r"\$\{(\w+)", json.dumps(imported)))
    assert left - {"__field", "__from", "__to"} <= set(variables), (
        "nothing but the dashboard's own variables is left to fill in"
    )
    assert "id" not in imported, "it would take another dashboard's place"


def test_provisioned_dashboards_find_their_data_source() -> None:
    provisioned = yaml.safe_load((MONITORING / "grafana/provisioning/datasources.yaml").read_text())
    names = [source["name"] for source in provisioned["datasources"] if source["type"] == "prometheus"]
    for board in DASHBOARDS.values():
        (variable,) = (each for each in board["templating"]["list"] if each["name"] == "datasource")
        assert [variable["current"]["text"]] == names


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_variables_use_existing_labels(board: dict[str, Any]) -> None:
    labels = {family.name: {*family.labels, "namespace"} for family in CATALOGUE}
    asked = [each["query"] for each in board["templating"]["list"] if each["type"] == "query"]
    for query in asked:
        found = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", query)
        assert found, query
        assert found[2] in labels[found[1]]
    assert any("site_info" in query for query in asked)


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_panels_have_unique_ids_and_places(board: dict[str, Any]) -> None:
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in itertools.combinations(places, 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart or below, (one, other)


@pytest.mark.parametrize("panel", EVERY_PANEL)
def test_panels_are_described_and_data_source_neutral(panel: dict[str, Any]) -> None:
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
def test_legends_and_links_use_available_labels(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        grouped = {label for group in re.findall(r"by \(([^)]*)\)", target["expr"]) for label in group.split(", ")}
        legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        linked = set(re.findall(r"__field\.labels\.(\w+)", str(panel["fieldConfig"]["defaults"].get("links", ""))))
        assert legend | linked <= grouped


@pytest.mark.parametrize(
    "panel", [each for each in EVERY_PANEL if "links" in each.values[0]["fieldConfig"]["defaults"]]
)
def test_links_lead_to_supported_filters(panel: dict[str, Any]) -> None:
    for link in panel["fieldConfig"]["defaults"]["links"]:
        assert link["url"].startswith("${site}/")
        address = urlsplit(re.sub(r"\$\{__field[^}]*\}", "", link["url"].removeprefix("${site}")))
        page = str(resolve(address.path).url_name)
        filters = QueryDict(address.query)
        if filters:
            search = SEARCHES[page](filters)
            assert set(filters) <= set(search.fields)
            # Labels are filled in as empty here, which is not a valid choice.
            assert set(search.errors) <= {name for name, value in filters.items() if not value}


def _events() -> set[str]:
    """The events that the code logs."""
    files = [path for part in ("jobs", "worker", "filesure_site") for path in (ROOT / part).rglob("*.py")]
    return {event for path in files for event in re.findall(r'"([a-z]+[.][a-z_]+)"', path.read_text())}


@pytest.mark.parametrize("panel", [each for each in EVERY_PANEL if each.values[0].get("links")])
def test_panels_lead_to_the_events_that_explain_them(panel: dict[str, Any]) -> None:
    asked = []
    for link in panel["links"]:
        address = urlsplit(link["url"])
        (pane,) = json.loads(parse_qs(address.query)["panes"][0]).values()
        assert address.path == "/explore"
        assert pane["range"] == {"from": "${__from}", "to": "${__to}"}
        (query,) = pane["queries"]
        assert pane["datasource"] == query["datasource"]["uid"]
        asked.append(query)
    loki, azure = asked
    (pattern,) = re.findall(r'event=~"(.*)"', loki["expr"])
    assert f"^({pattern})$" in azure["azureLogAnalytics"]["query"]
    for part in pattern.split("|"):
        assert any(re.fullmatch(part, event) for event in _events()), part
