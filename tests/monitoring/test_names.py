"""Rules and dashboards use only exported series."""

from __future__ import annotations

import pytest
from django.urls import get_resolver

from jobs.domain.job import VISIBLE
from tests.monitoring.committed import ALERTS, RECORDS, RULES, dashboard_expressions
from tests.monitoring.promql import named
from tests.monitoring.series import known, merged

EXPRESSIONS = sorted({*(rule["expr"] for rule in RULES), *dashboard_expressions()})
VALUES = {
    "state": set(VISIBLE),
    "view": {name for name in get_resolver().reverse_dict if isinstance(name, str)},
    "job": {"filesure-web", "filesure-worker"},
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_series_and_labels_exist(expression: str) -> None:
    series, found = known(), named(expression)
    assert {name for name, _ in found.series} <= set(series)
    for name, matchers in found.series:
        assert set(matchers) <= series[name], name
    assert found.grouping <= set().union(*(series[name] for name, _ in found.series))


@pytest.mark.parametrize("expression", [each for each in EXPRESSIONS if any(f"{label}=" in each for label in VALUES)])
def test_values_of_labels_exist(expression: str) -> None:
    for _, matchers in named(expression).series:
        for label, values in VALUES.items():
            assert set(matchers.get(label, "").split("|")) - {""} <= values


def test_replicated_series_are_read_only_merged() -> None:
    """Otherwise panels would count each document once per replica."""
    totals = {rule["expr"] for rule in RECORDS if rule["record"].endswith(":max")}
    elsewhere = {name for each in EXPRESSIONS if each not in totals for name, _ in named(each).series}
    assert not elsewhere & merged()
    assert all(expression.startswith("max by (namespace") for expression in totals)


def test_expression_names_are_extracted() -> None:
    expression = 'sum by (a) (rate(x:y{b="1", c=~"2|3"}[5m] offset 2m)) / on (d) group_left scalar(z) > 0.5'
    found = named(expression)
    assert found.series == [("x:y", {"b": "1", "c": "2|3"}), ("z", {})]
    assert found.grouping == {"a", "d"}


def test_alerts_use_only_dashboard_series() -> None:
    """Every firing alert can be examined on a dashboard."""
    shown = {name for each in dashboard_expressions() for name, _ in named(each).series}
    through = {rule["record"]: {name for name, _ in named(rule["expr"]).series} for rule in RECORDS}
    certificates = {"certmanager_certificate_expiration_timestamp_seconds", "probe_ssl_earliest_cert_expiry"}
    used = {name for alert in ALERTS.values() for name, _ in named(alert["expr"]).series} - certificates
    assert {name for name in used if name not in shown and not through.get(name, set()) & shown} == set()
