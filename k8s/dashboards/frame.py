"""What all dashboards have in common: variables, annotations, links to each other, and rows of panels."""

from __future__ import annotations

import json
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from .panels import DATASOURCE, Panel
from .queries import chosen

TAG = "filesure"
_WINDOWS = ("5m", "15m", "1h", "6h", "1d", "7d")
_BUILD = chosen("filesure_build_info")
# Who imports a file by hand is asked for a data source, and Grafana puts it here. Where the file is provisioned nobody
# is asked: then the one of this name is taken, or else the first of its kind (MultiValueVariable in grafana/scenes).
_INPUT = "DS_PROMETHEUS"
_CHOSEN = models.VariableOption(text="Prometheus", value=f"${{{_INPUT}}}", selected=True)
_DEPLOYED = f"max by (version, revision) ({_BUILD}) unless max by (version, revision) ({_BUILD} offset 2m)"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


def rendered(title: str, uid: str, text: str, rows: tuple[Row, ...], *, since: str = "now-6h") -> str:
    """The JSON that Grafana reads."""
    board = dashboard.Dashboard(title).uid(uid).description(text).tags([TAG]).editable().timezone("browser")
    board.time(since, "now").refresh("30s").tooltip(models.DashboardCursorSync.CROSSHAIR)
    board.variables(_variables()).link(_to_the_others())
    for row in rows:
        board.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            board.with_panel(panel)
    built = board.build()
    for number, each in enumerate(built.panels or [], start=1):
        each.id_val = number
    # The builders know no titles of annotations, and nothing of imports.
    shown = json.loads(JSONEncoder().encode(built)) | {"annotations": {"list": _annotations()}, **_import()}
    return json.dumps(shown, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _import() -> dict[str, object]:
    """What Grafana's page for imports asks for and checks; it reads nothing else of a file's that begins so."""
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
        dashboard.QueryVariable("namespace").label("Namespace").datasource(DATASOURCE)
        .query("label_values(filesure_build_info, namespace)").refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True).include_all(True).all_value(".*").current(everything),
        dashboard.IntervalVariable("window").label("Window").values(",".join(_WINDOWS)).options(_options())
        .current(models.VariableOption(text="15m", value="15m", selected=True))
        .description("Rates, shares and percentiles are taken over so long."),
        dashboard.QueryVariable("site").label("Web site").datasource(DATASOURCE)
        .query(f"label_values({chosen('filesure_site_info')}, url)")
        .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
        .description("Where links to jobs and documents lead: the web site's SITE_URL."),
    ]  # fmt: skip


def _options() -> list[models.VariableOption]:
    return [models.VariableOption(text=each, value=each, selected=each == "15m") for each in _WINDOWS]


def _annotations() -> list[dict[str, object]]:
    """A deployment is a version that was not there two minutes ago."""
    alerts = chosen("ALERTS", 'alertstate="firing"', 'severity="critical"')
    return [
        _annotation("Deployments", "blue", _DEPLOYED, "Deployed {{version}}", "{{revision}}"),
        _annotation("Critical alerts", "red", alerts, "{{alertname}}", "{{namespace}}"),
    ]


def _annotation(name: str, colour: str, expr: str, title: str, text: str) -> dict[str, object]:
    return {
        "name": name, "datasource": json.loads(JSONEncoder().encode(DATASOURCE)), "enable": True, "iconColor": colour,
        "expr": expr, "step": "60s", "titleFormat": title, "textFormat": text,
    }  # fmt: skip


def _to_the_others() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("Filesure").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(True).keep_time(True).include_vars(True)
