"""Shared by all dashboards: variables, annotations, links and rows of panels."""

from __future__ import annotations

import json
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from .logs import AZURE, LOKI
from .panels import DATASOURCE, Panel
from .queries import chosen

TAG = "filesure"
_WINDOWS = ("5m", "15m", "1h", "6h", "1d", "7d", "$__rate_interval")
_BUILD = chosen("filesure_build_info")
# A manual import in Grafana asks for a data source and inserts it here. A provisioned dashboard uses the data source
# with this name or else the first of its kind (MultiValueVariable in grafana/scenes).
_INPUT = "DS_PROMETHEUS"
_CHOSEN = models.VariableOption(text="Prometheus", value=f"${{{_INPUT}}}", selected=True)
_DEPLOYED = f"max by (version, revision) ({_BUILD}) unless max by (version, revision) ({_BUILD} offset 2m)"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


def rendered(title: str, uid: str, text: str, rows: tuple[Row, ...], *, since: str = "now-6h") -> str:
    """The dashboard's JSON."""
    board = dashboard.Dashboard(title).uid(uid).description(text).tags([TAG]).editable().timezone("browser")
    board.time(since, "now").refresh("30s").tooltip(models.DashboardCursorSync.CROSSHAIR)
    board.variables(_variables()).link(_links())
    for row in rows:
        board.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            board.with_panel(panel)
    built = board.build()
    for number, each in enumerate(built.panels or [], start=1):
        each.id_val = number
    # The builders support neither titles of annotations nor imports.
    shown = json.loads(JSONEncoder().encode(built)) | {"annotations": {"list": _annotations()}, **_import()}
    return json.dumps(shown, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _import() -> dict[str, object]:
    """The keys that Grafana's import page reads: inputs to ask for, and requirements to check."""
    source = {"type": "datasource", "pluginId": "prometheus", "pluginName": "Prometheus"}
    needed = [("grafana", "grafana", "Grafana", "11.0.0"), ("datasource", "prometheus", "Prometheus", "1.0.0")]
    return {
        "__inputs": [{"name": _INPUT, "label": "Prometheus", "description": "Reads Filesure's metrics.", **source}],
        "__requires": [
            {"type": kind, "id": name, "name": title, "version": least} for kind, name, title, least in needed
        ],
    }


def _variables() -> list[Builder[models.VariableModel]]:
    everything = models.VariableOption(text="All", value="$__all", selected=True)
    return [
        dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus").current(_CHOSEN),
        dashboard.QueryVariable("namespace")
        .label("Namespace")
        .datasource(DATASOURCE)
        .query("label_values(filesure_build_info, namespace)")
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(everything),
        dashboard.IntervalVariable("window")
        .label("Window")
        .values(",".join(_WINDOWS))
        .options(_options())
        .current(models.VariableOption(text="15m", value="15m", selected=True))
        .description("The time for rates, shares and percentiles; $__rate_interval is the shortest."),
        dashboard.QueryVariable("site")
        .label("Web site")
        .datasource(DATASOURCE)
        .query(f"label_values({chosen('filesure_site_info')}, url)")
        .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
        .description("The web site's SITE_URL, for links to jobs and documents."),
        dashboard.DatasourceVariable(LOKI).label("Logs in Loki").type("loki"),
        dashboard.DatasourceVariable(AZURE).label("Logs in Azure Monitor").type("grafana-azure-monitor-datasource"),
    ]


def _options() -> list[models.VariableOption]:
    return [models.VariableOption(text=each, value=each, selected=each == "15m") for each in _WINDOWS]


def _annotations() -> list[dict[str, object]]:
    """Marks for deployments (versions that were not running two minutes earlier) and critical alerts."""
    alerts = chosen("ALERTS", 'alertstate="firing"', 'severity="critical"')
    return [
        _annotation("Deployments", "blue", _DEPLOYED, "Deployed {{version}}", "{{revision}}"),
        _annotation("Critical alerts", "red", alerts, "{{alertname}}", "{{namespace}}"),
    ]


def _annotation(name: str, colour: str, expr: str, title: str, text: str) -> dict[str, object]:
    return {
        "name": name,
        "datasource": json.loads(JSONEncoder().encode(DATASOURCE)),
        "enable": True,
        "iconColor": colour,
        "expr": expr,
        "step": "60s",
        "titleFormat": title,
        "textFormat": text,
    }


def _links() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("Filesure").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(True).keep_time(True).include_vars(True)
