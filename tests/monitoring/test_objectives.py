"""The burn rates of the dashboard's other objectives, computed by promtool."""

from __future__ import annotations

from pathlib import Path

import yaml

from k8s.dashboards.objectives import WAIT, WEB, wait_burn_rate, web_burn_rate
from tests.servers.promtool import Promtool

WAITS = 'filesure:job_queue_wait_seconds_bucket:max{namespace="filesure", le="300.0"}'
ANSWERS = 'django_http_responses_total_by_status_view_method_total{namespace="filesure", view="home", method="GET"'


def complaint(promtool: Promtool, folder: Path, series: dict[str, str], expr: str, value: float | None) -> str:
    expected = [] if value is None else [{"value": value}]
    shown = expr.replace("$namespace", ".*")
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": f"round({shown}, 0.001)", "eval_time": "2h", "exp_samples": expected}],
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}))
    return promtool.complaint("test", "rules", path)


def waits(in_time: str, whole: str) -> dict[str, str]:
    return {WAITS: in_time, 'filesure:job_queue_wait_seconds_count:max{namespace="filesure"}': whole}


def test_late_claims_burn_the_budget_of_waits(promtool, tmp_path):
    half = waits("0+5x200", "0+10x200")
    assert not complaint(promtool, tmp_path, half, wait_burn_rate("1h"), 0.5 / WAIT)
    assert complaint(promtool, tmp_path, half, wait_burn_rate("1h"), 1)
    assert not complaint(promtool, tmp_path, waits("0+10x200", "0+10x200"), wait_burn_rate("1h"), 0)
    assert not complaint(promtool, tmp_path, waits("7x200", "7x200"), wait_burn_rate("1h"), None)


def test_server_errors_burn_the_web_site_s_budget(promtool, tmp_path):
    answers = {ANSWERS + ', status="200"}': "0+99x200", ANSWERS + ', status="503"}': "0+1x200"}
    assert not complaint(promtool, tmp_path, answers, web_burn_rate("1h"), 0.01 / WEB)
    assert not complaint(promtool, tmp_path, {ANSWERS + ', status="200"}': "0+99x200"}, web_burn_rate("1h"), 0)
