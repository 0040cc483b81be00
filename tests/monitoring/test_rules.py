"""promtool accepts the rules, and every alert is tested and explained."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.committed import ALERTS, MONITORING, ROOT, RULE_FILES, UNIT_TESTS
from tests.servers.promtool import Promtool

RUNBOOK = "https://github.com/filesure/filesure/blob/main/docs/runbook.md"
SEVERITIES = {"critical", "warning", "watchdog"}


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_promtool_accepts_the_rules(promtool: Promtool, path: Path) -> None:
    assert not promtool.complaint("check", "rules", path)


@pytest.mark.parametrize("path", UNIT_TESTS, ids=lambda path: path.stem)
def test_rules_pass_their_unit_tests(promtool: Promtool, path: Path) -> None:
    assert not promtool.complaint("test", "rules", path)


def test_promtool_rejects_a_wrong_expectation(promtool: Promtool, tmp_path: Path) -> None:
    """Otherwise the test above could not fail."""
    wrong = tmp_path / "wrong.yaml"
    expected = "{eval_time: 1m, alertname: Never, exp_alerts: [{exp_labels: {}}]}"
    wrong.write_text(f"rule_files: []\ntests: [{{alert_rule_test: [{expected}]}}]\n")
    assert promtool.complaint("test", "rules", wrong)


def _cases() -> dict[str, list[list[Any]]]:
    cases: dict[str, list[list[Any]]] = {}
    for path in UNIT_TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            alone = test.get("alert_rule_test", [])
            # A case that fires later does not count as a quiet case.
            fires = [each for each in alone if each["exp_alerts"]]
            for each in fires or alone:
                cases.setdefault(each["alertname"], []).append(each["exp_alerts"])
    return cases


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_firing_and_quiet_cases(alert: str) -> None:
    quiet = set() if alert == "Watchdog" else {False}  # Watchdog always fires
    assert {bool(fires) for fires in _cases()[alert]} == {True} | quiet


@pytest.mark.parametrize(("name", "alert"), ALERTS.items(), ids=list(ALERTS))
def test_every_alert_has_severity_and_description(name: str, alert: dict[str, Any]) -> None:
    assert re.fullmatch(r"([A-Z][a-z]+|DB)+", name)
    assert alert["labels"]["severity"] in SEVERITIES
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert alert["annotations"]["runbook_url"] == f"{RUNBOOK}#{name.lower()}"


def test_runbook_explains_exactly_the_alerts() -> None:
    text = (ROOT / "docs/runbook.md").read_text()
    assert re.findall(r"^### (\w+)$", text, re.MULTILINE) == list(ALERTS)
    for section in re.split(r"^### \w+$", text, flags=re.MULTILINE)[1:]:
        assert re.findall(r"^\*\*(\w+)[^*]*\*\*", section, re.MULTILINE) == ["Meaning", "Causes", "Action"]


def test_alertmanager_routes_every_severity() -> None:
    configuration = yaml.safe_load((MONITORING / "alertmanager.yaml").read_text())
    matchers = {matcher for route in configuration["route"]["routes"] for matcher in route["matchers"]}
    assert matchers == {f'severity="{severity}"' for severity in SEVERITIES}
